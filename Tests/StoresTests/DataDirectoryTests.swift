import Foundation
import SaveBlobs
import SavePlatform
import SaveTestKit
import Testing

@Suite struct DataDirectoryTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/data" }

    init() throws { folder = try TemporaryFolder() }

    /// Other tests change the process's mask.
    private let privately: [FileAttributeKey: Any] = [.posixPermissions: 0o700]

    private func expectRefusal(_ words: String) {
        #expect {
            _ = try DataDirectory(path)
        } throws: { error in
            guard let error = error as? SaveError else { return false }
            return error.code == .storageUnavailable && error.message.contains(words) && !error.message.contains(folder.path)
        }
    }

    @Test func `a data directory is made for its owner only`() throws {
        let mask = umask(0)
        let directory = try DataDirectory(path)
        umask(mask)
        for (name, mode) in [("", 0o700), ("/lock", 0o600)] {
            #expect(try FileManager.default.attributesOfItem(atPath: path + name)[.posixPermissions] as? Int == mode)
        }
        #expect(directory.databasePath == directory.path + "/save.db")
    }

    @Test func `a second server is refused, and let in when the first has gone`() throws {
        var first: DataDirectory? = try DataDirectory(path)
        expectRefusal("in use by another server")
        withExtendedLifetime(first) {}
        first = nil
        _ = try DataDirectory(path)
    }

    @Test func `a folder that everybody may write to is refused`() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: privately)
        #expect(chmod(path, 0o777) == 0)
        expectRefusal("every user of this machine")
    }

    @Test(arguments: [true, false]) func `files without a database are refused`(_ hasEmptyDatabase: Bool) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/tmp", withIntermediateDirectories: true, attributes: privately)
        if hasEmptyDatabase { try Data().write(to: URL(filePath: path + "/save.db")) }
        _ = try DataDirectory(path)
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/ab/cd", withIntermediateDirectories: true, attributes: privately)
        expectRefusal("holds stored files but no database")
        try Data([1]).write(to: URL(filePath: path + "/save.db"))
        _ = try DataDirectory(path)
    }

    @Test func `a file in the data directory's place is refused`() throws {
        try Data().write(to: URL(filePath: path))
        expectRefusal("the data directory")
    }
}

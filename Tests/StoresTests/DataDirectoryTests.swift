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

    /// Every refusal names the directory.
    private func expectRefusal(_ words: String..., for purpose: DataDirectory.Purpose = .serving) {
        #expect {
            _ = try DataDirectory(path, for: purpose)
        } throws: { error in
            guard let error = error as? SaveError else { return false }
            return error.code == .storageUnavailable && error.message.contains(path)
                && words.allSatisfy { error.message.contains($0) }
        }
    }

    /// A directory as a server leaves it.
    private func initialize() throws {
        let directory = try DataDirectory(path)
        #expect(directory.isNew)
        for name in ["save.db", "server.key", "audit-anchors"] { try Data([1]).write(to: URL(filePath: "\(path)/\(name)")) }
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/tmp", withIntermediateDirectories: true, attributes: privately)
        try directory.complete()
    }

    private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

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

    @Test(arguments: [true, false], [DataDirectory.Purpose.serving, .maintenance])
    func `what is missing from a directory that was ready is named, and nothing is made in its place`(
        _ isMarked: Bool, _ purpose: DataDirectory.Purpose
    ) throws {
        for (part, words) in [
            ("save.db", ["save.db", "put it back from a backup"]), ("server.key", ["server.key", "put it back from a backup"]),
            ("blobs", ["blobs are missing", "mount them"]), ("blobs/tmp", ["blobs are missing", "mount them"]),
        ] {
            try initialize()
            // Earlier versions left no mark.
            if !isMarked { try remove("save.state") }
            try remove(part)
            let before = try folder.names(in: "data")
            for word in words { expectRefusal(word, for: purpose) }
            #expect(try folder.names(in: "data") == before)
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test(arguments: ["server.key", "audit-anchors", "initial-admin-password", "save.db-wal", "save.db.new", "save.db"])
    func `anything that a server leaves means that there was one: absence is not newness`(_ trace: String) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/tmp", withIntermediateDirectories: true, attributes: privately)
        try Data().write(to: URL(filePath: "\(path)/\(trace)"))
        expectRefusal("missing")
    }

    @Test func `stored files without a database are refused, and an empty folder for them is not`() throws {
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/tmp", withIntermediateDirectories: true, attributes: privately)
        #expect(try DataDirectory(path).isNew)
        try remove("save.state")
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/ab", withIntermediateDirectories: true, attributes: privately)
        expectRefusal("save.db", "missing")
    }

    @Test func `a first start that was interrupted anywhere goes on where it was`() throws {
        for name in ["server.key", "save.db"] {
            #expect(try DataDirectory(path).isNew)
            try Data([1]).write(to: URL(filePath: "\(path)/\(name)"))
        }
        let last = try DataDirectory(path)
        #expect(last.isNew)
        try last.complete()
        expectRefusal("in use")
        withExtendedLifetime(last) {}
    }

    @Test func `a directory that an earlier version made is marked`() throws {
        try initialize()
        try remove("save.state")
        #expect(try !DataDirectory(path).isNew)
        try remove("save.db")
        try remove("blobs")
        try remove("server.key")
        try remove("audit-anchors")
        expectRefusal("save.db", "missing")
    }

    @Test func `a restore that did not end is no server, and no place for another restore`() throws {
        do { _ = try DataDirectory(path, for: .restoring) }
        expectRefusal("restore that did not end", "run save-server restore again")
        expectRefusal("restore that did not end", for: .maintenance)
        #expect { _ = try DataDirectory(path, for: .restoring) } throws: { ($0 as? SaveError)?.code == .conflict }
    }

    @Test func `a command on a directory that is not there, or not a server's, makes nothing`() throws {
        expectRefusal("does not exist", "--data", for: .maintenance)
        #expect(!FileManager.default.fileExists(atPath: path))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: privately)
        expectRefusal("no server's data", "--data", for: .maintenance)
        #expect(try folder.names(in: "data") == [])
    }

    @Test(arguments: [
        ("d", ""), ("data", ""), ("./d", "."), ("a/b", "a"), ("a/b/", "a"), ("a//b", "a"), ("/d", "/"), ("//d", "/"), ("/", "/"),
        ("/a/b", "/a"), ("", ""), ("ä/ö", "ä"),
    ])
    func `the folder that a directory is in is found for every spelling`(_ path: String, _ parent: String) {
        #expect(DurableFolder.parent(of: path) == parent)
    }

    @Test func `a mark that makes no sense is refused`() throws {
        try initialize()
        try Data("perhaps".utf8).write(to: URL(filePath: path + "/save.state"))
        expectRefusal("save.state is damaged")
    }

    @Test func `a file in the data directory's place is refused`() throws {
        try Data().write(to: URL(filePath: path))
        expectRefusal("cannot be created")
    }
}

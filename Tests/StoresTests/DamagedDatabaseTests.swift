import Foundation
import SavePlatform
import SaveSQLMetadata
import SaveSQLite
import SaveStorage
import SaveTestKit
import Testing

@Suite struct DamagedDatabaseTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/save.db" }

    init() throws { folder = try TemporaryFolder() }

    /// A closed database with enough records for many pages.
    private func make() async throws {
        let store = try SQLiteStore.open(path: path)
        let moment = Timestamp(seconds: 0)
        try await store.write { writing in
            for number in 0..<500 {
                let text = String(repeating: "x", count: 400)
                _ = try writing.put(ProjectRecord(name: "p\(number)", description: text, created: moment, updated: moment))
            }
        }
        await store.close()
    }

    private func overwrite(at offset: UInt64, with bytes: [UInt8]) throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    private func expectRefusal(_ words: String) {
        #expect {
            _ = try SQLiteStore.open(path: path)
        } throws: { error in
            guard let error = error as? SaveError else { return false }
            return error.code == .storageUnavailable && error.message.contains(words) && error.message.contains(folder.path)
        }
    }

    @Test func `a database whose header is overwritten is refused`() async throws {
        try await make()
        try overwrite(at: 0, with: Array(repeating: 0x55, count: 100))
        expectRefusal("header is damaged")
    }

    @Test(arguments: [UInt64(2), 10, 40]) func `a database with a zeroed page is refused`(_ page: UInt64) async throws {
        try await make()
        try overwrite(at: (page - 1) * 4096, with: Array(repeating: 0, count: 4096))
        expectRefusal("damaged")
    }

    @Test func `a truncated database is refused`() async throws {
        try await make()
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.truncate(atOffset: 4096 * 20)
        try file.close()
        expectRefusal("damaged")
    }

    @Test func `a file of something else is refused and left as it is`() throws {
        try Data("not a database at all, but long enough to look at".utf8).write(to: URL(filePath: path))
        expectRefusal("not a SQLite database")
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("not a database"))
    }

    @Test func `a database of another program is refused and left as it is`() async throws {
        try await make()
        // sqlite.org/fileformat.html 1.3: the application id is the big-endian number at offset 68.
        try overwrite(at: 68, with: [0, 0, 0, 42])
        let before = try Data(contentsOf: URL(filePath: path))
        expectRefusal("another program")
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }

    @Test func `a database of a newer version is refused`() async throws {
        try await make()
        let connection = try RawDatabase(path)
        try connection.run("INSERT INTO schema_migrations VALUES (999, 'from the future', 0)")
        connection.close()
        expectRefusal("newer version")
    }

    @Test func `an empty file becomes a database`() async throws {
        try Data().write(to: URL(filePath: path))
        let store = try SQLiteStore.open(path: path)
        try await store.ping()
        await store.close()
    }

    @Test func `a link in the database's place is refused`() async throws {
        try await make()
        try FileManager.default.moveItem(atPath: path, toPath: folder.path + "/real.db")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.path + "/real.db")
        expectRefusal("cannot be opened")
    }

    @Test(.timeLimit(.minutes(1))) func `a pipe in the database's place is refused at once`() throws {
        #expect(mkfifo(path, 0o600) == 0)
        expectRefusal("not a plain file")
    }

    @Test func `a folder below a link is fine`() async throws {
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: folder.path)
        let store = try SQLiteStore.open(path: folder.path + "/link/save.db")
        await store.close()
    }

    @Test func `nobody but the owner can read the database or its log`() async throws {
        let mask = umask(0)
        let store = try SQLiteStore.open(path: path)
        umask(mask)
        for file in [path, path + "-wal"] {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        await store.close()
    }

    @Test func `a log from another database is ignored`() async throws {
        try await make()
        try Data((0..<40_000).map { UInt8(truncatingIfNeeded: $0) }).write(to: URL(filePath: path + "-wal"))
        let store = try SQLiteStore.open(path: path)
        #expect(try await store.read { try $0.projects().count } == 500)
        await store.close()
    }

    @Test func `commits that were only in the log survive a crash`() async throws {
        let store = try SQLiteStore.open(path: path)
        let moment = Timestamp(seconds: 0)
        _ = try await store.write { try $0.put(ProjectRecord(name: "kept", created: moment, updated: moment)) }
        // What a killed process leaves: the file and the log as they are now.
        let copy = try TemporaryFolder()
        for name in ["save.db", "save.db-wal"] {
            try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: copy.path + "/" + name)
        }
        await store.close()
        let recovered = try SQLiteStore.open(path: copy.path + "/save.db")
        #expect(try await recovered.read { try $0.projects().map(\.name) } == ["kept"])
        await recovered.close()
    }
}

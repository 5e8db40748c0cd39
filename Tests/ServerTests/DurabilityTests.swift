import Foundation
import SaveBlobs
import SavePlatform
import SaveServer
import SaveTestKit
import Synchronization
import Testing

/// What is on the disk when a command says so, by the calls that put it there: a power cut leaves what was synced and nothing
/// else.
@Suite struct DurabilityTests {
    let folder: TemporaryFolder
    let disk: Disk
    private var data: String { folder.path + "/new/data" }

    init() throws {
        folder = try TemporaryFolder()
        disk = Disk(below: folder.path)
    }

    private func firstStart() async throws {
        var configuration = ServerConfiguration()
        configuration.data = data
        await (try await Stores.open(configuration, for: .serving)).close()
    }

    @Test func `every name that a first start makes is durable, the folders above it included`() async throws {
        try await firstStart()
        try disk.expectDurable(folder.path, ["new"])
        try disk.expectDurable(folder.path + "/new", ["data"])
        try disk.expectDurable(data, ["blobs", "save.db", "save.state", "server.key"])
        try disk.expectDurable(data + "/blobs", ["tmp"])
        let marks = disk.events.indices.filter { disk.events[$0] == .file(data + "/save.state.new") }
        let key = try #require(disk.events.firstIndex(of: .file(data + "/server.key.new")))
        #expect(marks.count == 2 && marks[0] < key && marks[1] > key, "that it has begun is noted first, that it is done last")
        #expect(disk.events.last == .folder(data))
    }

    @Test func `names that an earlier start left unsynced are durable after the next`() async throws {
        try await firstStart()
        disk.forget()
        try await firstStart()
        try disk.expectDurable(folder.path + "/new", ["data"])
        try disk.expectDurable(data, ["blobs", "save.db", "save.state", "server.key"])
        try disk.expectDurable(data + "/blobs", ["tmp"])
    }

    @Test func `a backup and a restore are on the disk before they say that they are whole, with one sync for all files`()
        async throws
    {
        try await firstStart()
        let backup = folder.path + "/elsewhere/backup"
        disk.forget()
        #expect(await CommandLineTool.run(["backup", "--data", data, backup], environment: [:]) == 0)
        try expectOneSync(of: backup, sealedBy: "backup.json")
        try disk.expectDurable(folder.path, ["elsewhere"])
        try disk.expectDurable(folder.path + "/elsewhere", ["backup"])
        disk.forget()
        let restored = folder.path + "/restored"
        #expect(await CommandLineTool.run(["restore", "--data", restored, backup], environment: [:]) == 0)
        try expectOneSync(of: restored, sealedBy: "save.state")
        try disk.expectDurable(folder.path, ["restored"])
    }

    private func expectOneSync(of directory: String, sealedBy seal: String) throws {
        let events = disk.events
        let all = try #require(events.firstIndex(of: .fileSystem(directory + "/blobs")))
        let whole = try #require(events.lastIndex(of: .file("\(directory)/\(seal).new")))
        #expect(all < whole)
        #expect(events.last == .folder(directory))
        #expect(events.filter { if case .file(let path) = $0 { path.hasPrefix(directory + "/blobs") } else { false } } == [])
        try disk.expectDurable(directory, ["blobs", "save.db", "server.key", seal])
    }
}

/// Remembers which names were in each folder when it was last synced.
final class Disk: Sendable {
    private struct State {
        var events: [DiskSync.Event] = []
        var names: [String: Set<String>] = [:]
    }

    private let state = Mutex(State())

    /// Watches what this process does below a folder.
    init(below root: String) {
        DiskSync.watch { [weak self] event in
            switch event {
            case .file(let path), .folder(let path), .fileSystem(let path):
                guard path.hasPrefix(root) else { return }
                self?.note(event, path)
            }
        }
    }

    private func note(_ event: DiskSync.Event, _ path: String) {
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        state.withLock { state in
            state.events.append(event)
            if case .folder = event, let names { state.names[path] = Set(names) }
        }
    }

    var events: [DiskSync.Event] { state.withLock { $0.events } }

    func forget() { state.withLock { $0 = State() } }

    func expectDurable(_ folder: String, _ names: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let durable = try #require(
            state.withLock { $0.names[folder] }, "\(folder) was not synced", sourceLocation: sourceLocation)
        #expect(durable.isSuperset(of: names), "in \(folder)", sourceLocation: sourceLocation)
    }
}

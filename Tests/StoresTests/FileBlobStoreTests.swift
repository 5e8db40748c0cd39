import Foundation
import SaveBlobs
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@Suite struct FileBlobStoreTests {
    let folder: TemporaryFolder
    let pool = BlockingPool(name: "test-files", threads: 2)
    var root: String { folder.path + "/blobs" }
    let bytes = Array("content".utf8)
    var digest: BlobDigest { BlobDigest(of: bytes) }

    init() throws { folder = try TemporaryFolder() }

    /// Other tests change the process's mask.
    private let privately: [FileAttributeKey: Any] = [.posixPermissions: 0o700]

    private func place(_ digest: BlobDigest) -> String {
        "\(root)/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2).prefix(2))/\(digest.hex)"
    }

    private func put(_ store: FileBlobStore) async throws -> BlobInfo {
        let writer = try await store.begin()
        do {
            try await writer.write(Array(bytes.prefix(3)))
            try await writer.write(Array(bytes.dropFirst(3)))
            return try await writer.commit(expecting: digest)
        } catch {
            await writer.cancel()
            throw error
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `what was committed is there after reopening`() async throws {
        let info = try await put(FileBlobStore(root: root, pool: pool))
        let reopened = try FileBlobStore(root: root, pool: pool)
        #expect(try await reopened.open(info.digest).read(at: 0, count: 100, pool: pool) == bytes)
        #expect(try await reopened.stat(info.digest) == info)
        #expect(try await reopened.digests(after: nil, limit: 10) == [info.digest])
        pool.stop()
    }

    @Test func `folders and files are their owner's only, whatever the mask`() async throws {
        let mask = umask(0)
        defer { umask(mask) }
        _ = try await put(FileBlobStore(root: root, pool: pool))
        let file = place(digest)
        #expect(try mode(file) == 0o600)
        for path in [root, root + "/tmp", String(file.dropLast(65)), String(file.dropLast(68))] {
            #expect(try mode(path) == 0o700)
        }
        pool.stop()
    }

    @Test func `each step can fail, and leaves nothing half done`() async throws {
        var steps: [FileBlobStore.Step] = []
        for number in 1...100 {
            let folder = try TemporaryFolder()
            let faults = FaultCounter(failing: number, code: number % 2 == 0 ? .storageFull : .storageUnavailable)
            let seen = Steps()
            let store = try FileBlobStore(root: folder.path + "/blobs", pool: pool) { step in
                seen.add(step)
                try faults.step()
            }
            do {
                let info = try await put(store)
                #expect(!faults.hasFailed)
                #expect(try await store.open(info.digest).read(at: 0, count: 100, pool: pool) == bytes)
                steps = seen.all
                break
            } catch let error as SaveError {
                #expect(error.code == (number % 2 == 0 ? .storageFull : .storageUnavailable))
            }
            #expect(try folder.names(in: "blobs/tmp") == [])
            // What is visible is whole, even where its folder could not be synced.
            for found in try await store.digests(after: nil, limit: 10) {
                #expect(try await store.open(found).read(at: 0, count: 100, pool: pool) == bytes)
            }
            // The next attempt succeeds.
            _ = try await put(store)
            #expect(try await store.open(digest).read(at: 0, count: 100, pool: pool) == bytes)
        }
        #expect(steps == [.create, .write, .write, .syncFile, .makeFolder, .rename, .syncFolder, .syncParents])
        pool.stop()
    }

    @Test func `a failed sync is final for its write`() async throws {
        let faults = FaultCounter(failing: 1)
        let store = try FileBlobStore(root: root, pool: pool) { if $0 == .syncFile { try faults.step() } }
        let writer = try await store.begin()
        try await writer.write(bytes)
        await #expect(throws: SaveError.self) { _ = try await writer.commit(expecting: nil) }
        await #expect { _ = try await writer.commit(expecting: nil) } throws: { ($0 as? SaveError)?.code == .internalFailure }
        #expect(try await store.stat(digest) == nil)
        pool.stop()
    }

    @Test func `a new start removes what crashed writers left, and nothing of living ones`() async throws {
        let store = try FileBlobStore(root: root, pool: pool)
        let living = try await store.begin()
        try await living.write(bytes)
        for number in 0..<50 { try Data([1]).write(to: URL(filePath: "\(root)/tmp/crashed\(number)")) }
        try FileManager.default.createSymbolicLink(atPath: root + "/tmp/link", withDestinationPath: "/etc/passwd")
        #expect(mkfifo(root + "/tmp/pipe", 0o600) == 0)
        let restarted = try FileBlobStore(root: root, pool: pool)
        #expect(try folder.names(in: "blobs/tmp").count == 1)
        _ = try await living.commit(expecting: digest)
        #expect(try await restarted.stat(digest) != nil)
        pool.stop()
    }

    @Test func `a writer that is dropped leaves nothing`() async throws {
        let pool = BlockingPool(name: "test-files", threads: 1)
        let store = try FileBlobStore(root: root, pool: pool)
        var writer: (any BlobWriter)? = try await store.begin()
        try await writer?.write(bytes)
        #expect(try folder.names(in: "blobs/tmp").count == 1)
        writer = nil
        // The only thread drops what it ran last before it runs this.
        try await pool.run {}
        #expect(try folder.names(in: "blobs/tmp") == [])
        pool.stop()
        self.pool.stop()
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["link", "folder", "pipe"])
    func `what is not a plain file is corrupt, never opened`(_ kind: String) async throws {
        let store = try FileBlobStore(root: root, pool: pool)
        _ = try await put(store)
        let path = place(digest)
        try FileManager.default.removeItem(atPath: path)
        switch kind {
        case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        default: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: privately)
        }
        await #expect { _ = try await store.open(digest) } throws: { ($0 as? SaveError)?.code == .blobCorrupt }
        pool.stop()
    }

    @Test func `a link on the way to a blob is refused for reading, writing and deleting`() async throws {
        let store = try FileBlobStore(root: root, pool: pool)
        _ = try await put(store)
        let first = String(place(digest).dropLast(68))
        try FileManager.default.moveItem(atPath: first, toPath: folder.path + "/elsewhere")
        try FileManager.default.createSymbolicLink(atPath: first, withDestinationPath: folder.path + "/elsewhere")
        await #expect { _ = try await store.open(digest) } throws: { ($0 as? SaveError)?.code == .blobCorrupt }
        await #expect(throws: SaveError.self) { _ = try await put(store) }
        await #expect(throws: SaveError.self) {
            try await store.delete(digest, committedBefore: Timestamp(microseconds: .max))
        }
        pool.stop()
    }

    @Test(arguments: ["", "/tmp"]) func `a link in place of the root or its tmp is refused at the start`(_ part: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/elsewhere", withIntermediateDirectories: false, attributes: privately)
        if !part.isEmpty {
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false, attributes: privately)
        }
        try FileManager.default.createSymbolicLink(atPath: root + part, withDestinationPath: folder.path + "/elsewhere")
        #expect(throws: SaveError.self) { _ = try FileBlobStore(root: root, pool: pool) }
        pool.stop()
    }

    @Test func `below the reserve nothing is written, and reading goes on`() async throws {
        let info = try await put(FileBlobStore(root: root, pool: pool))
        let store = try FileBlobStore(root: root, reserveBytes: .max / 2, pool: pool)
        for count in [nil, 0, 1, Int64.max] {
            await #expect { try await store.checkSpace(for: count) } throws: { ($0 as? SaveError)?.code == .storageFull }
        }
        #expect(try await store.open(info.digest).read(at: 0, count: 100, pool: pool) == bytes)
        let writer = try await store.begin()
        // A body of unknown length runs into the reserve while it is written.
        await #expect {
            for _ in 0..<3 { try await writer.write(Array(repeating: 0, count: 4 << 20)) }
        } throws: { ($0 as? SaveError)?.code == .storageFull }
        #expect(try folder.names(in: "blobs/tmp") == [])
        pool.stop()
    }

    @Test func `files that are not blobs are not listed`() async throws {
        let store = try FileBlobStore(root: root, pool: pool)
        _ = try await put(store)
        let leaf = String(place(digest).dropLast(65))
        for name in ["note", digest.hex.uppercased(), String(repeating: "0", count: 64)] {
            try Data().write(to: URL(filePath: leaf + "/" + name))
        }
        try FileManager.default.createDirectory(atPath: root + "/zz", withIntermediateDirectories: false, attributes: privately)
        #expect(try await store.digests(after: nil, limit: 10) == [digest])
        pool.stop()
    }
}

private final class Steps: Sendable {
    private let steps = Mutex<[FileBlobStore.Step]>([])
    func add(_ step: FileBlobStore.Step) { steps.withLock { $0.append(step) } }
    var all: [FileBlobStore.Step] { steps.withLock { $0 } }
}

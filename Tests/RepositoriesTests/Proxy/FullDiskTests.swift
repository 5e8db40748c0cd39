import EngineTestKit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// What clients of a proxy get while the disk takes nothing.
@Suite struct FullDiskTests {
    private let path = "/line/p/u/files/x/1"
    private let file = EngineFixture.base + "files/x/1"
    private let chunks = (0..<4).map { [UInt8](repeating: UInt8($0), count: 100_000) }
    private var content: [UInt8] { chunks.flatMap(\.self) }

    private func engine(failing step: Int, code: SaveError.Code = .storageFull, gate: Gate? = nil) async throws -> EngineFixture {
        let memory = InMemoryBlobStore()
        let engine = try await EngineFixture(blobs: PartlyFaultyBlobs(memory, failing: step, code: code))
        try await engine.add("u", .proxy)
        let digest = BlobDigest(of: content)
        engine.upstream.answer(EngineFixture.base + "index/x", text: "files/x/1 \(content.count) \(digest)\n")
        engine.upstream.answer(file, .init(chunks: chunks, gate: gate))
        _ = try await engine.get("/line/p/u/index/x")
        await engine.services.upstreams.finishCopies()
        return engine
    }

    private func bytes(_ response: HTTPResponse) async throws -> [UInt8] {
        guard case .stream(let stream) = response.body else { return Array(try await response.text().utf8) }
        return try await stream.collect(limit: 1 << 24)
    }

    /// Asking for the space, beginning, reading what is written, writing four times, committing.
    @Test(arguments: 1...8, [SaveError.Code.storageFull, .storageUnavailable])
    func `K08 a client gets a file whenever the disk fails, and nothing of it is kept`(step: Int, code: SaveError.Code)
        async throws
    {
        let engine = try await engine(failing: step, code: code)
        let response = await engine.send(.get, path)
        #expect(response.status == 200)
        #expect(try await bytes(response) == content)
        #expect(engine.services.upstreams.unkeptFiles == 1)
        #expect(try await engine.blobCount() == 1, "the page")
        // There is room again.
        #expect(try await bytes(await engine.send(.get, path)) == content)
        #expect(engine.upstream.requests(of: file).count == 2)
        #expect(engine.services.upstreams.unkeptFiles == 1)
        #expect(try await engine.blobCount() == 2)
    }

    @Test func `K08 a part of a file is passed on as well`() async throws {
        let engine = try await engine(failing: 4)
        let response = await engine.send(.get, path, headers: ["Range": "bytes=150000-349999"])
        #expect(response.status == 206)
        #expect(try await bytes(response) == Array(content[150_000..<350_000]))
    }

    @Test func `K08 bytes that turn out wrong are cut before their end, disk or not`() async throws {
        let engine = try await engine(failing: 4)
        engine.upstream.answer(file, .init(chunks: Array(chunks.reversed())))
        guard case .stream(let stream) = await engine.send(.get, path).body else {
            Issue.record("not a stream")
            return
        }
        var count = 0
        let error = await #expect(throws: SaveError.self) {
            while let bytes = try await stream.next() { count += bytes.count }
        }
        #expect(error?.code == .upstreamInvalid)
        #expect(count <= content.count - 65_536)
    }

    @Test func `K08 a client that comes while a file is passed on has it fetched again`() async throws {
        let gate = Gate()
        let engine = try await engine(failing: 1, gate: gate)
        let first = await engine.send(.get, path)
        let second = await engine.send(.get, path)
        #expect(engine.upstream.requests(of: file).count == 2)
        gate.open()
        #expect(try await bytes(first) == content)
        #expect(try await bytes(second) == content)
    }

    @Test func `what is passed on waits for the slowest client and ends with the last`() async throws {
        let fill = Fill(pool: BlockingPool(name: "test", threads: 1))
        let full = SaveError(.storageFull, "full")
        var streams = (0..<2).map { _ in fill.join().stream(from: 0, to: nil, length: nil) }
        fill.begin(Fill.Head(size: 4 << 20, contentType: nil), reader: nil)
        fill.stopKeeping(at: 0, because: full)
        let passed = Mutex(0)
        let work = Task {
            for _ in 0..<4 {
                try await fill.pass([UInt8](repeating: 7, count: 1 << 20))
                passed.withLock { $0 += 1 }
            }
        }
        #expect(try await streams[0].next() != nil)
        #expect(try await streams[1].next() != nil)
        #expect(passed.withLock { $0 } <= 3)
        streams = []
        let error = await #expect(throws: SaveError.self) { try await work.value }
        #expect(error?.code == .storageFull)
    }
}

/// Counts the steps of a proxied file only: the page before it is kept.
private final class PartlyFaultyBlobs: BlobForwarding {
    let base: any BlobStore
    private let faulty: FaultyBlobStore
    private let begun = Atomic(0)

    init(_ base: InMemoryBlobStore, failing step: Int, code: SaveError.Code) {
        self.base = base
        faulty = FaultyBlobStore(base, failing: step, code: code)
    }

    func begin() async throws -> any BlobWriter {
        try await begun.wrappingAdd(1, ordering: .relaxed).oldValue == 0 ? base.begin() : faulty.begin()
    }
    func checkSpace(for byteCount: Int64?) async throws {
        if begun.load(ordering: .relaxed) > 0 { try await faulty.checkSpace(for: byteCount) }
    }
}

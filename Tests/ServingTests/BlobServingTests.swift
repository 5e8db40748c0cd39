import EngineTestKit
import SaveBlobs
import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveServing
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Stores with and without local files: no client can tell which there is.
@Suite struct BlobServingTests {
    private static let text = String(repeating: "0123456789", count: 20_000)
    private static let tag = "\"\(BlobDigest(of: Array(text.utf8)).hex)\""
    private static let box = text + "needs y0007"

    /// What clients ask of a file.
    private static let reads: [(method: HTTPMethod, headers: HTTPHeaders)] =
        [
            [:], ["Range": "bytes=0-0"], ["Range": "bytes=5-70000"], ["Range": "bytes=199990-"], ["Range": "bytes=-7"],
            ["Range": "bytes=-900000"], ["Range": "bytes=199999-900000"], ["Range": "bytes=200000-"], ["Range": "bytes=-0"],
            ["Range": "bytes=0-1,5-6"], ["Range": "lines=1-2"], ["Range": "bytes=3-4", "If-Range": tag],
            ["Range": "bytes=3-4", "If-Range": "\"other\""], ["If-None-Match": tag], ["If-None-Match": "\"other\""],
            ["If-None-Match": tag, "Range": "bytes=3-4"],
        ].map { (.get, $0) } + [(.head, [:]), (.head, ["Range": "bytes=3-4"]), (.head, ["If-None-Match": tag])]

    /// Everything that a client sees of an answer.
    private func seen(_ response: HTTPResponse, _ method: HTTPMethod) async throws -> String {
        let fields = response.headers.all.map { "\($0.name): \($0.value)" }.sorted()
        let body = method == .head ? "" : try await response.text()
        if let length = response.body.length, method != .head { #expect(length == body.utf8.count) }
        return "\(response.status) \(fields) \(response.body.length ?? -1) \(body)"
    }

    /// The life of a server with one hosted repository, a proxy and a group of both; what clients saw of it.
    private func life(over blobs: any BlobStore) async throws -> [String] {
        let engine = try await EngineFixture(blobs: blobs)
        let h = try await engine.add("h", .hosted)
        let u = try await engine.add("u", .proxy)
        try await engine.add("g", .group) { $0.group.members = [h, u] }
        var answers: [String] = []
        func ask(_ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders = [:], body: String? = nil) async throws {
            let body = body.map { ByteStream(Array($0.utf8)) } ?? .empty
            let answer = await engine.send(method, "/line/p/" + path, headers: headers, body: body)
            answers.append("\(method) \(path) \(headers.all): \(try await seen(answer, method))")
        }
        try await ask(.put, "h/files/x/1", body: Self.text)
        try await ask(.put, "h/files/x/1", body: Self.text)
        try await ask(.put, "h/files/x/1", body: "other")
        try await ask(.put, "h/files/x/2", body: "small")
        let lines = ["files/y/1 \(Self.text.utf8.count)", "files/y/2.box \(Self.box.utf8.count)"]
        let digests = [Self.text, Self.box].map { BlobDigest(of: Array($0.utf8)).hex }
        engine.upstream.answer(
            EngineFixture.base + "index/y", text: zip(lines, digests).map { "\($0) \($1)\n" }.joined())
        engine.upstream.answer(EngineFixture.base + "files/y/1", text: Self.text)
        engine.upstream.answer(EngineFixture.base + "files/y/2.box", text: Self.box)
        for index in ["h/index/x", "u/index/y", "g/index/x", "g/index/y"] { try await ask(.get, index) }
        // The first read fills the proxy's store, the others are served from it.
        for file in ["h/files/x/1", "u/files/y/1", "g/files/x/1", "g/files/y/1"] {
            for read in Self.reads { try await ask(read.method, file, read.headers) }
        }
        for method in [HTTPMethod.get, .head] { try await ask(method, "g/files/y/2.box.note") }
        try await ask(.get, "u/index/y")
        try await ask(.get, "h/files/x/2")
        try await ask(.delete, "h/files/x/2")
        for path in ["h/files/x/2", "g/files/x/2", "h/index/x", "g/index/x"] { try await ask(.get, path) }

        let ahead = PlatformClock(
            now: { PlatformClock.system.now().adding(seconds: 60) }, uptime: PlatformClock.system.uptime)
        let maintenance = Maintenance(metadata: engine.store, blobs: blobs, clock: ahead, log: .silent())
        let report = try await maintenance.verify(repair: false)
        answers.append("verify: \(report.blobs) blobs, \(report.bytes) bytes, \(report.problems) problems")
        answers.append("removed: \(try await maintenance.collectGarbage(grace: 0, dryRun: false).removed)")
        for path in ["h/files/x/1", "g/files/y/2.box", "g/files/y/2.box.note"] { try await ask(.get, path) }
        answers.append("asked: \(engine.upstream.requests.map { "\($0.method) \($0.url)" })")
        return answers
    }

    @Test func `a server answers the same, byte by byte, whether its store has local files or not`() async throws {
        let folder = try TemporaryFolder()
        let pool = BlockingPool(name: "test-files", threads: 2)
        defer { pool.stop() }
        let local = try await life(over: try FileBlobStore(root: folder.path + "/blobs", pool: pool))
        let remote = try await life(over: InMemoryBlobStore())
        #expect(local.count == remote.count)
        for (left, right) in zip(local, remote) { #expect(left == right) }
        #expect(local.contains("removed: 1"))
        #expect(local.contains { $0.hasPrefix("verify: ") && $0.hasSuffix(" 0 problems") })
        for status in [200, 201, 206, 304, 400, 404, 416] {
            #expect(local.contains { $0.contains(": \(status) [") }, "\(status)")
        }
    }

    @Test(arguments: [true, false])
    func `the kernel sends a local file, other bytes are streamed for each client`(hasFiles: Bool) async throws {
        let engine = try await EngineFixture(blobs: InMemoryBlobStore(hasFiles: hasFiles))
        try await engine.add("h", .hosted)
        _ = await engine.put("/line/p/h/files/x/1", Self.text)
        for headers: HTTPHeaders in [[:], ["Range": "bytes=5-9"], [:]] {
            let body = await engine.send(.get, "/line/p/h/files/x/1", headers: headers).body
            switch body {
            case .file: #expect(hasFiles)
            case .stream: #expect(!hasFiles)
            default: Issue.record("\(body)")
            }
        }
    }

    @Test func `bytes that are deleted while they are streamed end the answer with an error, never short`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        _ = await engine.put("/line/p/h/files/x/1", Self.text)
        guard case .stream(let stream) = await engine.send(.get, "/line/p/h/files/x/1").body else {
            Issue.record("no stream")
            return
        }
        #expect(try await stream.next()?.isEmpty == false)
        #expect(await engine.send(.delete, "/line/p/h/files/x/1").status < 300)
        _ = try await engine.blobs.delete(BlobDigest(of: Array(Self.text.utf8)), committedBefore: Timestamp(microseconds: .max))
        await #expect { try await stream.drain() } throws: { ($0 as? SaveError)?.code == .assetNotFound }
        #expect(try await engine.get("/line/p/h/files/x/1").status == 404)
    }

    @Test func `a client that leaves amid a stored file ends its reading, and the next one gets all of it`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        let large = String(repeating: Self.text, count: 320)
        _ = await engine.put("/line/p/h/files/x/1", large)
        let (ended, end) = AsyncStream.makeStream(of: RequestSummary.self)
        var configuration = HTTPServerConfiguration()
        configuration.threads = 2
        configuration.onFinished = { end.yield($0) }
        let server = try HTTPServer(configuration: configuration, responder: engine.plane, log: .silent())
        let (_, port) = try server.start()
        let request = " /line/p/h/files/x/1 HTTP/1.1\r\nHost: a\r\nAuthorization: admin\r\n"
        let leaving = try await RawHTTP.connect(port: port, receiveBuffer: 65_536)
        try await leaving.send("GET\(request)\r\n")
        #expect(try await leaving.contains("0123456789"))
        leaving.reset()
        var endings = ended.makeAsyncIterator()
        let summary = try #require(await endings.next())
        #expect(summary.status == 200)
        #expect(!summary.isComplete)
        #expect(summary.bytesSent < large.utf8.count)

        let client = try await RawHTTP.connect(port: port)
        try await client.send("GET\(request)\r\n")
        let answer = try #require(try await client.response())
        #expect(BlobDigest(of: answer.body) == BlobDigest(of: Array(large.utf8)))
        // The connection lives on.
        try await client.send("GET\(request)Range: bytes=-3\r\n\r\n")
        let part = try #require(try await client.response())
        #expect((part.status, part.text) == (206, "789"))
        #expect(part.headers["Content-Range"] == "bytes \(large.utf8.count - 3)-\(large.utf8.count - 1)/\(large.utf8.count)")
        try await client.send("HEAD\(request)\r\n")
        let head = try #require(try await client.response(isHead: true))
        #expect(head.headers["Content-Length"] == "\(large.utf8.count)")
        #expect(head.headers["ETag"] == answer.headers["ETag"])
        await server.drain(limit: .zero)
    }
}

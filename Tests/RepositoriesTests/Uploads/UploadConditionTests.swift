import EngineTestKit
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Conditions of changes (RFC 9110, 13), and parts of files.
@Suite struct UploadConditionTests {
    private let engine: EngineFixture
    private let file = "/line/p/h/files/x/1"

    init() async throws {
        engine = try await EngineFixture()
        try await engine.add("h", .hosted) { $0.hosted.allowRedeploy = true }
    }

    private func put(_ text: String, _ headers: HTTPHeaders) async -> Int {
        await engine.send(.put, file, headers: headers, body: ByteStream(Array(text.utf8))).status
    }

    private func tag(_ text: String) -> String { "\"\(BlobDigest(of: Array(text.utf8)))\"" }

    @Test func `a file that must be new is not written over, not even by the same bytes`() async throws {
        #expect(await put("one", ["If-None-Match": "*"]) == 201)
        #expect(await put("two", ["If-None-Match": "*"]) == 412)
        #expect(await put("one", ["If-None-Match": "*"]) == 412)
        #expect(await put("two", ["If-None-Match": "\"x\", W/\(tag("one"))"]) == 412)
        #expect(try await engine.get(file) == (200, "one"))
        #expect(await put("two", ["If-None-Match": "\"x\""]) == 201)
        #expect(try await engine.get(file) == (200, "two"))
    }

    @Test func `of two clients that both want a file to be new one makes it`() async throws {
        let gate = Meeting(2)
        let body = { @Sendable (text: String) in
            let rest = ByteStream(Array(text.utf8))
            return ByteStream(length: Int64(text.utf8.count)) {
                // Both are told to go on, so both have passed what is asked before a body is read.
                await gate.arrive()
                return try await rest.next()
            }
        }
        async let first = engine.send(.put, file, headers: ["If-None-Match": "*"], body: body("one"))
        async let second = engine.send(.put, file, headers: ["If-None-Match": "*"], body: body("two"))
        #expect(await [first.status, second.status].sorted() == [201, 412])
        #expect(try await engine.blobCount() <= 2)
    }

    @Test func `a change of what was read before happens only while it is the same`() async throws {
        #expect(await put("one", ["If-Match": "*"]) == 412)
        #expect(await put("one", ["If-Match": tag("one")]) == 412)
        #expect(try await engine.get(file).status == 404)
        _ = await put("one", [:])
        let shown = try #require(await engine.send(.get, file).headers["etag"])
        #expect(await put("two", ["If-Match": tag("other")]) == 412)
        #expect(await put("two", ["If-Match": "W/\(shown)"]) == 412)
        #expect(await put("two", ["If-Match": "\"a,b\", \(shown)"]) == 201)
        #expect(await put("three", ["If-Match": shown]) == 412)
        #expect(try await engine.get(file) == (200, "two"))
    }

    @Test func `a file is deleted only as its conditions say`() async throws {
        #expect(await engine.send(.delete, file, headers: ["If-Match": "*"]).status == 404)
        _ = await put("one", [:])
        for headers: HTTPHeaders in [["If-Match": tag("two")], ["If-None-Match": "*"], ["If-Match": "\"\""]] {
            #expect(await engine.send(.delete, file, headers: headers).status == 412)
        }
        let modified = try #require(await engine.send(.get, file).headers["last-modified"].flatMap { Timestamp(httpDate: $0) })
        let before = modified.adding(seconds: -1).httpDate
        #expect(await engine.send(.delete, file, headers: ["If-Unmodified-Since": before]).status == 412)
        #expect(await put("two", ["If-Unmodified-Since": before]) == 412)
        #expect(try await engine.get(file) == (200, "one"))
        // An entity tag that fits is asked, and the date then is not (13.2.2).
        #expect(
            await engine.send(.delete, file, headers: ["If-Match": tag("one"), "If-Unmodified-Since": before]).status == 204)
    }

    @Test(arguments: ["one", "", "\"one", "*, \"one\"", "\"one\" \"two\"", "W/", "w/\"one\""])
    func `conditions that cannot be read are refused, since what was meant cannot be told`(_ field: String) async throws {
        for name in ["If-Match", "If-None-Match"] {
            var headers = HTTPHeaders()
            headers.append(name, field)
            #expect(await put("one", headers) == 400)
            #expect(await engine.send(.delete, file, headers: headers).status == 400)
        }
        #expect(try await engine.blobCount() == 0)
    }

    @Test func `several fields of a condition are one list`() async throws {
        _ = await put("one", [:])
        #expect(await put("two", ["If-None-Match": "\"x\"", "If-None-Match": tag("one")]) == 412)
        #expect(await put("two", ["If-Match": "\"x\"", "If-Match": tag("one")]) == 201)
    }

    @Test(arguments: ["bytes 100-199/200", "bytes 0-2/3", "bytes */3", "nonsense"])
    func `a part of a file is not taken for the file`(_ range: String) async throws {
        let refused = await engine.send(.put, file, headers: ["Content-Range": range], body: ByteStream(Array("one".utf8)))
        #expect(refused.status == 400)
        #expect(try await refused.text().hasPrefix("Content-Range: "))
        #expect(try await engine.get(file).status == 404)
        _ = await put("one", [:])
        #expect(await engine.send(.delete, file, headers: ["Content-Range": range]).status == 400)
        #expect(try await engine.get(file) == (200, "one"))
    }
}

/// Lets nobody through before all have come.
private actor Meeting {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { missing = count }

    func arrive() async {
        missing -= 1
        guard missing > 0 else {
            for continuation in waiting { continuation.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}

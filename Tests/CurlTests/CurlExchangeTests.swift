import Foundation
import SaveCurl
import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

@Suite struct CurlExchangeTests {
    private let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 9)) }

    @Test(arguments: [HTTPMethod.put, .post, .delete])
    func `a request of any method goes out with its content, byte for byte`(method: HTTPMethod) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/a%2Bb") { _ in .response(200, ["ETag": "\"a\""], "done") }
        let response = try await localClient().exchange(
            OutgoingRequest(
                method, url: upstream.url("/a%2Bb?x=&y=%2F"), headers: ["X-One": "1", "Content-Type": "text/plain"],
                body: OutgoingBody(bytes)))
        #expect(response.status == 200)
        #expect(try await response.body.collect(limit: 10) == Array("done".utf8))
        let sent = try #require(upstream.requests.first)
        #expect(sent.method == method.name && sent.target == "/a%2Bb?x=&y=%2F")
        #expect(sent.headers["X-One"] == "1" && sent.headers["Content-Type"] == "text/plain")
        #expect(sent.headers["Content-Length"] == "3000000")
        #expect(sent.headers["Expect"] == nil && sent.headers["Transfer-Encoding"] == nil)
        #expect(sent.body == bytes)
    }

    @Test func `a part of a file goes out, and no more than that`() async throws {
        let folder = try TemporaryFolder()
        try Data(bytes).write(to: URL(filePath: folder.path + "/file"))
        let file = OpenFile(adopting: open(folder.path + "/file", O_RDONLY | O_CLOEXEC), size: Int64(bytes.count))
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200) }
        for (start, length) in [(0, 0), (0, 3_000_000), (1_000_001, 1_234_567)] {
            _ = try await localClient().exchange(
                OutgoingRequest(
                    .put, url: upstream.url("/x"), body: OutgoingBody(file, from: Int64(start), length: Int64(length))))
            #expect(upstream.requests.last?.body == Array(bytes[start..<start + length]))
        }
    }

    @Test func `a file that has become shorter is no upload`() async throws {
        let folder = try TemporaryFolder()
        try Data(bytes).write(to: URL(filePath: folder.path + "/file"))
        let file = OpenFile(adopting: open(folder.path + "/file", O_RDONLY | O_CLOEXEC), size: Int64(bytes.count))
        let upstream = try ScriptedUpstream()
        let request = OutgoingRequest(.put, url: upstream.url("/x"), body: OutgoingBody(file, from: 0, length: 4_000_000))
        #expect(await code { _ = try await localClient().exchange(request) } == .storageUnavailable)
    }

    @Test func `a redirect is the answer`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(307, ["Location": "/y"]) }
        for body in [nil, OutgoingBody([1])] {
            let response = try await localClient().exchange(OutgoingRequest(.put, url: upstream.url("/x"), body: body))
            #expect(response.status == 307 && response.headers["Location"] == "/y")
        }
        #expect(upstream.requests.map(\.path) == ["/x", "/x"])
    }

    @Test func `an upload that is not answered in time is given up, however much of it was taken`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.hold] }
        let client = try localClient { $0.headerTimeout = .milliseconds(100) }
        let request = OutgoingRequest(.put, url: upstream.url("/x"), body: OutgoingBody(bytes))
        #expect(await code { _ = try await client.exchange(request) } == .upstreamUnavailable)
        #expect(upstream.requests.count == 1)
    }
}

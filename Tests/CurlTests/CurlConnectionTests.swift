import Foundation
import SaveCurl
import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

@Suite struct CurlConnectionTests {
    @Test func `requests one after the other share a connection`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.otherwise { .response(200, [:], $0.path) }
        let client = try localClient()
        for number in 0..<20 {
            let response = try await client.send(get(upstream.url("/\(number)")))
            #expect(try await response.body.collect(limit: 100) == Array("/\(number)".utf8))
        }
        #expect(upstream.connectionCount == 1)
    }

    @Test func `a hundred requests at once are all answered over a bounded number of connections`() async throws {
        let upstream = try ScriptedUpstream()
        let tail = [UInt8](repeating: 9, count: 300_000)
        upstream.otherwise { .response(200, [:], Array($0.path.utf8) + tail) }
        let client = try localClient { $0.maxConnectionsPerHost = 8 }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let response = try await client.send(get(upstream.url("/\(number)")))
                    return try await response.body.collect(limit: 1 << 20) == Array("/\(number)".utf8) + tail
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(upstream.requests.count == 100)
        #expect(upstream.connectionCount <= 8)
        try await eventually("all transfers end") { client.transferCount == 0 }
    }

    @Test func `a kept connection that the upstream has closed costs no request`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200, [:], "x") + [.close] }
        let client = try localClient()
        for _ in 0..<5 {
            let response = try await client.send(get(upstream.url("/x")))
            #expect(try await response.body.collect(limit: 10) == Array("x".utf8))
        }
    }

    @Test func `a body outlives its client`() async throws {
        let upstream = try ScriptedUpstream()
        let gate = ScriptedUpstream.Gate()
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), .wait(gate), .text("abc")] }
        let response = try await localClient().send(get(upstream.url("/x")))
        gate.open()
        #expect(try await response.body.collect(limit: 10) == Array("abc".utf8))
    }

    @Test func `credentials go out with the first request`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200) }
        var request = get(upstream.url("/x"))
        request.credentials = ClientCredentials(username: "me", password: "pass:word é")
        _ = try await localClient().send(request)
        let expected = "Basic " + Data("me:pass:word é".utf8).base64EncodedString()
        #expect(upstream.requests.map { $0.headers["Authorization"] } == [expected])
    }

    @Test(arguments: [("a\r\nb", "x"), ("a", "x\r\nHost: evil"), ("a:b", "x"), ("", "x"), ("a", "\u{0}")])
    func `a header that would break the request apart is refused`(name: String, value: String) async throws {
        var request = get("http://127.0.0.1:1/")
        request.headers.append(name, value)
        let client = try localClient(), refused = request
        #expect(await code { _ = try await client.send(refused) } == .invalidRequest)
    }

    @Test func `methods other than GET, HEAD, and POST with a body are refused`() async throws {
        let client = try localClient()
        for (method, body) in [(HTTPMethod.delete, nil), (.post, nil), (.get, [UInt8]()), (.put, [1])] {
            var request = get("http://127.0.0.1:1/")
            request.method = method
            request.body = body
            let refused = request
            #expect(await code { _ = try await client.send(refused) } == .invalidRequest)
        }
    }

    @Test(arguments: [0, 1, 1 << 20])
    func `a POST sends its body as it is, without asking for leave`(size: Int) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200, [:], "yes") }
        var request = get(upstream.url("/x"))
        request.method = .post
        request.headers = ["Content-Type": "application/json"]
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        request.body = body
        let response = try await localClient().send(request)
        #expect(try await response.body.collect(limit: 10) == Array("yes".utf8))
        let got = try #require(upstream.requests.first)
        #expect(got.method == "POST" && got.body == body && got.headers["Content-Type"] == "application/json")
        #expect(got.headers["Expect"] == nil && got.headers["Content-Length"] == "\(size)")
    }

    @Test func `a redirect of a POST is the answer, and its body goes nowhere else`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(307, ["Location": "/y"], "moved") }
        var request = get(upstream.url("/x"))
        request.method = .post
        request.body = [1]
        #expect(try await localClient().send(request).status == 307)
        #expect(upstream.requests.map(\.path) == ["/x"])
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n" + String(repeating: "X-A: b\r\n", count: 1001) + "\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 90_000) + "\r\nY: " + String(repeating: "y", count: 90_000)
            + "\r\nZ: "
            + String(repeating: "y", count: 90_000) + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 1 << 20) + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u{0}b\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "SSH-2.0-banner\r\n", "<html>not http</html>", "HTTP/1.1 2x0 OK\r\n\r\n",
    ])
    func `an answer that is not well-formed HTTP is invalid`(answer: String) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.text(answer), .close] }
        let client = try localClient()
        let error = await #expect(throws: SaveError.self) { try await client.send(get(upstream.url("/x"))) }
        #expect(error?.code == .upstreamInvalid)
        // What the port's real service said is nobody's business.
        #expect(error?.message.contains("banner") == false)
        try await eventually("the transfer ends") { client.transferCount == 0 }
    }

    @Test func `a thousand fields are still well-formed`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in
            [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + String(repeating: "X-A: b\r\n", count: 999) + "\r\n")]
        }
        #expect(try await localClient().send(get(upstream.url("/x"))).headers.count == 1000)
    }
}

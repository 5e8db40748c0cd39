import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

@testable import SaveCurl

@Suite struct CurlRedirectTests {
    @Test(arguments: [301, 302, 303, 307, 308])
    func `redirects are followed, and the answer says where it came from`(status: Int) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/a/x") { _ in .response(status, ["Location": "../b/y?z#f"], "moved") }
        upstream.on("/b/y") { _ in .response(200, [:], "here") }
        let response = try await localClient().send(get(upstream.url("/a/x")))
        #expect(response.status == 200)
        #expect(response.url == upstream.url("/b/y?z"))
        #expect(try await response.body.collect(limit: 10) == Array("here".utf8))
        #expect(upstream.connectionCount == 1)
    }

    @Test func `five redirects are followed and a sixth is not`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.otherwise { request in
            let number = Int(request.path.dropFirst()) ?? 0
            return number == 5 ? .response(200) : .response(302, ["Location": "/\(number + 1)"])
        }
        let client = try localClient()
        #expect(try await client.send(get(upstream.url("/0"))).url == upstream.url("/5"))
        upstream.on("/loop") { _ in .response(302, ["Location": "/loop"]) }
        #expect(await code { _ = try await client.send(get(upstream.url("/loop"))) } == .upstreamInvalid)
        #expect(upstream.requests.filter { $0.path == "/loop" }.count == 6)
    }

    @Test func `a redirect status without a target is an answer like any other`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(302, [:], "x") }
        upstream.on("/y") { _ in .response(304, ["Location": "/z"]) }
        let client = try localClient()
        let response = try await client.send(get(upstream.url("/x")))
        #expect(response.status == 302)
        #expect(try await response.body.collect(limit: 10).count == 1)
        #expect(try await client.send(get(upstream.url("/y"))).status == 304)
    }

    @Test func `credentials stay with the origin they were given for`() async throws {
        let own = try ScriptedUpstream(), other = try ScriptedUpstream()
        own.on("/same") { _ in .response(302, ["Location": "/end"]) }
        own.on("/end") { _ in .response(200) }
        own.on("/other") { _ in .response(302, ["Location": other.url("/back")]) }
        other.on("/back") { _ in .response(302, ["Location": own.url("/end")]) }
        let client = try localClient()
        for path in ["/same", "/other"] {
            var request = get(own.url(path))
            request.credentials = ClientCredentials(username: "u", password: "p")
            request.headers = ["Cookie": "c=d", "X-Kept": "yes"]
            _ = try await client.send(request)
        }
        #expect(own.requests.count == 4)
        for request in own.requests {
            #expect(request.headers["Authorization"] != nil)
            #expect(request.headers["Cookie"] == "c=d")
        }
        let foreign = try #require(other.requests.first)
        #expect(foreign.headers["Authorization"] == nil)
        #expect(foreign.headers["Cookie"] == nil)
        #expect(foreign.headers["X-Kept"] == "yes")
    }

    @Test func `a header of the caller's own with credentials stays with its origin, too`() async throws {
        let own = try ScriptedUpstream(), other = try ScriptedUpstream()
        own.on("/x") { _ in .response(302, ["Location": other.url("/y")]) }
        var request = get(own.url("/x"))
        request.headers = ["AUTHORIZATION": "Bearer t"]
        _ = try await localClient().send(request)
        #expect(own.requests.first?.headers["Authorization"] == "Bearer t")
        #expect(other.requests.count == 1)
        #expect(other.requests.first?.headers["Authorization"] == nil)
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/", "http:\\\\127.0.0.1", "http://me:pass@127.0.0.1:1/", "http://127.0.0.1:99999/",
        "//",
    ])
    func `a redirect to what is not a plain http URL is refused`(location: String) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(302, ["Location": location]) }
        #expect(await code { _ = try await localClient().send(get(upstream.url("/x"))) } == .upstreamInvalid)
    }

    @Test func `a redirect's own body of any size is not read to its end`() async throws {
        let upstream = try ScriptedUpstream()
        let block = [UInt8](repeating: 7, count: 1 << 16)
        upstream.on("/x") { _ in [.text("HTTP/1.1 302 Found\r\nLocation: /y\r\n\r\n"), .repeat(block, times: 100_000)] }
        upstream.on("/y") { _ in .response(200, [:], "y") }
        let client = try localClient()
        let response = try await client.send(get(upstream.url("/x")))
        #expect(try await response.body.collect(limit: 10).count == 1)
        try await eventually("the redirect's transfer ends") { client.transferCount == 0 }
    }

    @Test func `https never goes down to http`() throws {
        #expect(throws: SaveError.self) { try Redirect.target("http://h.test/x", from: "https://h.test/") }
        #expect(try Redirect.target("//o.test/x", from: "https://h.test/") == "https://o.test/x")
        #expect(try Redirect.target("https://h.test/x", from: "http://h.test/") == "https://h.test/x")
    }

    @Test(arguments: [
        ("https://h.test/x", true), ("https://H.TEST:443/", true), ("http://h.test/", false), ("https://h.test:444/", false),
        ("https://x.h.test/", false), ("https://h.test@evil.test/", false),
    ])
    func `an origin is scheme, host and port together`(url: String, same: Bool) throws {
        let own = try #require(URLOrigin(of: "https://h.test/simple/")), other = try #require(URLOrigin(of: url))
        #expect(Redirect.keepsCredentials(of: own, to: other) == same)
    }
}

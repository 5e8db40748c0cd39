import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

@testable import SaveCurl

@Suite struct CurlGuardTests {
    private func strict(_ allow: [String] = []) throws -> CurlClient { try localClient { $0.outboundAllow = allow } }

    @Test(arguments: [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost", "LOCALHOST", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    ])
    func `this machine is refused in every spelling, and nothing is dialled`(host: String) async throws {
        let upstream = try ScriptedUpstream()
        let client = try strict()
        let error = await #expect(throws: SaveError.self) { try await client.send(get("http://\(host):\(upstream.port)/")) }
        #expect(error?.code == .upstreamForbidden)
        #expect(error?.message.contains("outbound_allow") == true)
        #expect(upstream.connectionCount == 0)
    }

    @Test func `the refusal of a name does not tell what it resolved to`() async throws {
        let client = try strict()
        let error = await #expect(throws: SaveError.self) { try await client.send(get("http://localhost:9/")) }
        #expect(error?.description.contains("127.0") == false && error?.description.contains("::1") == false)
    }

    @Test func `a listed host is dialled wherever it is, and its address by no other name`() async throws {
        let upstream = try ScriptedUpstream()
        let client = try strict(["localhost"])
        #expect(try await client.send(get("http://localhost:\(upstream.port)/")).status == 404)
        #expect(await code { _ = try await client.send(get(upstream.url("/"))) } == .upstreamForbidden)
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0"])
    func `a listed range is dialled`(entry: String) async throws {
        let upstream = try ScriptedUpstream()
        #expect(try await strict([entry]).send(get(upstream.url("/"))).status == 404)
    }

    @Test func `a redirect to a forbidden address is refused`() async throws {
        let upstream = try ScriptedUpstream(), secret = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(302, ["Location": "http://127.0.0.2:\(secret.port)/latest/meta-data"]) }
        let client = try strict(["127.0.0.1"])
        #expect(await code { _ = try await client.send(get(upstream.url("/x"))) } == .upstreamForbidden)
        #expect(secret.connectionCount == 0)
    }

    @Test(arguments: [
        "", "file:///etc/passwd", "FILE:/etc", "gopher://127.0.0.1/", "unix:/run/x", "//127.0.0.1/", "http://",
        "http://good\\@evil/",
        "http://a:b@127.0.0.1/", "http://127.0.0.1:0/", "http://127.0.0.1 /", "http://x\r\ny/", "http://%31%32%37.0.0.1/",
    ])
    func `a URL that is not plain http is refused before anything is dialled`(url: String) async throws {
        #expect(await code { _ = try await localClient().send(get(url)) } == .upstreamInvalid)
    }

    @Test func `a URL that curl reads as another server's than we do is not dialled`() throws {
        func check(_ url: String, _ scheme: String, _ host: String, _ port: UInt16) throws {
            try TargetURL(url).check(URLOrigin(scheme: scheme, host: host, port: port))
        }
        try check("http://h.test/x", "http", "h.test", 80)
        try check("https://127.1:8443/", "https", "127.1", 8443)
        try check("http://[::FFFF:127.0.0.1]/", "http", "::ffff:127.0.0.1", 80)
        for (scheme, host, port) in [
            ("http", "other.test", 80), ("https", "h.test", 80), ("http", "h.test", 81), ("http", "127.1", 80),
        ] {
            #expect(throws: SaveError.self) { try check("http://h.test/x", scheme, host, UInt16(port)) }
        }
    }

    @Test func `a proxy is dialled wherever it is, and asked for names but not for private addresses`() async throws {
        let proxy = try ScriptedUpstream()
        proxy.otherwise { _ in .response(200, [:], "by proxy") }
        let client = try localClient {
            $0.outboundAllow = []
            $0.proxy = "http://127.0.0.1:\(proxy.port)"
        }
        let response = try await client.send(get("http://index.example.test/simple/"))
        #expect(try await response.body.collect(limit: 100) == Array("by proxy".utf8))
        #expect(proxy.requests.first?.target == "http://index.example.test/simple/")
        for host in ["127.0.0.1", "10.0.0.1", "2130706433", "[::1]", "localhost", "169.254.169.254"] {
            #expect(await code { _ = try await client.send(get("http://\(host)/")) } == .upstreamForbidden, "\(host)")
        }
        #expect(proxy.requests.count == 1)
    }

    @Test func `a proxy is left aside for what it is not meant for`() throws {
        let proxy = try OutboundProxy(
            configured: "proxy.test:3128", bypass: [".corp.test", "10.0.0.0/8", "h.test."],
            environment: ["https_proxy": "http://x"])
        func goesThrough(_ url: String) throws -> Bool { proxy.url(for: try #require(URLOrigin(of: url))) != nil }
        #expect(try goesThrough("https://index.test/"))
        #expect(try goesThrough("http://notcorp.test/"))
        #expect(try goesThrough("http://11.0.0.1/"))
        #expect(try !goesThrough("http://a.CORP.test/"))
        #expect(try !goesThrough("http://corp.test/"))
        #expect(try !goesThrough("http://10.1.2.3/"))
        #expect(try !goesThrough("http://h.test/"))
    }

    @Test func `the environment's proxies are honoured unless one is configured`() throws {
        let http = try #require(URLOrigin(of: "http://h.test/")), https = try #require(URLOrigin(of: "https://h.test/"))
        let environment = ["HTTP_PROXY": "http://cgi", "HTTPS_PROXY": "http://a:1", "no_proxy": "x.test"]
        let found = try OutboundProxy(configured: nil, bypass: [], environment: environment)
        #expect(found.url(for: http) == nil)
        #expect(found.url(for: https) == "http://a:1")
        #expect(try OutboundProxy(configured: "", bypass: [], environment: environment).url(for: https) == nil)
        #expect(try OutboundProxy(configured: nil, bypass: [], environment: ["all_proxy": "b:2"]).url(for: http) == "http://b:2")
        #expect(throws: SaveError.self) { try OutboundProxy(configured: "socks5://a", bypass: [], environment: [:]) }
    }

    @Test func `a configuration that cannot work is refused at the start, with the key`() throws {
        for (key, change) in [
            ("ca_file", { $0.caFile = "/nonexistent/ca.pem" }), ("proxy", { $0.proxy = "ftp://h.test" }),
            ("outbound_allow", { $0.outboundAllow = ["10.0.0.0/99"] }),
        ] as [(String, (inout CurlClient.Configuration) -> Void)] {
            let error = #expect(throws: SaveError.self) { try localClient(change) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.details["key"] == key)
        }
    }
}

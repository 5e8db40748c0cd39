import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

@testable import SaveCurl

/// What is said when the outbound proxy, and not the upstream, is at fault.
@Suite struct CurlProxyTests {
    private func failure(through proxy: String, of url: String) async throws -> SaveError {
        let client = try localClient { $0.proxy = proxy }
        return try #require(await #expect(throws: SaveError.self) { try await client.send(get(url)) })
    }

    @Test(arguments: [407, 403, 502, 503])
    func `a proxy that makes no connection is named, with its status and a way to mend it`(status: Int) async throws {
        let proxy = try ScriptedUpstream()
        proxy.otherwise { _ in .response(status, [:], "no") + [.close] }
        let error = try await failure(through: "http://user:s3cret@127.0.0.1:\(proxy.port)", of: "https://index.example.test/")
        #expect(error.code == .upstreamUnavailable)
        #expect(error.message.contains("outbound proxy 127.0.0.1:\(proxy.port)"))
        #expect(error.message.contains("(\(status))"))
        #expect(error.message.contains(status == 407 ? "outbound_proxy" : "no_proxy"))
        #expect(!error.description.contains("s3cret"))
        #expect(proxy.requests.allSatisfy { $0.method == "CONNECT" })
    }

    @Test(arguments: ["http://index.example.test/", "https://index.example.test/"])
    func `a proxy that is not there is named`(url: String) async throws {
        let proxy = try ScriptedUpstream()
        proxy.stop()
        let error = try await failure(through: "http://127.0.0.1:\(proxy.port)", of: url)
        #expect(error.code == .upstreamUnavailable)
        #expect(
            error.message
                == "the outbound proxy 127.0.0.1:\(proxy.port) does not accept connections: check outbound_proxy, or the proxy that the environment names"
        )
    }

    @Test func `a proxy that breaks off before there is a connection is named`() async throws {
        let proxy = try ScriptedUpstream()
        proxy.otherwise { _ in [.close] }
        let error = try await failure(through: "http://127.0.0.1:\(proxy.port)", of: "https://index.example.test/")
        #expect(error.message.contains("outbound proxy 127.0.0.1:\(proxy.port)"))
    }

    @Test func `a proxy that asks for credentials without a tunnel is named`() async throws {
        let proxy = try ScriptedUpstream()
        proxy.otherwise { _ in .response(407, ["Proxy-Authenticate": "Basic"], "no") }
        let error = try await failure(through: "http://127.0.0.1:\(proxy.port)", of: "http://index.example.test/")
        #expect(error.code == .upstreamUnavailable)
        #expect(error.message.contains("outbound proxy 127.0.0.1:\(proxy.port)") && error.message.contains("(407)"))
    }

    @Test func `what the upstream answers through a proxy is the upstream's`() async throws {
        let proxy = try ScriptedUpstream()
        proxy.otherwise { _ in .response(403, [:], "not for you") }
        let client = try localClient { $0.proxy = "http://127.0.0.1:\(proxy.port)" }
        #expect(try await client.send(get("http://index.example.test/")).status == 403)
    }
}

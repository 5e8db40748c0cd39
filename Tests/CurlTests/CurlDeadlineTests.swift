import Foundation
import SaveCurl
import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

@Suite struct CurlDeadlineTests {
    private func hasty() throws -> CurlClient {
        try localClient {
            $0.connectTimeout = .milliseconds(100)
            $0.headerTimeout = .milliseconds(100)
            $0.stallTimeout = .milliseconds(100)
            $0.minimumRate = 1000
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"])
    func `an upstream that does not finish its header is given up`(start: String) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.text(start), .hold] }
        let client = try hasty()
        #expect(await code { _ = try await client.send(get(upstream.url("/x"))) } == .upstreamUnavailable)
        try await eventually("the connection ends") { upstream.openConnections == 0 && client.transferCount == 0 }
    }

    @Test(.timeLimit(.minutes(5))) func `a header that drips does not win time`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in
            [.text("HTTP/1.1 200 OK\r\n")] + (0..<100_000).flatMap { [.text("X-\($0): y\r\n"), .delay(.milliseconds(10))] }
        }
        let client = try hasty()
        // To its end it takes a quarter of an hour.
        #expect(await code { _ = try await client.send(get(upstream.url("/x"))) } == .upstreamUnavailable)
    }

    @Test func `redirects share one deadline`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.otherwise { _ in [.delay(.milliseconds(60))] + .response(302, ["Location": "/next"]) }
        let client = try hasty()
        #expect(await code { _ = try await client.send(get(upstream.url("/x"))) } == .upstreamUnavailable)
        #expect(upstream.requests.count <= 3)
    }

    @Test func `a body that stops is given up`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .hold] }
        let response = try await hasty().send(get(upstream.url("/x")))
        #expect(await code { try await response.body.drain() } == .upstreamUnavailable)
        try await eventually("the connection ends") { upstream.openConnections == 0 }
    }

    @Test func `a body that drips below the minimum rate is given up`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in
            [.text("HTTP/1.1 200 OK\r\n\r\n")] + (0..<2000).flatMap { _ in [.text("x"), .delay(.milliseconds(5))] }
        }
        let response = try await hasty().send(get(upstream.url("/x")))
        #expect(await code { try await response.body.drain() } == .upstreamUnavailable)
    }

    @Test func `a slow body above the minimum rate comes through`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in
            [.text("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n")]
                + (0..<30).flatMap { _ in [.repeat([120], times: 100), .delay(.milliseconds(10))] }
        }
        let response = try await hasty().send(get(upstream.url("/x")))
        #expect(try await response.body.collect(limit: 5000).count == 3000)
    }

    @Test func `nobody listening is an upstream that is down`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.stop()
        #expect(await code { _ = try await localClient().send(get(upstream.url("/x"))) } == .upstreamUnavailable)
    }

    @Test func `a connection that is reset is an upstream that is down`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.reset] }
        #expect(await code { _ = try await localClient().send(get(upstream.url("/x"))) } == .upstreamUnavailable)
    }

    @Test func `a cancelled request ends its transfer at once`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.hold] }
        let client = try localClient()
        let task = Task { try await client.send(get(upstream.url("/x"))) }
        try await eventually("the request arrives") { upstream.requests.count == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        try await eventually("the connection ends") { upstream.openConnections == 0 && client.transferCount == 0 }
    }

    @Test func `a cancelled reader ends its transfer at once`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\n\r\nabc"), .hold] }
        let client = try localClient()
        let response = try await client.send(get(upstream.url("/x")))
        #expect(try await response.body.next() == Array("abc".utf8))
        let task = Task { try await response.body.next() }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        try await eventually("the connection ends") { upstream.openConnections == 0 && client.transferCount == 0 }
    }

    @Test(arguments: [true, false])
    func `dropping a response ends its transfer, paused or not`(paused: Bool) async throws {
        let upstream = try ScriptedUpstream()
        let block = [UInt8](repeating: 7, count: 1 << 20)
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\n\r\n"), .repeat(block, times: paused ? 1000 : 0), .hold] }
        let client = try localClient()
        var response: ClientResponse? = try await client.send(get(upstream.url("/x"), maxSize: .max))
        #expect(response?.status == 200)
        #expect(client.transferCount == 1)
        response = nil
        try await eventually("the connection ends") { upstream.openConnections == 0 && client.transferCount == 0 }
    }
}

import Foundation
import SaveCurl
import SaveHTTP
import SavePlatform
import SaveTestKit
import Testing

@Suite struct CurlBodyTests {
    @Test func `an answer comes with its status, headers, address, length and bytes`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(203, ["ETag": "\"a\"", "X-Two": "1", "X-Two": "2"], "hello") }
        var request = get(upstream.url("/x?q=1"))
        request.headers = ["Accept": "text/html", "If-None-Match": "\"b\""]
        let response = try await localClient().send(request)
        #expect(response.status == 203)
        #expect(response.headers["etag"] == "\"a\"")
        #expect(response.headers.values(of: "x-two") == ["1", "2"])
        #expect(response.url == upstream.url("/x?q=1"))
        #expect(response.body.length == 5)
        #expect(try await response.body.collect(limit: 10) == Array("hello".utf8))
        let sent = try #require(upstream.requests.first)
        #expect(sent.target == "/x?q=1")
        #expect(sent.headers["User-Agent"] == "Save/1.2")
        #expect(sent.headers["Accept-Encoding"] == "identity")
        #expect(sent.headers["Accept"] == "text/html")
        #expect(sent.headers["If-None-Match"] == "\"b\"")
        #expect(sent.headers["Cookie"] == nil && sent.headers["Authorization"] == nil)
    }

    @Test func `a body is handed out while it arrives`() async throws {
        let upstream = try ScriptedUpstream()
        let gate = ScriptedUpstream.Gate()
        upstream.on("/x") { _ in
            [
                .text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"), .wait(gate),
                .text("3\r\ntwo\r\n0\r\n\r\n"),
            ]
        }
        let response = try await localClient().send(get(upstream.url("/x")))
        #expect(response.body.length == nil)
        #expect(try await response.body.next() == Array("one".utf8))
        gate.open()
        #expect(try await response.body.next() == Array("two".utf8))
        #expect(try await response.body.next() == nil)
        #expect(try await response.body.next() == nil)
    }

    @Test func `a reader that waits makes the upstream wait, and is not taken for a stall`() async throws {
        let upstream = try ScriptedUpstream()
        let block = [UInt8](repeating: 7, count: 1 << 20)
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: \(64 << 20)\r\n\r\n"), .repeat(block, times: 64)] }
        let client = try localClient {
            $0.stallTimeout = .milliseconds(50)
            $0.minimumRate = 1
            $0.bufferSize = 64 << 10
        }
        let response = try await client.send(get(upstream.url("/x"), maxSize: 64 << 20))
        // Several stall timeouts go by; the sockets' buffers hold a few megabytes at most.
        try await Task.sleep(for: .milliseconds(200))
        #expect(upstream.bytesSent < 1000)
        var count = 0, longest = 0
        while let bytes = try await response.body.next() {
            count += bytes.count
            longest = max(longest, bytes.count)
            #expect(bytes.first == 7 && bytes.last == 7)
        }
        #expect(count == 64 << 20)
        #expect(longest <= 64 << 10)
    }

    @Test func `an answer without content has an empty body`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/304") { _ in [.text("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: x\r\n\r\n")] }
        upstream.on("/head") { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n")] }
        let client = try localClient()
        let unchanged = try await client.send(get(upstream.url("/304")))
        #expect(unchanged.status == 304)
        #expect(try await unchanged.body.next() == nil)
        var request = get(upstream.url("/head"))
        request.method = .head
        let head = try await client.send(request)
        #expect(head.headers["Content-Length"] == "9000000")
        #expect(try await head.body.next() == nil)
        #expect(upstream.requests.map(\.method) == ["GET", "HEAD"])
        #expect(upstream.connectionCount == 1)
    }

    @Test(arguments: [
        "Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "Transfer-Encoding: chunked\r\n\r\n9\r\nabc",
    ])
    func `a body that is cut never ends cleanly`(rest: String) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\n" + rest), .close] }
        let response = try await localClient().send(get(upstream.url("/x")))
        #expect(await code { try await response.body.drain() } == .upstreamUnavailable)
        #expect(await code { try await response.body.drain() } == .upstreamUnavailable)
    }

    @Test func `bytes that came before a cut are handed out before the error`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .close] }
        let response = try await localClient().send(get(upstream.url("/x")))
        #expect(try await response.body.next() == Array("abc".utf8))
        #expect(await code { _ = try await response.body.next() } == .upstreamUnavailable)
    }

    @Test(arguments: [true, false])
    func `a body past its limit is cut`(announced: Bool) async throws {
        let upstream = try ScriptedUpstream()
        let block = [UInt8](repeating: 7, count: 1 << 16)
        upstream.on("/x") { _ in
            [
                .text("HTTP/1.1 200 OK\r\n\(announced ? "Content-Length: 1099511627776\r\n" : "")\r\n"),
                .repeat(block, times: 10000), .close,
            ]
        }
        let response = try await localClient().send(get(upstream.url("/x"), maxSize: 100_000))
        #expect(await code { try await response.body.drain() } == .tooLarge)
        try await eventually("the connection ends") { upstream.openConnections == 0 }
    }

    @Test func `a body of just the limit is whole`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200, [:], "12345") }
        let response = try await localClient().send(get(upstream.url("/x"), maxSize: 5))
        #expect(try await response.body.collect(limit: 5).count == 5)
    }

    /// 2,000 zero bytes, as gzip makes them.
    private static let zeros: [UInt8] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 24, 5, 163, 96, 20, 140, 130, 81, 48, 10, 70, 193, 80, 7, 0, 68, 244, 201, 2,
        208, 7, 0, 0,
    ]

    @Test func `coded content is decoded where that is asked for, and only there`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200, ["Content-Encoding": "gzip"], Self.zeros) }
        let client = try localClient()
        let decoded = try await client.send(get(upstream.url("/x"), decodes: true))
        #expect(decoded.body.length == nil)
        #expect(decoded.headers["Content-Encoding"] == nil && decoded.headers["Content-Length"] == nil)
        #expect(try await decoded.body.collect(limit: 4000) == [UInt8](repeating: 0, count: 2000))
        #expect(upstream.requests.first?.headers["Accept-Encoding"]?.contains("gzip") == true)
        let plain = try await client.send(get(upstream.url("/x")))
        #expect(plain.body.length == Int64(Self.zeros.count))
        #expect(try await plain.body.collect(limit: 4000) == Self.zeros)
    }

    @Test func `coded content that is cut off in a whole body is an invalid answer`() async throws {
        let upstream = try ScriptedUpstream()
        // curl 7.88 takes this for the end of the content.
        for length in [1, 9, 10, 20, Self.zeros.count - 8, Self.zeros.count - 1] {
            upstream.on("/x") { _ in .response(200, ["Content-Encoding": "gzip"], Array(Self.zeros.prefix(length))) }
            let response = try await localClient().send(get(upstream.url("/x"), decodes: true))
            #expect(await code { try await response.body.drain() } == .upstreamInvalid, "\(length)")
        }
    }

    @Test(arguments: ["br", "zstd", "gzip, gzip", "compress"])
    func `a coding that was not asked for is an invalid answer`(coding: String) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200, ["Content-Encoding": coding], Self.zeros) }
        let response = try await localClient().send(get(upstream.url("/x"), decodes: true))
        #expect(await code { try await response.body.drain() } == .upstreamInvalid)
        #expect(upstream.requests.first?.headers["Accept-Encoding"] == "gzip, deflate")
    }

    @Test func `a transfer that waits for its reader never keeps more than its buffer`() async throws {
        let upstream = try ScriptedUpstream()
        let block = [UInt8](repeating: 7, count: 1 << 20)
        upstream.on("/x") { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: \(8 << 20)\r\n\r\n"), .repeat(block, times: 8)] }
        let response = try await localClient { $0.bufferSize = 1 << 16 }.send(
            get(upstream.url("/x"), maxSize: .max, decodes: true, waitsForReader: true))
        var (total, largest, ones) = (0, 0, 0)
        while let chunk = try await response.body.next() {
            total += chunk.count
            largest = max(largest, chunk.count)
            // A reader that is slower than this machine's own network.
            for _ in 0..<2 { ones &+= chunk.reduce(0) { $0 &+ $1.nonzeroBitCount } }
        }
        #expect(total == 8 << 20 && ones == 3 * 2 * total)
        #expect(largest <= 2 << 16)
    }

    @Test(arguments: [true, false])
    func `of a body of which the beginning is wanted no more is fetched`(isCoded: Bool) async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in
            isCoded
                ? .response(200, ["Content-Encoding": "gzip"], Self.zeros)
                : [
                    .text("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 40)\r\n\r\n"),
                    .repeat([UInt8](repeating: 0, count: 1 << 16), times: 1 << 24),
                ]
        }
        let client = try localClient()
        let response = try await client.send(get(upstream.url("/x"), maxSize: .max, decodes: true, prefix: 1000))
        var body: [UInt8] = []
        while let chunk = try await response.body.next() { body += chunk }
        #expect(body.count >= 1000 && body.count < 1 << 20 && body.allSatisfy { $0 == 0 })
        try await eventually("the connection ends") { client.transferCount == 0 }
    }

    @Test func `the limit counts decoded bytes`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200, ["Content-Encoding": "gzip"], Self.zeros) }
        let response = try await localClient().send(get(upstream.url("/x"), maxSize: 1999, decodes: true))
        #expect(await code { try await response.body.drain() } == .tooLarge)
    }

    @Test func `content that is not what its coding says is an invalid answer`() async throws {
        let upstream = try ScriptedUpstream()
        upstream.on("/x") { _ in .response(200, ["Content-Encoding": "gzip"], "this is no gzip") }
        let response = try await localClient().send(get(upstream.url("/x"), decodes: true))
        #expect(await code { try await response.body.drain() } == .upstreamInvalid)
    }
}

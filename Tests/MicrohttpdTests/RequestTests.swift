import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Testing

extension MicrohttpdTests {
    @Suite struct RequestTests {
        @Test func `the target arrives byte for byte`() async throws {
            let notes = Notes<[UInt8]>()
            try await serving(answer: {
                notes.add($0.target)
                return .text(200, "ok")
            }) { port, _ in
                let target = "/a%2F..%2fb//%00/%zz/+?q=a+b&x=%41&&=?;#frag"
                let response = try await RawHTTP.ask(port: port, "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response?.status == 200)
                #expect(notes.all == [Array(target.utf8)])
            }
        }

        @Test func `method, fields, client and body reach the responder`() async throws {
            let notes = Notes<String>()
            try await serving(answer: { request in
                let body = (try? await request.body.collect(limit: 100)) ?? []
                notes.add(
                    "\(request.method.name) \(request.headers["x-a"] ?? "-") \(request.headers.values(of: "X-B")) \(request.client)"
                )
                notes.add(String(decoding: body, as: UTF8.self))
                return .text(201, "made")
            }) { port, _ in
                let response = try await RawHTTP.ask(
                    port: port, "PUT / HTTP/1.1\r\nHost: a\r\nX-A:  one \t\r\nx-b: 1\r\nX-B: 2\r\nContent-Length: 5\r\n\r\nhello")
                #expect(response?.status == 201)
                #expect(response?.text == "made\n")
                #expect(notes.all == ["PUT one [\"1\", \"2\"] 127.0.0.1", "hello"])
            }
        }

        @Test func `a connection lives on and answers pipelined requests in order`() async throws {
            try await serving(answer: { request in
                if request.target.count.isMultiple(of: 2) { await Task.yield() }
                return .text(200, String(decoding: request.target, as: UTF8.self))
            }) { port, server in
                let client = try await RawHTTP.connect(port: port)
                let paths = (0..<1000).map { "/\($0)" }
                try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
                for path in paths { #expect(try await client.response()?.text == path + "\n") }
                #expect(server.connectionCount == 1)
            }
        }

        @Test func `HEAD has the fields of GET and no body`() async throws {
            try await serving(answer: { _ in
                HTTPResponse(status: 200, headers: ["ETag": "\"x\""], body: .bytes(Array("hello".utf8)))
            }) {
                port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let head = try #require(try await client.response(isHead: true))
                #expect(head.headers["Content-Length"] == "5")
                #expect(head.headers["ETag"] == "\"x\"")
                #expect(head.headers["Date"] != nil)
                #expect(head.headers["Server"] == nil)
                #expect(try await client.response()?.text == "hello")
            }
        }

        @Test(arguments: [
            (
                "A01 length and chunked",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400
            ),
            (
                "A02 two lengths",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 31\r\n\r\nGET /evil HTTP/1.1\r\n", 400
            ),
            ("equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
            ("A05 2^63", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\nhello", 413),
            (
                "A06 chunked twice",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400
            ),
            ("A06 comma", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 501),
            ("A06 identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501),
            ("A06 xchunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            ("chunked in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("no host", "GET / HTTP/1.1\r\n\r\n", 400),
            ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("two authorizations", "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic a\r\nAuthorization: Basic b\r\n\r\n", 400),
            ("space before colon", "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400),
            ("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 400),
            ("NUL at a value's end", "GET / HTTP/1.1\r\nHost: a\r\nX: b\0\r\nY: c\r\n\r\n", 400),
            ("NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("NUL in the method", "GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", 400),
            ("bare LF", "GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n", 400),
            ("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
            ("delete in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7F}\r\n\r\n", 400),
            ("folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\nY: d\r\n\r\n", 400),
            ("folded last line", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", 400),
            ("fold before any field", "GET / HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n", 400),
            ("no colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400),
            ("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
            ("quoted method", "G\"T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("A14 version 1.32", "GET / HTTP/1.32\r\nHost: a\r\n\r\n", 400),
            ("A14 no version", "GET !\r\nHost: a\r\n\r\n", 400),
            ("A14 version 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("A20 expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\nhello", 417),
            ("A22 TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("A22 CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("A28 br body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello", 415),
            ("A04 plus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400),
            ("A04 minus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -48\r\n\r\nhello", 400),
            ("A04 hex", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\nhello", 400),
            ("A04 underscore", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\nhello", 400),
            ("A04 inner space", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\nhello", 400),
            ("A04 list", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400),
            ("A04 empty", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nhello", 400),
            ("A04 letter", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1Z\r\n\r\nhello", 400),
            ("A05 twenty nines", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nhello", 413),
            ("A05 zeros before it", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00000000000000000005\r\n\r\nhello", 413),
            ("A13 long target", "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("A13 longer target", "GET /\(String(repeating: "a", count: 65_536)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("A12 long field", "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n", 431),
            ("A12 longer field", "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 81_920))\r\n\r\n", 431),
            (
                "A12 many fields",
                "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "Xxxx: \(String(repeating: "a", count: 32))\r\n", count: 2000))\r\n",
                431
            ),
            (
                "A12 very many fields", "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: aaaaaa\r\n", count: 5_000))\r\n",
                431
            ),
        ])
        func `a malformed request is refused once and closes`(name: String, text: String, status: Int) async throws {
            let notes = Notes<[UInt8]>()
            try await serving(answer: {
                notes.add($0.target)
                return .text(200, "ok")
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send(text)
                let response = try await client.response()
                #expect(response?.status == status)
                #expect(response?.headers["Connection"] == "close")
                #expect(response?.headers["Content-Type"] == "text/plain; charset=utf-8")
                #expect(response?.isComplete == true)
                #expect(response?.reason.isEmpty == false)
                #expect(response?.text == (response?.reason ?? "") + "\n")
                #expect(response?.headers["X-Save-Reason"] == response?.reason)
                #expect(try await client.rest() == [])
                #expect(notes.all.isEmpty)
                #expect(try await RawHTTP.ask(port: port, "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")?.status == 200)
            }
        }

        @Test(arguments: [
            "0x5\r\nhello\r\n0\r\n\r\n", "-1\r\nh\r\n0\r\n\r\n", "fffffffffffffffff\r\nhello", "5\r\nhelloX\r\n0\r\n\r\n",
        ])
        func `a malformed chunk ends the body with an error and the connection`(chunks: String) async throws {
            let notes = Notes<Bool>()
            try await serving(answer: { request in
                notes.add((try? await request.body.collect(limit: 100)) == nil)
                return .text(200, "ok")
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
                let response = try await client.response()
                let status = response?.status
                #expect(status == 400 || status == 413)
                #expect(response?.text == (response?.reason ?? "") + "\n")
                #expect(try await client.rest() == [])
                #expect(try await notes.wait(for: 1) == [true])
            }
        }
    }
}

import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Testing

extension MicrohttpdTests {
    @Suite struct BodyTests {
        private static let expecting = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"

        @Test(arguments: [false, true])
        func `100 Continue is sent when the body is first pulled, not before`(suspends: Bool) async throws {
            let gate = Gate()
            let notes = Notes<String>()
            try await serving(answer: { request in
                if suspends { await gate.pass() }
                notes.add("pull")
                let body = (try? await request.body.collect(limit: 10)) ?? []
                return .text(200, String(decoding: body, as: UTF8.self))
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send(Self.expecting)
                if suspends {
                    let isQuiet = try await client.hasNothing(for: .milliseconds(50))
                    #expect(isQuiet)
                    gate.open()
                }
                #expect(try await client.response()?.status == 100)
                #expect(notes.all == ["pull"])
                try await client.send("helloGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response()?.text == "hello\n")
                #expect(try await client.response()?.status == 200)
            }
        }

        @Test(arguments: [false, true])
        func `a body that is not wanted is not asked for`(suspends: Bool) async throws {
            try await serving(answer: { _ in
                if suspends { await Task.yield() }
                return .text(403, "no")
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send(Self.expecting)
                #expect(try await client.response()?.status == 403)
                #expect(try await client.rest() == [])
            }
        }

        @Test func `a short unread body leaves the connection usable`() async throws {
            try await serving(answer: { .text($0.method == .put ? 403 : 200, "x") }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send(
                    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response()?.status == 403)
                #expect(try await client.response()?.status == 200)
            }
        }

        @Test(arguments: ["Content-Length: 10485760", "Transfer-Encoding: chunked"], [false, true])
        func `a client sees the refusal of a large body it has sent in full`(framing: String, suspends: Bool) async throws {
            try await serving(answer: { _ in
                if suspends { await Task.yield() }
                return .text(403, "not here")
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
                let isChunked = framing.hasPrefix("T")
                let piece = [UInt8](repeating: 65, count: 1 << 20)
                for _ in 0..<10 {
                    try await client.send(isChunked ? Array("100000\r\n".utf8) + piece + [13, 10] : piece)
                }
                if isChunked { try await client.send("0\r\n\r\n") }
                let response = try await client.response()
                #expect(response?.status == 403)
                #expect(response?.text == "not here\n")
            }
        }

        @Test(arguments: [Int64(1 << 20), 64 << 20])
        func `a body refused half way is answered, within and beyond what is discarded`(discarded: Int64) async throws {
            try await serving(
                { $0.maxDiscardedBytes = discarded },
                answer: { request in
                    _ = try? await request.body.next()
                    return HTTPResponse(status: 400, headers: ["X-Why": "bad"], body: .bytes(Array("bad".utf8)))
                }
            ) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2621440\r\n\r\n")
                for _ in 0..<40 {
                    // Beyond the limit the server may reset the connection under the last pieces.
                    do { try await client.send([UInt8](repeating: 65, count: 65_536)) } catch { break }
                }
                let response = try await client.response()
                #expect(response?.status == 400)
                #expect(response?.headers["X-Why"] == "bad")
                #expect(response?.text == "bad")
            }
        }

        @Test func `a body over the server's limit is refused before it is read`() async throws {
            let notes = Notes<SaveError.Code>()
            try await serving(
                { $0.maxBodySize = 10 },
                answer: { request in
                    do { return .text(200, "\(try await request.body.collect(limit: 1000).count)") } catch {
                        notes.add((error as? SaveError)?.code ?? .internalFailure)
                        return .text(413, "large")
                    }
                }
            ) { port, _ in
                let known = try await RawHTTP.ask(port: port, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n")
                #expect(known?.status == 413)
                #expect(notes.all.isEmpty)
                let chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                #expect(try await RawHTTP.ask(port: port, chunked + "b\r\nhello world\r\n0\r\n\r\n")?.status == 413)
                #expect(notes.all == [.tooLarge])
                #expect(try await RawHTTP.ask(port: port, chunked + "a\r\nhelloworld\r\n0\r\n\r\n")?.text == "10\n")
            }
        }

        @Test func `trailers are not fields`() async throws {
            let notes = Notes<String?>()
            try await serving(answer: { request in
                let body = (try? await request.body.collect(limit: 10)) ?? []
                notes.add(request.headers["Authorization"])
                return .text(200, "\(body.count)")
            }) { port, _ in
                let text =
                    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nAuthorization: Basic x\r\nHost: b\r\n\r\n"
                let response = try await RawHTTP.ask(port: port, text)
                #expect(response?.text == "2\n")
                #expect(notes.all == [nil])
            }
        }

        @Test func `trailers without end are refused`() async throws {
            let notes = Notes<Bool>()
            try await serving(answer: { request in
                notes.add((try? await request.body.collect(limit: 10)) == nil)
                return .text(200, "x")
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
                try? await client.send(String(repeating: "X: y\r\n", count: 20_000))
                #expect(try await client.response()?.status == 431)
                #expect(try await notes.wait(for: 1) == [true])
            }
        }

        @Test(arguments: ["fin", "reset"])
        func `a body that breaks off is an error of the pull`(how: String) async throws {
            let notes = Notes<String>()
            try await serving(answer: { request in
                do { notes.add("\(try await request.body.collect(limit: 100).count)") } catch { notes.add("thrown") }
                return .text(200, "x")
            }) { port, server in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhello")
                if how == "fin" { client.closeWriting() } else { client.reset() }
                #expect(try await notes.wait(for: 1) == ["thrown"])
                #expect(try await client.rest() == [])
            }
        }

        @Test func `an upload keeps the responder's pace and stays out of memory`() async throws {
            let gate = Gate()
            let pulled = Count()
            let length = 200 << 20
            try await serving(answer: { request in
                await gate.pass()
                do {
                    while let chunk = try await request.body.next() {
                        pulled.add(chunk.count)
                        if chunk.count.isMultiple(of: 3) { await Task.yield() }
                    }
                } catch { return .text(500, "thrown") }
                return .text(200, "\(pulled.value)")
            }) { port, server in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
                let furthestAhead = Count()
                let piece = [UInt8](repeating: 65, count: 1 << 20)
                async let sending: Void = {
                    for number in 1...200 {
                        try await client.send(piece)
                        furthestAhead.raise(to: (number << 20) - pulled.value)
                    }
                }()
                try await Task.sleep(for: .milliseconds(50))
                #expect(pulled.value == 0)
                gate.open()
                try await sending
                #expect(try await client.response()?.text == "\(length)\n")
                // What the kernel's socket buffers take, and a little of ours.
                #expect(furthestAhead.value < 24 << 20)
            }
        }
    }
}

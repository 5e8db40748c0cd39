import Foundation
import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Synchronization
import Testing

/// A stream of given pieces, with an end of its own.
private func stream(_ pieces: [String], length: Int64?, throwing: Bool = false) -> HTTPResponse {
    let rest = Mutex(pieces[...])
    let body = ByteStream(length: length) {
        if let piece = rest.withLock({ $0.popFirst() }) { return Array(piece.utf8) }
        if throwing { throw SaveError(.digestMismatch, "wrong bytes") }
        return nil
    }
    return HTTPResponse(status: 200, body: .stream(body))
}

extension MicrohttpdTests {
    @Suite struct AnswerTests {
        @Test(arguments: [nil, 10] as [Int64?])
        func `a stream arrives whole and the connection lives on`(length: Int64?) async throws {
            try await serving(answer: { _ in stream(["hello", "world"], length: length) }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                for _ in 0..<3 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try #require(try await client.response())
                    #expect(response.text == "helloworld")
                    #expect(response.isComplete)
                    #expect(response.headers["Content-Length"] == length.map { "\($0)" })
                }
            }
        }

        @Test(arguments: [EMFILE, ENFILE, 0])
        func `an answer that cannot be sent is 500, whatever a call before it failed with`(code: Int32) async throws {
            let folder = try TemporaryFolder()
            let path = folder.path + "/file"
            try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
            let file = OpenFile(adopting: open(path, O_RDONLY), size: 5)
            let answer: @Sendable (HTTPRequest) async -> HTTPResponse = { _ in
                var response = HTTPResponse(status: 200, body: .file(file, offset: 0, length: 5))
                response.headers.append("X-Broken", "a\nb")
                // As accepting connections leaves it on the thread that serves them.
                errno = code
                return response
            }
            try await serving(answer: answer) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response()?.status == 500)
            }
        }

        @Test(
            arguments: [
                ("throws", nil, true), ("throws before its length", 20, true), ("throws after its last byte", 10, true),
                ("ends early", 20, false), ("is too long", 7, false),
            ] as [(String, Int64?, Bool)])
        func `a broken stream never ends cleanly`(name: String, length: Int64?, throwing: Bool) async throws {
            try await serving(answer: { _ in stream(["hello", "world"], length: length, throwing: throwing) }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.response()
                #expect(response?.isComplete != true)
                #expect(try await client.rest() == [])
            }
        }

        @Test func `a stream's first bytes do not wait for its last`() async throws {
            let gate = Gate()
            let count = Mutex(0)
            try await serving(answer: { _ in
                HTTPResponse(
                    status: 200,
                    body: .stream(
                        ByteStream(length: nil) {
                            let number = count.withLock {
                                $0 += 1
                                return $0
                            }
                            if number == 2 { await gate.pass() }
                            return number == 3 ? nil : Array("part".utf8)
                        }))
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let hasBegun = try await client.contains("part")
                #expect(hasBegun)
                gate.open()
                #expect(try await client.response()?.text == "partpart")
            }
        }

        @Test func `a stream's producer keeps the client's pace`() async throws {
            let produced = Atomic<Int>(0)
            try await serving(answer: { _ in
                HTTPResponse(
                    status: 200,
                    body: .stream(
                        ByteStream(length: 64 << 20) {
                            produced.add(65_536, ordering: .relaxed)
                            return produced.load(ordering: .relaxed) > 64 << 20 ? nil : [UInt8](repeating: 65, count: 65_536)
                        }))
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port, receiveBuffer: 65_536)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await Task.sleep(for: .milliseconds(100))
                #expect(produced.load(ordering: .relaxed) < 16 << 20)
                #expect(try await client.response()?.body.count == 64 << 20)
            }
        }

        @Test(arguments: ["answer", "stream", "body"])
        func `a client that leaves cancels its task`(what: String) async throws {
            let notes = Notes<String>()
            let reached = Notes<String>()
            try await serving(
                { $0.writeStallTimeout = .seconds(1) },
                answer: { request in
                    let wait: @Sendable () async -> Void = {
                        reached.add("there")
                        do { try await Task.sleep(for: .seconds(60)) } catch { notes.add("cancelled") }
                    }
                    if what == "answer" { await wait() }
                    if what == "body" {
                        reached.add("there")
                        do { while try await request.body.next() != nil {} } catch { notes.add("cancelled") }
                    }
                    return HTTPResponse(
                        status: 200,
                        body: .stream(
                            ByteStream(length: nil) {
                                await wait()
                                try Task.checkCancellation()
                                return nil
                            }))
                }
            ) { port, server in
                let client = try await RawHTTP.connect(port: port)
                let method = what == "body" ? "PUT / HTTP/1.1\r\nContent-Length: 100\r\n" : "GET / HTTP/1.1\r\n"
                try await client.send(method + "Host: a\r\n\r\n")
                #expect(try await reached.wait(for: 1) == ["there"])
                client.reset()
                #expect(try await notes.wait(for: 1).first == "cancelled")
            }
        }

        @Test func `HEAD of a stream has its length and does not pull it`() async throws {
            let notes = Notes<Int>()
            try await serving(answer: { _ in
                HTTPResponse(
                    status: 200,
                    body: .stream(
                        ByteStream(length: 99) {
                            notes.add(1)
                            return nil
                        }))
            }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                for _ in 0..<2 {
                    try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response(isHead: true)?.headers["Content-Length"] == "99")
                }
                #expect(notes.all.isEmpty)
            }
        }

        @Test(arguments: [false, true])
        func `a part of a file goes out, prepared or not`(isPrepared: Bool) async throws {
            try await TemporaryFile.with(Array("0123456789".utf8)) { file in
                let made = { (offset: Int64, length: Int64) -> HTTPResponse in
                    var response = HTTPResponse(status: 206, body: .file(file, offset: offset, length: length))
                    if isPrepared { response.prepared = PreparedSlot() }
                    return response
                }
                let part = made(2, 5), none = made(10, 0)
                try await serving(answer: { $0.target == [47] ? part : none }) { port, _ in
                    let client = try await RawHTTP.connect(port: port)
                    for _ in 0..<3 {
                        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n")
                        #expect(try await client.response()?.text == "23456")
                        #expect(try await client.response()?.headers["Content-Length"] == "0")
                    }
                }
            }
        }

        @Test(
            arguments: [
                (0, 5_000_003), (1, 3_000_017), (4_000_000, 131_073), (7, 262_144), (5, 262_145), (0, 131_072),
                (2_868_929, 2_131_074),
            ] as [(Int64, Int64)])
        func `a large part of a file ends where it was asked to end`(offset: Int64, length: Int64) async throws {
            let bytes = (0..<5_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            try await TemporaryFile.with(bytes) { file in
                let part = HTTPResponse(status: 206, body: .file(file, offset: offset, length: length))
                try await serving(answer: { $0.target == [47] ? part : .text(200, "next") }) { port, _ in
                    let client = try await RawHTTP.connect(port: port)
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                    let answer = try #require(try await client.response())
                    #expect(answer.body.elementsEqual(bytes[Int(offset)..<Int(offset + length)]))
                    #expect(try await client.response()?.text == "next\n")
                }
            }
        }

        @Test func `a prepared answer is made once and serves many`() async throws {
            var response = HTTPResponse(status: 200, headers: ["ETag": "\"a\""], body: .bytes(Array("page".utf8)))
            let slot = PreparedSlot()
            response.prepared = slot
            let kept = response
            try await serving(answer: { _ in kept }) { port, _ in
                for _ in 0..<3 {
                    let client = try await RawHTTP.connect(port: port)
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response()?.text == "page")
                    #expect(try await client.response(isHead: true)?.headers["ETag"] == "\"a\"")
                }
            }
            let made = (0..<PreparedSlot.places).count { thread in
                var wasMade = false
                _ = slot.value(for: thread) {
                    wasMade = true
                    return nil
                }
                return !wasMade
            }
            #expect(made == 1)
        }

        @Test(arguments: [204, 304])
        func `a status without a body has none`(status: Int) async throws {
            try await serving(answer: { _ in HTTPResponse(status: status, headers: ["ETag": "\"a\""]) }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                for _ in 0..<2 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response()?.status == status)
                }
            }
        }

        @Test(arguments: ["a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0b", "a\u{7F}"])
        func `a field that would break out of its line is not sent`(value: String) async throws {
            try await serving(answer: { _ in HTTPResponse(status: 200, headers: ["X-Name": value]) }) { port, _ in
                let response = try await RawHTTP.ask(port: port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response?.status == 500)
                #expect(response?.headers["Set-Cookie"] == nil)
            }
        }

        @Test func `every request is summed up`() async throws {
            let summaries = Notes<RequestSummary>()
            try await serving(
                { $0.onFinished = { summaries.add($0) } },
                answer: { request in
                    _ = try? await request.body.collect(limit: 10)
                    return .text(201, "abc")
                }
            ) { port, _ in
                _ = try await RawHTTP.ask(
                    port: port, "PUT /x?y HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\nContent-Length: 2\r\n\r\nhi")
                let summary = try #require(try await summaries.wait(for: 1).first)
                #expect(summary.method == .put)
                #expect(summary.target == Array("/x?y".utf8))
                #expect(summary.status == 201)
                #expect(summary.bytesSent == 4)
                #expect(summary.bytesReceived == 2)
                #expect(summary.userAgent?.elementsEqual("me".utf8) == true)
                #expect(summary.client.description == "127.0.0.1")
                #expect(summary.isComplete)
            }
        }
    }
}

/// A file for the time of a test.
enum TemporaryFile {
    static func with(_ bytes: [UInt8], _ test: (OpenFile) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "save-microhttpd-\(UUID().uuidString)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await test(OpenFile(adopting: open(path, O_RDONLY), size: Int64(bytes.count)))
    }
}

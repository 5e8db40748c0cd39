import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Testing

extension MicrohttpdTests {
    @Suite struct DeadlineTests {
        @Test(arguments: ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX:"])
        func `a header section that does not end is answered 408 and closed`(start: String) async throws {
            try await serving({ $0.headerTimeout = .milliseconds(100) }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send(start)
                let began = ContinuousClock.now
                #expect(try await client.response()?.status == 408)
                #expect(try await client.rest() == [])
                #expect(ContinuousClock.now - began < .seconds(2))
            }
        }

        @Test func `a byte now and then does not extend the header deadline`() async throws {
            try await serving({ $0.headerTimeout = .milliseconds(150) }) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response()?.status == 200)
                try await client.send("GET / HTTP/1.1\r\nX: ")
                let drip = Task {
                    while !Task.isCancelled {
                        do { try await client.send("a") } catch { return }
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                }
                #expect(try await client.response()?.status == 408)
                drip.cancel()
            }
        }

        @Test func `an idle connection is closed without a word`() async throws {
            try await serving({ $0.idleTimeout = .milliseconds(80) }) { port, server in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response()?.status == 200)
                #expect(try await client.rest() == [])
                while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
            }
        }

        @Test func `a body that only drips is cut`() async throws {
            let notes = Notes<Bool>()
            try await serving(
                {
                    $0.bodyRateWindow = .milliseconds(100)
                    $0.minimumBodyRate = 10_000
                },
                answer: { request in
                    notes.add((try? await request.body.collect(limit: 1000)) == nil)
                    return .text(200, "x")
                }
            ) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello")
                #expect(try await client.response()?.status == 408)
                #expect(try await notes.wait(for: 1) == [true])
            }
        }

        @Test func `a slow body above the rate, and a slow responder, take as long as they need`() async throws {
            try await serving(
                {
                    $0.bodyRateWindow = .milliseconds(600)
                    $0.minimumBodyRate = 2000
                    $0.headerTimeout = .milliseconds(600)
                    $0.idleTimeout = .milliseconds(600)
                    $0.writeStallTimeout = .milliseconds(600)
                },
                answer: { request in
                    let count = (try? await request.body.collect(limit: 1 << 20))?.count ?? -1
                    try? await Task.sleep(for: .milliseconds(900))
                    return .text(200, "\(count)")
                }
            ) { port, _ in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n")
                for _ in 0..<40 {
                    try await client.send(String(repeating: "a", count: 500))
                    try await Task.sleep(for: .milliseconds(30))
                }
                #expect(try await client.response()?.text == "20000\n")
            }
        }

        @Test(arguments: [false, true])
        func `an answer that is not taken is given up, one that is taken slowly is not`(reads: Bool) async throws {
            let summaries = Notes<RequestSummary>()
            let page = [UInt8](repeating: 65, count: 32 << 20)
            try await serving(
                {
                    $0.writeStallTimeout = .milliseconds(150)
                    $0.onFinished = { summaries.add($0) }
                }, answer: { _ in HTTPResponse(status: 200, body: .bytes(page)) }
            ) { port, _ in
                let client = try await RawHTTP.connect(port: port, receiveBuffer: 65_536)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                if reads { #expect(try await client.response()?.isComplete == true) }
                #expect(try await summaries.wait(for: 1).map(\.isComplete) == [reads])
            }
        }

        @Test func `too many connections from one address are answered 503, and others get their turn`() async throws {
            try await serving({ $0.maxConnectionsPerAddress = 2 }) { port, server in
                var clients: [RawHTTP] = []
                for _ in 0..<2 {
                    let client = try await RawHTTP.connect(port: port)
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response()?.status == 200)
                    clients.append(client)
                }
                let refused = try await RawHTTP.ask(port: port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(refused?.status == 503)
                #expect(refused?.headers["Retry-After"] == "1")
                clients = []
                while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
                #expect(try await RawHTTP.ask(port: port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")?.status == 200)
            }
        }
    }
}

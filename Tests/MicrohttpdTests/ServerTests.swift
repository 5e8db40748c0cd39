import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Testing

extension MicrohttpdTests {
    @Suite struct HTTPServerTests {
        @Test func `draining finishes what is under way, closes what is idle and takes nothing new`() async throws {
            let gate = Gate()
            let reached = Notes<Int>()
            try await serving(answer: { request in
                if request.target == Array("/wait".utf8) {
                    reached.add(1)
                    await gate.pass()
                }
                return .text(200, "done")
            }) { port, server in
                let idle = try await RawHTTP.connect(port: port)
                try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await idle.response()?.status == 200)
                let busy = try await RawHTTP.connect(port: port)
                try await busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await reached.wait(for: 1) == [1])
                #expect(server.activeRequests == 1)
                async let drained: Void = server.drain(limit: .seconds(10))
                #expect(try await idle.rest() == [])
                await #expect(throws: SaveError.self) { _ = try await RawHTTP.connect(port: port) }
                gate.open()
                let response = try await busy.response()
                #expect(response?.text == "done\n")
                #expect(response?.headers["Connection"] == "close")
                await drained
                #expect(server.connectionCount == 0)
            }
        }

        @Test(arguments: ["answer", "body", "stream"])
        func `draining ends what outlives its limit`(what: String) async throws {
            let reached = Notes<Int>()
            let ended = Notes<Int>()
            try await serving(answer: { request in
                let forever: @Sendable () async -> Void = {
                    reached.add(1)
                    try? await Task.sleep(for: .seconds(60))
                    ended.add(1)
                }
                if what == "answer" { await forever() }
                if what == "body" {
                    reached.add(1)
                    _ = try? await request.body.collect(limit: 100)
                    ended.add(1)
                }
                return HTTPResponse(
                    status: 200,
                    body: .stream(
                        ByteStream(length: nil) {
                            await forever()
                            return nil
                        }))
            }) { port, server in
                let client = try await RawHTTP.connect(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\n\(what == "body" ? "Content-Length: 9\r\n" : "")\r\n")
                #expect(try await reached.wait(for: 1) == [1])
                await server.drain(limit: .milliseconds(30))
                #expect(server.activeRequests == 0)
                #expect(server.connectionCount == 0)
                #expect(try await ended.wait(for: 1).first == 1)
                let response = try await client.response()
                #expect(response?.isComplete != true)
            }
        }

        @Test func `a port that is taken is a configuration error`() async throws {
            try await serving { port, _ in
                var configuration = HTTPServerConfiguration()
                configuration.port = port
                let second = try HTTPServer(
                    configuration: configuration, responder: Answering { _ in .text(200, "x") }, log: .silent())
                let error = #expect(throws: SaveError.self) { _ = try second.start() }
                #expect(error?.code == .invalidConfiguration)
                #expect(error?.details["field"] == "port")
            }
        }

        @Test func `values that cannot work are named`() throws {
            let cases: [(String, (inout HTTPServerConfiguration) -> Void)] = [
                ("threads", { $0.threads = 0 }), ("maxHeaderBytes", { $0.maxHeaderBytes = 10 }), ("host", { $0.host = "" }),
                ("idleTimeout", { $0.idleTimeout = .zero }), ("maxBodySize", { $0.maxBodySize = -1 }),
            ]
            for (field, change) in cases {
                var configuration = HTTPServerConfiguration()
                change(&configuration)
                let error = #expect(throws: SaveError.self) {
                    _ = try HTTPServer(
                        configuration: configuration, responder: Answering { _ in .text(200, "x") }, log: .silent())
                }
                #expect(error?.details["field"] == field)
            }
        }

        @Test func `many clients at once, suspending and not, are all answered`() async throws {
            try await serving(answer: { request in
                if request.target.last?.isMultiple(of: 2) == true { await Task.yield() }
                let body = (try? await request.body.collect(limit: 100_000)) ?? []
                return .text(200, "\(String(decoding: request.target, as: UTF8.self)) \(body.count)")
            }) { port, server in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<16 {
                        group.addTask {
                            let client = try await RawHTTP.connect(port: port)
                            var good = 0
                            for round in 0..<50 {
                                let size = round * 997
                                try await client.send(
                                    "PUT /\(number)/\(round) HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n"
                                        + String(repeating: "a", count: size))
                                if try await client.response()?.text == "/\(number)/\(round) \(size)\n" { good += 1 }
                            }
                            return good
                        }
                    }
                    for try await good in group { #expect(good == 50) }
                }
            }
        }
    }
}

import SaveHTTP
import SaveMicrohttpd
import SavePlatform
import SaveTestKit
import Testing

extension MicrohttpdTests {
    /// libmicrohttpd has no setting for the reason phrase: it asks a function of its own, which is replaced
    /// (docs/adr/0031-the-reason-on-the-status-line.md). A version that asks no longer, or asks at another time, fails these.
    @Suite struct ReasonTests {
        @Test(arguments: ["at once", "later", "after the body", "before the body"])
        func `the line of a refusal is on the status line whenever it is given`(when: String) async throws {
            try await serving(answer: { request in
                if when == "later" { for _ in 0..<20 { await Task.yield() } }
                if when == "after the body" { _ = try? await request.body.collect(limit: 1_000_000) }
                return .refusal(403, "the moon is full: wait a week")
            }) { port, _ in
                let hasBody = when.hasSuffix("body")
                let head =
                    hasBody ? "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" : "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                let client = try await RawHTTP.connect(port: port)
                try await client.send(head)
                if hasBody { try? await client.send([UInt8](repeating: 65, count: 500_000)) }
                let response = try await client.response()
                #expect(response?.status == 403)
                #expect(response?.reason == "the moon is full: wait a week")
                #expect(response?.headers["X-Save-Reason"] == "the moon is full: wait a week")
                #expect(response?.text == "the moon is full: wait a week\n")
            }
        }

        @Test func `no answer has the line of another, on many connections and threads`() async throws {
            try await serving(
                { $0.threads = 4 },
                answer: { request in
                    let path = String(decoding: request.target, as: UTF8.self)
                    if path.hasSuffix("3") || path.hasSuffix("4") { await Task.yield() }
                    if path.hasSuffix("5") { return HTTPResponse(status: 404) }
                    return path.utf8.last.map { $0.isMultiple(of: 2) } == true
                        ? .refusal(404, "nothing at \(path)") : .text(200, path)
                }
            ) { port, _ in
                let wrong = try await withThrowingTaskGroup(of: [String].self) { group in
                    for number in 0..<12 {
                        group.addTask {
                            let client = try await RawHTTP.connect(port: port)
                            let paths = (0..<100).map { "/\(number)/\($0)" }
                            try await client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
                            var wrong: [String] = []
                            for path in paths {
                                let reason = try await client.response()?.reason
                                let isRefused = path.utf8.last.map { $0.isMultiple(of: 2) } == true
                                let wanted = path.hasSuffix("5") ? "Not Found" : isRefused ? "nothing at \(path)" : "OK"
                                if reason != wanted { wrong.append("\(path): \(reason ?? "nothing")") }
                            }
                            return wrong
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(wrong == [])
            }
        }

        @Test(arguments: [String(repeating: "x", count: 201), "gr\u{F6}\u{DF}e", "a\tb"])
        func `what no status line can have leaves the status' own phrase there`(line: String) async throws {
            try await serving(answer: { _ in
                var response = HTTPResponse.text(404, "x")
                response.headers.append("X-Save-Reason", line)
                return response
            }) { port, _ in
                let response = try await RawHTTP.ask(port: port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response?.reason == "Not Found")
            }
        }

        @Test func `a reason is for refusals only`() async throws {
            try await serving(answer: { _ in
                var response = HTTPResponse.text(200, "x")
                response.headers.append("X-Save-Reason", "because")
                return response
            }) { port, _ in
                let response = try await RawHTTP.ask(port: port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response?.reason == "OK")
            }
        }
    }
}

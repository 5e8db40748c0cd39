import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

struct APIAuditTests {
    /// Ten events, one every minute, by three actors.
    private func server() async throws -> APIServer {
        let server = try await APIServer()
        for number in 0..<10 {
            let actor = try server.principal(["root", "owner", "dev"][number % 3])
            let event = AuditEvent(
                number < 5 ? "repository.create" : "file.upload", number < 5 ? "repository" : "file", "backend/r\(number)",
                outcome: number == 9 ? .denied : .ok, details: ["note": number == 7 ? "100%_sure" : "plain"])
            let time = server.clock.platform.now()
            try await server.store.write {
                try $0.record(event, AuditContext(principal: actor, sourceIP: "203.0.113.\(number)"), at: time)
            }
            server.clock.advance(seconds: 60)
        }
        return server
    }

    private func ids(_ server: APIServer, _ query: String) async throws -> [Int64] {
        try await server.send("GET", "/admin/audit?\(query)", as: "eve").items.compactMap { $0.object?["id"]?.integer }
    }

    @Test func `filters select, together, newest first`() async throws {
        let server = try await server()
        #expect(try await ids(server, "") == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        #expect(try await ids(server, "resource_type=repository&q=r3&limit=50") == [4])
        #expect(try await ids(server, "resource=backend/r2") == [3])
        #expect(try await ids(server, "actor=root&action=file.upload") == [10, 7])
        #expect(try await ids(server, "outcome=denied") == [10])
        #expect(try await ids(server, "q=100%25_sure") == [8])
        #expect(try await ids(server, "q=%25") == [8])
        #expect(try await ids(server, "q=203.0.113.4") == [5])
        #expect(try await ids(server, "resource=backend/r") == [])
        let start = ManualClock().platform.now()
        let since = start.adding(seconds: 120).rfc3339, until = start.adding(seconds: 240).rfc3339
        let found = try await ids(server, "since=\(since)&until=\(until)")
        #expect(found.contains(3) && found.contains(4) && !found.contains(2) && !found.contains(6))
    }

    @Test(arguments: ["outcome=good", "since=yesterday", "until=2026", "resourcetype=x", "since=99999-01-01T00:00:00Z"])
    func `a filter that makes no sense is refused`(query: String) async throws {
        #expect(try await server().send("GET", "/admin/audit?\(query)").status == 400)
    }

    @Test func `pages go back in time`() async throws {
        let server = try await server()
        let first = try await server.send("GET", "/admin/audit?limit=4")
        let next = try #require(first["next"]?.string)
        #expect(try await ids(server, "limit=4&after=\(next)") == [6, 5, 4, 3])
    }

    @Test func `an export holds all that match, in either form`() async throws {
        let server = try await server()
        let lines = try await server.send("GET", "/admin/audit?actor=owner", headers: ["Accept": "application/x-ndjson"])
        #expect(lines.headers["Content-Type"] == "application/x-ndjson")
        let records = try lines.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(records.compactMap { $0.object?["id"]?.integer } == [8, 5, 2])
        let csv = try await server.send("GET", "/admin/audit?limit=2", headers: ["Accept": "text/csv"])
        #expect(csv.headers["Content-Type"] == "text/csv; charset=utf-8")
        #expect(csv.text.hasPrefix("\"id\",\"time\",\"actor\""))
        #expect(csv.text.split(separator: "\r\n").count == 3)
        #expect(try await server.send("GET", "/admin/audit", headers: ["Accept": "image/png"]).status == 406)
        #expect(try await server.send("GET", "/admin/audit", headers: ["Accept": "*/*"]).items.count == 10)
    }

    @Test func `an export goes on past a page`() async throws {
        let server = try await APIServer()
        try await server.store.write { writing in
            for number in 0..<2_500 {
                try writing.record(AuditEvent("x.y", "x", "r\(number)"), .system, at: Timestamp(seconds: 1))
            }
        }
        for (type, extra) in [("text/csv", 1), ("application/x-ndjson", 0)] {
            let answer = try await server.send("GET", "/admin/audit", headers: ["Accept": type])
            #expect(answer.bytes.count { $0 == 0x0A } == 2_500 + extra)
        }
    }

    @Test func `a spreadsheet runs nothing of what an export holds`() async throws {
        #expect(
            String(decoding: CSV.line(["=cmd|'/c calc'!A0", "+1", "-1", "@x", "\tx", "a\"b\r\nc", ""]), as: UTF8.self)
                == "\"'=cmd|'/c calc'!A0\",\"'+1\",\"'-1\",\"'@x\",\"'\tx\",\"a\"\"b\r\nc\",\"\"\r\n")
    }

    @Test func `verification says where the chain breaks`() async throws {
        let server = try await server()
        let whole = try await server.send("GET", "/admin/audit/verify", as: "eve")
        #expect(whole["ok"] == true)
        #expect(whole["checked"] == 10)
        let record = try #require(try await server.audit().last)
        try await server.store.write { writing in
            var forged = record
            forged.sequence = 11
            forged.actor = "nobody"
            try writing.append(forged)
        }
        let broken = try await server.send("GET", "/admin/audit/verify", as: "eve")
        #expect(broken["ok"] == false)
        #expect(broken["broken_at"] == 11)
    }

    @Test func `the trail cannot be changed through the API`() async throws {
        let server = try await server()
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            #expect(try await server.send(method, "/admin/audit", body: "{}").status == 405)
            #expect(try await server.send(method, "/admin/audit/1", body: "{}").status == 404)
        }
    }
}

import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

struct APIDownloadTests {
    /// Two versions of a package in a hosted repository, each downloaded by two accounts, one minute after the other.
    private func server() async throws -> APIServer {
        let server = try await APIServer()
        try await server.addFiles([("foo", "1.0", "foo-1.0.a"), ("foo", "2.0", "foo-2.0.a")])
        for version in ["1.0", "2.0"] {
            for actor in ["dev", "owner"] {
                server.clock.advance(seconds: 60)
                let principal = try server.principal(actor)
                let event = AuditEvent(
                    "file.download", "file", "backend/hosted/files/foo-\(version).a", details: ["count": 3, "via": "backend/all"])
                let time = server.clock.platform.now()
                try await server.store.write {
                    try $0.record(event, AuditContext(principal: principal, sourceIP: "203.0.113.1"), at: time)
                }
            }
        }
        return server
    }

    private func downloads(_ server: APIServer, _ query: String) async throws -> [String] {
        try await server.send("GET", "/downloads?\(query)", as: "eve").items.compactMap { item in
            item.object.map { "\($0["version"]?.string ?? "-") \($0["actor"]?.string ?? "-")" }
        }
    }

    @Test func `a package URL in any spelling finds who downloaded it, the latest first`() async throws {
        let server = try await server()
        #expect(try await downloads(server, "package=pkg:notes/Foo") == ["2.0 owner", "2.0 dev", "1.0 owner", "1.0 dev"])
        #expect(try await downloads(server, "package=pkg:notes/foo@1.0") == ["1.0 owner", "1.0 dev"])
        #expect(try await downloads(server, "package=pkg:notes/foo@3.0").isEmpty)
        #expect(try await downloads(server, "package=pkg:npm/foo").isEmpty)
        #expect(try await downloads(server, "package=pkg:notes/bar").isEmpty)
    }

    @Test func `a time and pages narrow it down`() async throws {
        let server = try await server()
        let first = try await server.send("GET", "/downloads?package=pkg:notes/foo&limit=3", as: "eve")
        #expect(first.items.count == 3)
        let next = try #require(first["next"]?.string)
        #expect(try await downloads(server, "package=pkg:notes/foo&limit=3&after=\(next)") == ["1.0 dev"])
        let time = try #require(first.items.first?.object?["time"]?.string)
        #expect(try await downloads(server, "package=pkg:notes/foo&since=\(time)") == ["2.0 owner"])
    }

    @Test func `an item says where, how often and by which group`() async throws {
        let item = try #require(
            try await server().send("GET", "/downloads?package=pkg:notes/foo@2.0&limit=1", as: "eve").items.first?.object)
        #expect(item["repository"] == "backend/hosted" && item["path"] == "files/foo-2.0.a")
        #expect(item["count"] == 3 && item["via"] == "backend/all" && item["source_ip"] == "203.0.113.1")
    }

    @Test(arguments: ["", "package=foo", "package=pkg:notes/", "package=pkg:notes/foo&since=yesterday"])
    func `what names no package is refused`(query: String) async throws {
        #expect(try await server().send("GET", "/downloads?\(query)", as: "eve").status == 400)
    }
}

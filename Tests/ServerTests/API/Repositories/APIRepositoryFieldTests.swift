@testable import SaveAPI
import SavePlatform
import SaveStorage
import Testing

/// What follows from a field's line in `RepositoryField.all`.
struct APIRepositoryFieldTests {
    private static let flags = RepositoryField.all.filter { if case .boolean? = $0.rule?.rule { true } else { false } }

    /// - Returns: where the API has a new repository of this kind.
    private func create(_ kind: RepositoryKind, _ fields: String = "", on server: APIServer) async throws -> String {
        let remote = kind == .proxy ? #","remote_url":"https://files.example.test/""# : ""
        let answer = try await server.send(
            "POST", "/repos",
            body: #"{"project":"backend","name":"new-\#(kind.rawValue)","format":"notes","repository_type":"\#(kind.rawValue)""#
                + remote + fields + "}")
        #expect(answer.status == 201)
        return "/repos/backend/new-\(kind.rawValue)"
    }

    @Test(arguments: RepositoryKind.allCases)
    func `every flag is taken, shown, and told to the audit trail`(kind: RepositoryKind) async throws {
        let server = try await APIServer()
        let path = try await create(kind, on: server)
        for flag in Self.flags where flag.kinds.contains(kind) {
            let shown = try await server.send("GET", path)
            let before = shown[flag.name] == true
            #expect(shown[flag.name] == .bool(before))
            let body = #"{"\#(flag.name)":\#(!before)}"#
            #expect(try await server.send("PATCH", path, body: body)[flag.name] == .bool(!before))
            #expect(try await server.send("GET", path)[flag.name] == .bool(!before))
            #expect(try await server.audit().last?.details == [flag.name: ["from": .bool(before), "to": .bool(!before)]])
            #expect(try await server.send("PATCH", path, body: body).status == 200)
            #expect(try await server.audit().last?.details == [:])
        }
    }

    @Test(arguments: RepositoryKind.allCases)
    func `a flag of other kinds is refused by its name`(kind: RepositoryKind) async throws {
        let server = try await APIServer()
        let path = try await create(kind, on: server)
        for flag in Self.flags where !flag.kinds.contains(kind) {
            let answer = try await server.send("PATCH", path, body: #"{"\#(flag.name)":true}"#)
            #expect(answer.status == 400)
            #expect(answer.field == flag.name)
        }
    }

    @Test(arguments: [
        (RepositoryKind.hosted, #"{"members":[],"stale_ttl":1,"cache_ttl":1}"#, "stale_ttl"),
        (.hosted, #"{"reserved_names":[],"policy":"union"}"#, "policy"),
        (.proxy, #"{"max_file_size":1,"allow_redeploy":true}"#, "max_file_size"),
        (.group, #"{"cache_ttl":1,"allow_redeploy":true}"#, "allow_redeploy"),
    ]) func `of several fields of other kinds one is named`(kind: RepositoryKind, body: String, field: String) async throws {
        let server = try await APIServer()
        let path = try await create(kind, on: server)
        let answer = try await server.send("PATCH", path, body: body)
        #expect(answer.status == 400)
        #expect(answer.field == field)
    }

    @Test func `a new repository's record tells who may read it and that downloads are told`() async throws {
        let server = try await APIServer()
        _ = try await create(.hosted, #","anonymous_read":true,"online":false,"allow_redeploy":true"#, on: server)
        #expect(
            try await server.audit().last?.details == ["format": "notes", "repository_type": "hosted", "anonymous_read": true])
        _ = try await create(.group, #","audit_downloads":true"#, on: server)
        #expect(
            try await server.audit().last?.details
                == ["format": "notes", "repository_type": "group", "members": [], "audit_downloads": true])
    }
}

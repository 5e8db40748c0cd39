import SaveAccess
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

struct APIReservedNameTests {
    private func group(_ fields: String) -> String {
        #"{"project":"backend","name":"all","format":"notes","repository_type":"group","members":["backend/hosted","backend/proxy"]"#
            + (fields.isEmpty ? "" : "," + fields) + "}"
    }

    @Test func `names are reserved in the format's spelling, each once`() async throws {
        let server = try await APIServer()
        let made = try await server.send("POST", "/repos", body: group(#""reserved_names":["ACME-*","acme-*","Lib"]"#))
        #expect(made.status == 201)
        #expect(made["reserved_names"] == ["acme-*", "lib"])
        let changed = try await server.send("PATCH", "/repos/backend/proxy", body: #"{"reserved_names":["Secret-*"]}"#)
        #expect(changed["reserved_names"] == ["secret-*"])
        #expect(
            try await server.audit().last?.details["reserved_names"] == ["from": [], "to": ["secret-*"]])
        #expect(try await server.send("PATCH", "/repos/backend/proxy", body: "{}")["reserved_names"] == ["secret-*"])
    }

    @Test(arguments: [#"["*"]"#, #"["a b"]"#, #"["acme-**"]"#, #"[1]"#, #"["ok","?"]"#, "\"acme-*\"", "null"])
    func `a pattern that covers no name is refused with its place`(value: String) async throws {
        let server = try await APIServer()
        let answer = try await server.send("PATCH", "/repos/backend/proxy", body: "{\"reserved_names\":\(value)}")
        #expect(answer.status == 400)
        #expect(answer.field?.hasPrefix("reserved_names") == true)
    }

    @Test func `names cannot be reserved where nothing comes from an upstream, or has a name`() async throws {
        let server = try await APIServer()
        let hosted = try await server.send("PATCH", "/repos/backend/hosted", body: #"{"reserved_names":["a"]}"#)
        #expect(hosted.status == 400)
        #expect(hosted.field == "reserved_names")
    }

    @Test func `a group binds members whose project the caller manages, and others only as long as no names come in addition`()
        async throws
    {
        let server = try await APIServer()
        try await server.store.write { writing in
            guard var secret = try writing.repositories().first(where: { $0.name == "secret" }) else { return }
            secret.anonymousRead = true
            _ = try writing.put(secret)
        }
        try await server.catalogue.reload()
        func bound() async throws -> [String] {
            let all = try await server.store.read { try $0.repositories() }
            let group = all.first { $0.name == "all" }?.group.boundMembers ?? []
            return all.filter { group.contains($0.id) }.map(\.coordinates).sorted()
        }
        func change(_ body: String, as name: String) async throws {
            #expect(try await server.send("PATCH", "/repos/backend/all", as: name, body: body).status == 200)
        }
        let made = try await server.send("POST", "/repos", as: "owner", body: group(#""reserved_names":["a-*"]"#))
        #expect(made.status == 201)
        #expect(try await bound() == ["backend/hosted"])
        try await change(#"{"members":["backend/hosted","other/secret"]}"#, as: "owner")
        #expect(try await bound() == ["backend/hosted"])
        try await change(#"{"reserved_names":["a-*","b-*"]}"#, as: "root")
        #expect(try await bound() == ["backend/hosted", "other/secret"])
        try await change(#"{"description":"x","reserved_names":["b-*"]}"#, as: "owner")
        #expect(try await bound() == ["backend/hosted", "other/secret"])
        try await change(#"{"reserved_names":["b-*","c"]}"#, as: "owner")
        #expect(try await bound() == ["backend/hosted"])
    }

    @Test func `R-78 a union says what it risks, first_owner need not`() async throws {
        let server = try await APIServer()
        #expect(try await server.send("POST", "/repos", body: group(""))["warnings"] == [])
        let union = try await server.send("PATCH", "/repos/backend/all", body: #"{"policy":"union"}"#)
        let warning = try #require(union["warnings"]?.array?.first?.string)
        #expect(warning.contains("backend/proxy") && warning.contains("reserved_names"))
        let alone = try await server.send("PATCH", "/repos/backend/all", body: #"{"members":["backend/proxy"]}"#)
        #expect(alone["warnings"] == [])
    }
}

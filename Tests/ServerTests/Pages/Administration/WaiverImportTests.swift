import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// OpenVEX documents that come in through a form.
@Suite struct WaiverImportTests {
    private static let document = """
        {"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/1","author":"Security","timestamp":"2026-11-01T00:00:00Z",
        "version":1,"statements":[{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:pypi/demo@1.0"}],
        "status":"not_affected","justification":"vulnerable_code_not_present"}]}
        """

    private func send(_ visitor: Visitor, _ fields: [(String, String)], file: String?) async throws -> APIAnswer {
        let token = try await visitor.hidden("form_token", on: "/ui/account")
        var body = ""
        for (name, value) in [("form_token", token)] + fields {
            body += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        if let file {
            body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"vex.json\"\r\n\r\n\(file)\r\n"
        }
        return try await visitor.send(
            "POST", "/ui/admin/waivers/import", body + "--b--\r\n", type: "multipart/form-data; boundary=b")
    }

    @Test func `a document becomes waivers of the policy and the project that the form names, and says how many`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("owner")
        let page = "/ui/admin/waivers/import"
        #expect(try await visitor.get(page).text.contains("There is no policy that refuses files for an advisory"))
        let policy = #"{"name":"holes","scope":"project:closed","action":"deny","match":{"min_severity":"high"}}"#
        let made = try await world.change("POST", "/policies", as: .owner, policy)
        let id = try #require(try JSONValue(parsing: Array(made.text.utf8)).object?["id"]?.integer)
        #expect(try await visitor.get(page).text.contains("<option value=\"\(id)\">holes, in project:closed</option>"))
        let fields = [("project", "closed"), ("policy_id", String(id)), ("until", "2035-01-01")]
        let before = try await world.store.read { try $0.waivers().count }
        let none = try await send(visitor, fields + [("form_id", "1")], file: nil)
        #expect(none.status == 400 && none.text.contains("id=\"import-file-fault\""), "\(none.text)")
        let wrong = try await send(visitor, fields + [("form_id", "2")], file: "{}")
        #expect(wrong.status == 400 && wrong.text.contains("is no OpenVEX document"))
        #expect(try await world.store.read { try $0.waivers().count } == before)
        let done = try await send(visitor, fields + [("form_id", "3")], file: Self.document)
        #expect(done.status == 200 && done.text.contains("1 waiver granted, 0 requested."), "\(done.text)")
        #expect(try await world.store.read { try $0.waivers().count } == before + 1)
        // The same document once more is known.
        let again = try await send(visitor, fields + [("form_id", "4")], file: Self.document)
        #expect(again.text.contains("1 were there already"))
    }
}

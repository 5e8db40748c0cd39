import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// An audit trail that somebody has changed is told of as what it is, wherever it is looked at.
@Suite struct BrokenTrailTests {
    /// Adds a record that was not made by the server.
    private func forge(_ world: AccessWorld) async throws -> Int64 {
        try await world.store.write { writing in
            guard var record = try writing.lastAudit() else { return 0 }
            record.sequence += 1
            record.actor = "somebody else"
            try writing.append(record)
            return record.sequence
        }
    }

    @Test func `a chain that does not hold is a bad notice where it is checked, and a good one where it holds`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("auditor")
        let whole = try await visitor.get("/ui/audit/verify").text
        #expect(whole.contains("<div class=\"notice ok\"><p><strong>The trail is whole.") && !whole.contains("notice bad"))
        let place = try await forge(world)
        let broken = try await visitor.get("/ui/audit/verify").text
        #expect(broken.contains("<div class=\"notice bad\"><p><strong>The trail is broken at record \(Int(place))."))
        #expect(!broken.contains("notice ok"))
    }

    @Test(.timeLimit(.minutes(1))) func `a verification that found a broken chain is bad in the list of jobs`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("admin")
        func verified(_ id: String) async throws -> String {
            #expect(try await visitor.post("/ui/admin/jobs/verify", [("form_id", id)]).status == 303)
            while true {
                let text = try await visitor.get("/ui/admin/jobs").text
                if !text.contains("data-again") { return text }
                await Task.yield()
            }
        }
        let whole = try await verified("1")
        #expect(whole.contains("<span class=\"badge ok\">succeeded") && !whole.contains("notice bad"))
        _ = try await forge(world)
        let broken = try await verified("2")
        #expect(broken.contains("<div class=\"notice bad\"><p><strong>The audit trail is broken.</strong>"))
        #expect(broken.contains("<span class=\"badge bad\">succeeded"))
    }
}

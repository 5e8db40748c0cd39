import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveUI

/// What is put into lines to copy, and what forms take.
@Suite struct FormTests {
    @Test func `what is put into a line is never looked at again, whatever words it has`() {
        let values = ["PACKAGE": "USER-tools", "VERSION": "KEY", "USER": "PACKAGE", "KEY": "VERSION"]
        let line = "tool://USER:KEY@host add PACKAGE==VERSION MYKEY KEYS KEY_ USER"
        #expect(
            Words.fill(line) { word, isInURL in isInURL ? "(\(values[word] ?? ""))" : values[word] }
                == "tool://(PACKAGE):VERSION@host add USER-tools==KEY MYKEY KEYS KEY_ PACKAGE")
        #expect(Words.fill("PACKAGE-USER") { word, _ in word == "PACKAGE" ? "a_" : nil } == "a_-USER")
        #expect(Words.quoted("a'; rm -rf $HOME #") == "'a'\\''; rm -rf $HOME #'")
        #expect(Words.contains("KEY", in: "a KEY") && !Words.contains("KEY", in: "MONKEY KEYS"))
    }

    @Test func `a key has what the form offers, and anything else makes none`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("owner")
        let id = try await visitor.hidden("form_id", on: "/ui/account")
        let before = try await world.store.read { try $0.keys().count }
        let wrong: [[(String, String)]] = [
            [("days", "abc"), ("reach", "read:")], [("days", "99999"), ("reach", "read:")], [("days", "-1"), ("reach", "")],
            [("days", "+30"), ("reach", "")], [("reach", "read:")], [("days", "30")], [("days", "30"), ("reach", "manage:")],
            [("days", "30"), ("reach", "write:")], [("days", "30"), ("reach", "read:no/such")],
            [("days", "30"), ("reach", "write:closed/pypi-group")],
        ]
        for fields in wrong {
            let answer = try await visitor.post("/ui/account/keys", [("description", "x"), ("form_id", id)] + fields)
            #expect(answer.status == 400, "\(fields)")
        }
        #expect(try await world.store.read { try $0.keys().count } == before)
        // The form did nothing yet, and still works.
        let right = [("description", "x"), ("form_id", id), ("days", "30"), ("reach", "read:")]
        #expect(try await visitor.post("/ui/account/keys", right).status == 201)
        let again = try await visitor.post("/ui/account/keys", right)
        #expect(again.status == 409 && again.text.contains("its key is in the table below"))
        #expect(try await world.store.read { try $0.keys().count } == before + 1)
    }

    @Test func `signing in leads nowhere through dot segments`() {
        for target in ["/ui/../api", "/ui/%2e%2e/api", "/ui/./x", "/ui/a/..", "/ui/%", "/ui/x#y"] {
            #expect(!Links.isOwn(target), "\(target)")
        }
        for target in ["/ui/", "/ui/search?q=..%2F", "/ui/npm/a/b/@s%2Fc/"] { #expect(Links.isOwn(target), "\(target)") }
    }

    @Test func `an account keeps its newest sessions, so many and no more`() async throws {
        let world = try await AccessWorld()
        let first = Visitor(world)
        try await first.signIn("viewer")
        for _ in 0..<BrowserSessions.most {
            world.clock.advance(seconds: 1)
            try await Visitor(world).signIn("viewer")
        }
        #expect(try await world.store.read { try $0.sessions(of: "viewer").count } == BrowserSessions.most)
        #expect(try await first.get("/ui/account").status == 303)
    }

    @Test func `two searches run at a time, and a third is told to ask again`() async throws {
        let turns = SearchTurns()
        try await turns.take {
            try await turns.take {
                let refused = await #expect(throws: SaveError.self) { try await turns.take {} }
                #expect(refused?.code == .busy)
            }
            try await turns.take {}
        }
        try await turns.take {}
    }

    @Test func `a visitor is not told who published a file`() async throws {
        let world = try await AccessWorld()
        let signedIn = Visitor(world)
        try await signedIn.signIn("viewer")
        let path = "/ui/raw/open/raw-hosted/a/"
        let text = try await Visitor(world).get(path).text
        #expect(text.contains("b.txt") && !text.contains("developer") && !text.contains("owner"))
        #expect(try await signedIn.get(path).status == 200)
    }
}

internal import Foundation
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
@testable import SaveUI
import Testing

/// What forms of administration do, what they say of a mistake, and what they leave in the audit trail.
@Suite struct AdministrationFormTests {
    private func visitor(_ world: AccessWorld, _ name: String = "owner") async throws -> Visitor {
        let visitor = Visitor(world)
        try await visitor.signIn(name)
        return visitor
    }

    /// The value of a field of a form as the page has it.
    private func value(of field: String, in text: String) -> String? {
        guard let start = text.range(of: "name=\"\(field)\"")?.upperBound else { return nil }
        let tag = text[start...].prefix { $0 != ">" }
        return tag.firstMatch(of: /value="([^"]*)"/).map { String($0.output.1) }
    }

    @Test func `a form leaves the record that the same request to the REST API leaves`() async throws {
        let form = try await AccessWorld()
        let rest = try await AccessWorld()
        let (first, second) = (try await form.lastSequence(), try await rest.lastSequence())
        let visitor = try await visitor(form)
        let answer = try await visitor.post(
            "/ui/admin/repositories/new",
            [
                ("project", "closed"), ("name", "fresh"), ("format", "pypi"), ("repository_type", "proxy"),
                ("remote_url", "http://upstream.test/"), ("online", "on"), ("cache_ttl", "600"), ("form_id", "1"),
            ])
        #expect(
            answer.status == 303 && answer.headers["Location"] == "/ui/admin/repositories/closed/fresh?done=made",
            "\(answer.text)")
        let made = try await rest.change(
            "POST", "/repos", as: .owner,
            #"{"project":"closed","name":"fresh","format":"pypi","repository_type":"proxy","remote_url":"http://upstream.test/","cache_ttl":600}"#
        )
        #expect(made.status == 201)
        func told(_ world: AccessWorld, _ since: Int64) async throws -> [String] {
            try await world.audit(after: since).filter { $0.resourceType != "session" }.map {
                "\($0.actor) \($0.action) \($0.resource) \($0.outcome) \(JSONValue.object($0.details).text)"
            }
        }
        let (left, right) = (try await told(form, first), try await told(rest, second))
        #expect(!left.isEmpty && left == right)
        let record = try await form.store.read { try $0.repositories().first { $0.name == "fresh" } }
        #expect(record?.proxy.cacheTTL == 600)
    }

    @Test func `a refused form shows what the REST API says, and keeps what was typed but for secrets`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world)
        let fields = [
            ("project", "closed"), ("name", "Bad Name"), ("format", "pypi"), ("repository_type", "proxy"),
            ("remote_url", "http://upstream.test/"), ("description", "<b>mine</b>"), ("remote_password", "hunter22"),
            ("form_id", "1"),
        ]
        let answer = try await visitor.post("/ui/admin/repositories/new", fields)
        #expect(answer.status == 400)
        #expect(
            answer.text.contains("&#39;name&#39; must be 1 to 64 of a-z") || answer.text.contains("'name' must be 1 to 64 of a-z")
        )
        #expect(answer.text.contains("aria-invalid=\"true\"") && answer.text.contains("role=\"alert\""))
        #expect(value(of: "name", in: answer.text) == "Bad Name")
        #expect(value(of: "remote_url", in: answer.text) == "http://upstream.test/")
        #expect(answer.text.contains("&lt;b&gt;mine") && !answer.text.contains("<b>mine"))
        #expect(!answer.text.contains("hunter22"))
        // The same form, mended, does its work.
        let mended = fields.map { $0.0 == "name" ? ("name", "good") : $0 }
        #expect(try await visitor.post("/ui/admin/repositories/new", mended).status == 303)
    }

    @Test func `a form that is sent twice does its work once`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world, "admin")
        let fields = [("username", "twice"), ("password", "long enough"), ("role", "user"), ("form_id", "1")]
        for _ in 0..<2 {
            let answer = try await visitor.post("/ui/admin/users", fields)
            #expect(answer.status == 303 && answer.headers["Location"] == "/ui/admin/users/twice?done=made")
        }
        let before = try await world.store.read { try $0.keys().count }
        let key = [("description", "x"), ("may", "read"), ("days", "30"), ("form_id", "2")]
        let made = try await visitor.post("/ui/admin/robots/ci/keys", key)
        #expect(made.status == 201 && made.text.contains("sav_"))
        let again = try await visitor.post("/ui/admin/robots/ci/keys", key)
        #expect(again.status == 303 && !again.text.contains("sav_"))
        #expect(try await world.store.read { try $0.keys().count } == before + 1)
        // A form without its number did not come from a page, nor did one with a long one.
        let long = [("username", "x"), ("form_id", String(repeating: "a", count: 129))]
        #expect(try await visitor.post("/ui/admin/users", long).status == 400)
        #expect(try await visitor.post("/ui/admin/users", [("username", "x")]).status == 400)
    }

    @Test func `a change of what has changed since the page was opened is refused, and the form has what is there now`()
        async throws
    {
        let world = try await AccessWorld()
        let visitor = try await visitor(world)
        let page = "/ui/admin/projects/closed"
        let tag = try await visitor.hidden("tag", on: page).replacing("&quot;", with: "\"")
        #expect(!tag.isEmpty)
        world.clock.advance(seconds: 1)
        #expect(try await world.change("PATCH", "/projects/closed", as: .admin, #"{"description":"theirs"}"#).status == 200)
        let late = try await visitor.post(page, [("description", "mine"), ("tag", tag), ("form_id", "1")])
        #expect(late.status == 412 && late.text.contains("It was changed since you read it") && late.text.contains("mine"))
        // A second click changes nothing back.
        #expect(late.text.contains("theirs</textarea>") && late.text.contains("you typed"))
        let newTag = try #require(value(of: "tag", in: late.text)).replacing("&quot;", with: "\"")
        #expect(try await visitor.post(page, [("description", "mine"), ("tag", newTag), ("form_id", "2")]).status == 303)
    }

    @Test func `a person sets another password with the one there is, and every session of the account ends`() async throws {
        let world = try await AccessWorld()
        let (here, there) = (try await visitor(world), try await visitor(world))
        let page = "/ui/account/password"
        let wrong = try await here.post(page, [("current", "guess"), ("password", "another password"), ("form_id", "1")])
        #expect(wrong.status == 403 && wrong.text.contains("is not the password that you have"))
        #expect(wrong.headers["WWW-Authenticate"] == nil && !wrong.text.contains("another password"))
        let short = try await here.post(page, [("current", "password"), ("password", "short"), ("form_id", "2")])
        #expect(short.status == 400 && short.text.contains("at least 8 characters"))
        let done = try await here.post(page, [("current", "password"), ("password", "another password"), ("form_id", "3")])
        #expect(done.status == 303 && done.headers["Location"] == "/ui/login", "\(done.text)")
        for visitor in [here, there] { #expect(try await visitor.get("/ui/account").status == 303) }
        #expect(try await Visitor(world).signIn("owner", password: "another password").status == 303)
        let records = try await world.store.read { try $0.audit(after: 0, limit: 1000) }
        #expect(records.filter { $0.action == "user.password" && $0.outcome == .ok }.map(\.actor) == ["owner"])
    }

    @Test func `nothing is deleted before its name was typed`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world)
        let before = try await world.state()
        for confirmed in ["", "raw", "RAW-HOSTED", "raw-hosted "] {
            let answer = try await visitor.post(
                "/ui/admin/repositories/closed/raw-hosted/delete",
                [("confirm", confirmed), ("force", "on"), ("names", "release"), ("form_id", "1")])
            #expect(answer.status == 400 && answer.text.contains("To delete it, type its name: raw-hosted"), "\(confirmed)")
        }
        #expect(try await world.state() == before)
    }

    @Test func `an upstream is asked before its proxy is made, and the answer is shown with the form as it was`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world)
        let before = try await world.state()
        let fields = [
            ("project", "closed"), ("name", "fresh"), ("format", "pypi"), ("repository_type", "proxy"),
            ("remote_url", "http://upstream.test/"), ("online", "on"), ("way", "probe"), ("form_id", "1"),
        ]
        let answer = try await visitor.post("/ui/admin/repositories/new", fields)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.text.contains("The upstream can be used.") || answer.text.contains("Nothing shows where"))
        #expect(value(of: "name", in: answer.text) == "fresh" && !answer.text.contains("aria-invalid"))
        #expect(try await world.state() == before)
        let wrong = fields.map { $0.0 == "remote_url" ? ("remote_url", "ftp://x/") : $0 }
        #expect(try await visitor.post("/ui/admin/repositories/new", wrong).status == 400)
    }

    @Test func `the audit trail is filtered, gone through in both directions, and exported as it was filtered`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world, "admin")
        for number in 0..<120 {
            #expect(try await world.change("POST", "/projects", as: .admin, "{\"name\":\"p\(number)\"}").status == 201)
        }
        let first = try await visitor.get("/ui/audit?action=project.create").text
        #expect(first.contains("p119") && !first.contains("p69<"))
        #expect(first.contains("Older") && !first.contains("Newer"))
        func link(_ word: String, _ text: String) throws -> String {
            let found = try #require(
                text.firstMatch(of: /href="(\/ui\/audit\?[^"]*)">(Older|Newer)</.repetitionBehavior(.reluctant)))
            let all = text.matches(of: /rel="(?:prev|next)" href="([^"]*)">(Older|Newer)</)
            return String(all.first { $0.output.2 == word }?.output.1 ?? found.output.1).replacing("&amp;", with: "&")
        }
        let second = try await visitor.get(try link("Older", first)).text
        #expect(second.contains(">p69<") && !second.contains(">p119<"))
        let third = try await visitor.get(try link("Older", second)).text
        #expect(third.contains(">p0<"))
        let back = try await visitor.get(try link("Newer", third)).text
        #expect(back.contains(">p69<") && back.contains("Newer"))
        #expect(try await visitor.get(try link("Newer", back)).text.contains(">p119<"))
        let export = try await visitor.get("/ui/audit/export.csv?action=project.create&actor=admin")
        #expect(export.status == 200 && export.headers["Content-Type"] == "text/csv; charset=utf-8")
        #expect(export.headers["Content-Disposition"]?.contains("audit.csv") == true)
        #expect(export.text.split(separator: "\r\n").count == 121)
        let lines = try await visitor.get("/ui/audit/export.ndjson?resource=p7")
        #expect(lines.text.split(separator: "\n").count == 1 && lines.text.contains("project.create"))
        let wrong = try await visitor.get("/ui/audit/export.csv?outcome=perhaps")
        #expect(wrong.status == 400 && wrong.headers["Content-Type"] == "text/html; charset=utf-8")
        #expect(try await visitor.get("/ui/audit?until=2020-01-01").text.contains("There is no such record"))
    }

    @Test func `fields say what the REST API takes, and what does not fit goes there as it was typed`() {
        func sent(_ field: FormField, _ typed: String?) -> JSONValue? {
            let query = typed.map { "f=\(ASCII.percentEncoded($0))" } ?? ""
            return (try? QueryItems(decoding: Array(query.utf8)[...])).flatMap { field.value(in: $0) }
        }
        #expect(sent(FormField("f", "", .number), "1 000 ") == 1000 && sent(FormField("f", "", .number), "1,5") == "1,5")
        // What was emptied is refused, and not called saved.
        #expect(sent(FormField("f", "", .number), "") == "" && sent(FormField("f", "", .number, empty: .nothing), "") == nil)
        #expect(sent(FormField("f", "", .number), "many") == "many")
        #expect(sent(FormField("f", "", .number, empty: .null), "") == .null)
        #expect(sent(FormField("f", "", .list), " a\r\n\r\nb , c ") == ["a", "b", "c"])
        #expect(sent(FormField("f", "", .list), "") == [] && sent(FormField("f", "", .list, empty: .nothing), "") == nil)
        #expect(sent(FormField("f", "", .numbers), "403\n4x") == [403, "4x"])
        #expect(sent(FormField("f", "", .flag), nil) == false && sent(FormField("f", "", .flag), "on") == true)
        #expect(sent(FormField("f", "", .flag, empty: .nothing), nil) == nil)
        #expect(sent(FormField("f", "", .secret), "") == nil && sent(FormField("f", "", .secret), "  x") == "  x")
        #expect(sent(FormField("f", "", .json), "{\"a\":1}") == ["a": 1] && sent(FormField("f", "", .json), "{") == "{")
        #expect(sent(FormField("f", "", .text), "a\r\nb") == "a\nb" && sent(FormField("f", "", .line), "") == "")
    }

    @Test func `an archive of advisories is taken in from a form, and one without a file or of another session is not`()
        async throws
    {
        let world = try await AccessWorld()
        let visitor = try await visitor(world, "admin")
        let token = try await visitor.hidden("form_token", on: "/ui/admin/advisories")
        func send(_ token: String, file: String?) async throws -> APIAnswer {
            var body = ""
            for (name, value) in [("form_token", token), ("form_id", "\(token.count) \(file ?? "none")")] {
                body += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            }
            if let file {
                body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"all.zip\"\r\n\r\n\(file)\r\n"
            }
            return try await visitor.send(
                "POST", "/ui/admin/advisories/import", body + "--b--\r\n", type: "multipart/form-data; boundary=b")
        }
        #expect(try await send("wrong", file: "x").status == 403)
        let none = try await send(token, file: nil)
        #expect(none.status == 400 && none.text.contains("choose an archive") || none.text.contains("Choose an archive"))
        // What is in it, the job tells.
        let begun = try await send(token, file: "no archive")
        #expect(begun.status == 303 && begun.headers["Location"] == "/ui/admin/jobs?done=started", "\(begun.text)")
        #expect(try await visitor.get("/ui/admin/jobs").text.contains("Import of advisories"))
    }
}

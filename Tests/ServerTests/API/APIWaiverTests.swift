import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

/// Waivers as callers ask for them, and as owners and administrators grant and end them.
struct APIWaiverTests {
    private static let until = "2027-02-01T00:00:00Z"

    /// A server with the policies `server` (100), `late` (1001), `own` of the project `backend` and `soft`, which refuses nothing.
    private func made() async throws -> APIServer {
        let server = try await APIServer()
        for body in [
            #"{"name":"server","action":"deny","match":{}}"#, #"{"name":"late","action":"deny","priority":1001,"match":{}}"#,
            #"{"name":"own","scope":"project:backend","action":"deny","match":{"min_severity":"high"}}"#,
            #"{"name":"soft","action":"warn","match":{}}"#,
        ] { #expect(try await server.send("POST", "/policies", body: body).status == 201) }
        return server
    }

    private func body(_ policy: String = "own", _ package: String = "pkg:notes/alpha@1", _ more: String = "") -> String {
        #"{"package":"\#(package)","policy":"\#(policy)","project":"backend","reason":"needed","until":"\#(Self.until)"\#(more)}"#
    }

    private func ask(_ server: APIServer, _ body: String, as user: String = "viewer") async throws -> APIAnswer {
        try await server.send("POST", "/waivers", as: user, body: body)
    }

    @Test func `a waiver is asked for by a reader, granted by an owner, and ended, each in the trail`() async throws {
        let server = try await made()
        let asked = try await ask(server, body())
        let id = try #require(asked["id"]?.integer)
        #expect(asked.status == 201 && asked.headers["location"] == "/api/v1/waivers/\(id)")
        for (name, value) in [
            ("package", "pkg:notes/alpha@1"), ("versions", "1"), ("policy", "own"), ("project", "backend"), ("advisories", []),
            ("reason", "needed"), ("until", .string(Self.until)), ("state", "requested"), ("active", false),
            ("requested_by", "viewer"), ("granted_by", .null),
        ] as [(String, JSONValue)] { #expect(asked[name] == value, "\(name)") }
        #expect(!server.operations.all.contains("waivers"))
        let granted = try await server.send("PATCH", "/waivers/\(id)", as: "owner", body: #"{"state":"granted"}"#)
        #expect(granted.status == 200 && granted["state"] == "granted" && granted["active"] == true)
        #expect(granted["granted_by"] == "owner" && granted["requested_by"] == "viewer")
        #expect(server.operations.all.last == "waivers")
        #expect(try await server.send("DELETE", "/waivers/\(id)", as: "viewer").status == 403)
        let etag = try #require(granted.headers["etag"])
        let changed = try await server.send(
            "PATCH", "/waivers/\(id)", as: "owner", body: #"{"reason":"still"}"#, headers: ["If-Match": etag])
        #expect(changed.status == 200 && changed["reason"] == "still")
        #expect(try await server.send("DELETE", "/waivers/\(id)", as: "owner", headers: ["If-Match": etag]).status == 412)
        #expect(try await server.send("DELETE", "/waivers/\(id)", as: "owner").status == 204)
        #expect(server.operations.all.filter { $0 == "waivers" }.count == 3)
        #expect(try await server.send("GET", "/waivers/\(id)").status == 404)
        let records = try await server.audit().filter { $0.resourceType == "waiver" && $0.outcome == .ok }
        #expect(records.map(\.action) == ["waiver.request", "waiver.grant", "waiver.update", "waiver.delete"])
        #expect(records.map(\.actor) == ["viewer", "owner", "owner", "owner"])
        #expect(records.allSatisfy { $0.resource == "pkg:notes/alpha@1" && $0.details["policy"] == "own" })
        #expect(records[1].details["state"] == ["from": "requested", "to": "granted"])
    }

    @Test func `a request is taken back by the account that sent it, and no other reader knows of it`() async throws {
        let server = try await made()
        let id = try #require(try await ask(server, body())["id"]?.integer)
        #expect(try await server.send("GET", "/waivers/\(id)", as: "dev").status == 404)
        for (user, count) in [("viewer", 1), ("owner", 1), ("root", 1), ("eve", 1), ("dev", 0), ("nobody", 0)] {
            #expect(try await server.send("GET", "/waivers", as: user).items.count == count, "\(user)")
        }
        #expect(try await server.send("DELETE", "/waivers/\(id)", as: "dev").status == 404)
        #expect(try await server.send("DELETE", "/waivers/\(id)", as: "eve").status == 403)
        #expect(try await server.send("DELETE", "/waivers/\(id)", as: "viewer").status == 204)
    }

    @Test func `owners grant waivers of their own policies, and of the server's behind the administrators' numbers`() async throws
    {
        let server = try await made()
        let granted = #","state":"granted""#
        for (user, policy, status) in [
            ("owner", "own", 201), ("owner", "late", 201), ("owner", "server", 403), ("root", "server", 201), ("dev", "own", 403),
            ("eve", "own", 403),
        ] {
            let answer = try await ask(server, body(policy, "pkg:notes/alpha@2", granted), as: user)
            #expect(answer.status == status, "\(user) \(policy): \(answer.text)")
        }
        let id = try #require(try await ask(server, body("server"))["id"]?.integer)
        let refused = try await server.send("PATCH", "/waivers/\(id)", as: "owner", body: #"{"state":"granted"}"#)
        #expect(refused.status == 403 && refused.text.contains("ask one of them"))
        #expect(try await server.send("PATCH", "/waivers/\(id)", body: #"{"state":"granted"}"#).status == 200)
    }

    @Test func `the same request again is refused with what to do, until the first has ended`() async throws {
        let server = try await made()
        let first = try await ask(server, body())
        let again = try await ask(server, body("own", "pkg:notes/%61lpha@1"))
        #expect(again.status == 409 && again.text.contains("the waiver \(first["id"]?.integer ?? 0)"))
        #expect(try await ask(server, body(), as: "dev").status == 201)
        #expect(try await ask(server, body("own", "pkg:notes/alpha@2")).status == 201)
        #expect(try await ask(server, body("own", "pkg:notes/alpha@1", #","advisories":["CVE-1"]"#)).status == 201)
        server.clock.advance(seconds: 60 * 86_400)
        let later = body().replacing(Self.until, with: "2027-06-01T00:00:00Z")
        #expect(try await ask(server, later).status == 201)
        let ended = try await server.send(
            "PATCH", "/waivers/\(first["id"]?.integer ?? 0)", as: "owner", body: #"{"state":"granted"}"#)
        #expect(ended.status == 400 && ended.field == "until")
    }

    @Test func `what cannot be meant is refused in one line that names the field`() async throws {
        let server = try await made()
        let group = #","policy_id":1"#
        for (body, field, words) in [
            (body("own", "notes/alpha"), "package", "no package URL"), (body("own", "pkg:notes/alpha"), "package", "@* for all"),
            (body("own", "pkg:cobol/a@1"), "package", "no packages of the type"),
            (body("own", "pkg:notes/alpha@1", #","versions":"2""#), "versions", "has a version already"),
            (body("none"), "policy", "no policy of this name"), (body("soft"), "policy", "no policy of this name"),
            (body("own", "pkg:notes/alpha@1", group), "policy", "and not both"),
            (body("server", "pkg:notes/alpha@1", #","advisories":["CVE-1"]"#), "advisories", "does not look at advisories"),
            (body().replacing("needed", with: " "), "reason", "must say why"),
            (body().replacing(Self.until, with: "2026-01-01T00:00:00Z"), "until", "in the future"),
            (body().replacing(Self.until, with: "2038-01-01T00:00:00Z"), "until", "10 years"),
            (body().replacing(Self.until, with: "soon"), "until", "RFC 3339"),
            (body("own", "pkg:notes/alpha@1", #","state":"active""#), "state", "requested, granted"),
        ] {
            let answer = try await ask(server, body)
            #expect(answer.status == 400 && answer.field == field && answer.text.contains(words), "\(body): \(answer.text)")
        }
        #expect(try await ask(server, body().replacing("backend", with: "other")).status == 404)
        #expect(try await ask(server, body(), as: "nobody").status == 404)
        #expect(try await server.store.read { try $0.waivers() } == [])
    }

    @Test func `the version may stand beside the package, and a policy whose name is taken twice is named by its number`()
        async throws
    {
        let server = try await made()
        let versions = try await ask(server, body("own", "pkg:notes/alpha", #","versions":"any text""#))
        #expect(
            versions.status == 201 && versions["package"] == "pkg:notes/alpha@any%20text" && versions["versions"] == "any text")
        #expect(try await ask(server, body("own", "pkg:notes/alpha@*"))["versions"] == "*")
        _ = try await server.send("POST", "/policies", body: #"{"name":"own","action":"deny","match":{}}"#)
        let twice = try await ask(server, body("own", "pkg:notes/beta@1"))
        #expect(twice.status == 400 && twice.field == "policy" && twice.text.contains("policy_id"))
        let number = try #require(try await server.store.read { try $0.policies().first { $0.name == "own" }?.id })
        let named = body("own", "pkg:notes/beta@1").replacing(#""policy":"own""#, with: #""policy_id":\#(number)"#)
        #expect(try await ask(server, named)["policy_id"] == .integer(number))
    }

    @Test func `no account has more waivers in a project than memory is meant to hold`() async throws {
        let server = try await made()
        for number in 0..<WaiverDraft.maxOwn {
            #expect(try await ask(server, body("own", "pkg:notes/n\(number)@1")).status == 201)
        }
        let full = try await ask(server, body("own", "pkg:notes/late@1"))
        #expect(full.status == 409 && full.text.contains("delete those"))
        #expect(try await ask(server, body("own", "pkg:notes/late@1"), as: "dev").status == 201)
        // What was granted its account may not delete: it counts until it has ended.
        let first = try #require(server.catalogue.current.waivers.first)
        let end = #"{"state":"granted","until":"\#(server.clock.platform.now().adding(seconds: 60).rfc3339)"}"#
        #expect(try await server.send("PATCH", "/waivers/\(first.id)", as: "owner", body: end).status == 200)
        #expect(try await ask(server, body("own", "pkg:notes/late@1")).status == 409)
        server.clock.advance(seconds: 60)
        #expect(try await ask(server, body("own", "pkg:notes/late@1")).status == 201)
        #expect(try await ask(server, body("own", "pkg:notes/later@1")).status == 409)
    }

    @Test func `policies that refuse nothing in the project are told from none at all only to accounts that may see them`()
        async throws
    {
        let server = try await made()
        let more = [
            #"{"name":"off","action":"deny","enabled":false,"match":{}}"#,
            #"{"name":"tried","action":"deny","dry_run":true,"match":{}}"#,
            #"{"name":"elsewhere","scope":"project:other","action":"deny","match":{}}"#,
            #"{"name":"own-off","scope":"project:backend","action":"deny","enabled":false,"match":{}}"#,
        ]
        for body in more { #expect(try await server.send("POST", "/policies", body: body).status == 201) }
        func numbered(_ id: Int64) -> String {
            body("own", "pkg:notes/beta@1").replacing(#""policy":"own""#, with: #""policy_id":\#(id)"#)
        }
        let unknown = (name: try await ask(server, body("none")), number: try await ask(server, numbered(999)))
        #expect(unknown.name.status == 400 && unknown.number.status == 400)
        #expect(unknown.number.text.contains("no policy of this number counts"))
        for policy in server.catalogue.current.policies {
            let byName = try await ask(server, body(policy.name, "pkg:notes/gamma@1"))
            let byNumber = try await ask(server, numbered(policy.id))
            let counts = ["server", "late", "own"].contains(policy.name)
            #expect(byName.status == (counts ? 201 : 400) && byNumber.status == (counts ? 201 : 400), "\(policy.name)")
            if !counts {
                #expect(byName.comparable == unknown.name.comparable && byNumber.comparable == unknown.number.comparable)
                #expect(!byNumber.text.contains(policy.name), "\(policy.name)")
            }
        }
        for (user, policy, words) in [
            ("root", "soft", "refuses nothing"), ("eve", "soft", "refuses nothing"), ("owner", "soft", "no policy of this name"),
        ] {
            #expect(try await ask(server, body(policy), as: user).text.contains(words), "\(user)")
        }
        #expect(try await ask(server, body("own-off"), as: "owner").status == 201)
        #expect(try await ask(server, body("off"), as: "root").status == 201)
    }

    // MARK: Refusals

    @Test func `a refusal is told to readers of its repository, with the waivers that they know of`() async throws {
        let server = try await made()
        _ = try await server.send(
            "POST", "/policies", body: #"{"name":"told","action":"deny","description":"use beta\nTicket 17","match":{}}"#)
        let id = try #require(try await ask(server, body("told"))["id"]?.integer)
        let proxy = try #require(server.catalogue.current.repository(project: "backend", name: "proxy"))
        let policy = try #require(server.catalogue.current.policies.first { $0.name == "told" })
        var now = PackageVerdict()
        (now.verdict, now.reason) = (.deny, "Blocked by Save: alpha is not allowed, policy told; /ui/why/17")
        server.operations.refuse(
            RefusalReport(
                id: 17, repository: proxy, policy: policy, package: "alpha", version: "1", file: nil,
                firstRefused: server.clock.platform.now(), now: now, waivers: server.catalogue.current.waivers,
                packageURL: try PackageURL("pkg:notes/alpha@1")))
        for (user, description, waivers) in [
            ("viewer", "use beta", 1), ("dev", "use beta", 0), ("eve", "use beta\nTicket 17", 1),
            ("root", "use beta\nTicket 17", 1),
        ] {
            let told = try await server.send("GET", "/refusals/17", as: user)
            #expect(told.status == 200 && told["policy"]?.object?["description"]?.string == description, "\(user)")
            #expect(told["waivers"]?.array?.count == waivers, "\(user)")
        }
        let told = try await server.send("GET", "/refusals/17", as: "viewer")
        #expect(told["waivers"]?.array?.first?.object?["id"] == .integer(id))
        #expect(told["now"]?.object?["reason"]?.string?.hasSuffix("policy told; http://save.example.com/ui/why/17") == true)
        let wanted = try #require(told["waiver_request"]?.object)
        #expect(wanted["package"] == "pkg:notes/alpha@1" && wanted["project"] == "backend" && wanted["policy"] == "told")
        for (user, path) in [("nobody", "17"), ("viewer", "18"), ("viewer", "x"), ("viewer", "0")] {
            let missing = try await server.send("GET", "/refusals/" + path, as: user)
            #expect(missing.status == 404 && missing.text.contains("no such refusal"), "\(user) \(path)")
        }
    }

    // MARK: OpenVEX

    private func vex(_ statements: String) -> String {
        #"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[\#(statements)]}"#
    }

    private func take(_ server: APIServer, _ statements: String, policy: String = "own", as user: String = "owner") async throws
        -> APIAnswer
    {
        try await server.send(
            "POST", "/waivers/import?project=backend&policy=\(policy)&until=\(Self.until)", as: user, body: vex(statements))
    }

    private static let unaffected =
        #"{"vulnerability":{"name":"CVE-2026-1","aliases":["GHSA-a"]},"products":[{"@id":"pkg:notes/alpha@1"},{"@id":"pkg:oci/app","subcomponents":[{"@id":"pkg:notes/beta"}]}],"status":"not_affected","justification":"vulnerable_code_not_present","impact_statement":"we cut it out"}"#

    @Test func `statements of an OpenVEX document become waivers of advisories, and go out as such`() async throws {
        let server = try await made()
        let waiting =
            #"{"vulnerability":{"name":"CVE-2"},"products":[{"identifiers":{"purl":"pkg:notes/gamma@1"}}],"status":"under_investigation"}"#
        let fixed = #"{"vulnerability":{"name":"CVE-3"},"products":[{"@id":"pkg:notes/delta@1"}],"status":"fixed"}"#
        let taken = try await take(server, [Self.unaffected, waiting, fixed].joined(separator: ","))
        #expect(taken.status == 200 && taken["granted"] == 2 && taken["requested"] == 1 && taken["skipped"] == 1)
        #expect(server.operations.all.last == "waivers")
        let items = try await server.send("GET", "/waivers", as: "owner").items.compactMap(\.object)
        #expect(items.map { $0["package"] } == ["pkg:notes/alpha@1", "pkg:notes/beta@%2A", "pkg:notes/gamma@1"])
        #expect(items.map { $0["state"] } == ["granted", "granted", "requested"])
        #expect(items[0]["advisories"] == ["CVE-2026-1", "GHSA-a"])
        #expect(items[0]["reason"] == "vulnerable_code_not_present: we cut it out")
        #expect(try await take(server, Self.unaffected)["unchanged"] == 2)
        let turned = Self.unaffected.replacing("CVE-2026-1", with: "GHSA-b").replacing("GHSA-a", with: "CVE-2026-1")
            .replacing("GHSA-b", with: "GHSA-a")
        let another = Self.unaffected.replacing("pkg:notes/alpha@1", with: "pkg:notes/alpha@2")
        let twice = try await take(server, [turned, another, another].joined(separator: ","))
        #expect(twice["granted"] == 1 && twice["unchanged"] == 5)
        let added = try #require(server.catalogue.current.waivers.last)
        #expect(try await server.send("DELETE", "/waivers/\(added.id)").status == 204)
        // A waiver of a policy as a whole is nothing that OpenVEX could say.
        #expect(try await ask(server, body("server"), as: "root").status == 201)
        let request = try await server.send("GET", "/waivers?format=openvex")
        let statements = request["statements"]?.array?.compactMap(\.object) ?? []
        #expect(request["@context"] == "https://openvex.dev/ns/v0.2.0" && statements.count == 5)
        #expect(statements[0]["status"] == "not_affected" && statements[0]["justification"] == "vulnerable_code_not_present")
        #expect(statements[0]["impact_statement"] == "we cut it out")
        #expect(statements[4]["status"] == "under_investigation")
        let again = try await take(server, statements.map { JSONValue.object($0).text }.joined(separator: ","))
        #expect(again.status == 200, "\(again.text)")
    }

    @Test func `an OpenVEX document comes in as a whole or not at all`() async throws {
        let server = try await made()
        for (bad, field) in [
            (#"{"status":"not_affected"}"#, "statements[1]"),
            (#"{"status":"maybe"}"#, "statements[1].status"), ("7", "statements[1]"),
            (#"{"status":"not_affected","justification":"because"}"#, "statements[1].justification"),
            (#"{"status":"not_affected","impact_statement":"x"}"#, "statements[1].vulnerability"),
            (#"{"status":"not_affected","impact_statement":"x","vulnerability":"CVE-1"}"#, "statements[1].products"),
            (
                #"{"status":"not_affected","impact_statement":"x","vulnerability":"CVE-1","products":["app"]}"#,
                "statements[1].products[0]"
            ),
            (
                #"{"status":"not_affected","impact_statement":"x","vulnerability":"CVE-1","products":["pkg:oci/app@1"]}"#,
                "statements[1].products[0]"
            ),
        ] {
            let answer = try await take(server, Self.unaffected + "," + bad)
            #expect(answer.status == 400 && answer.field == field, "\(bad): \(answer.text)")
        }
        #expect(try await take(server, Self.unaffected, policy: "late").field == "policy")
        for (user, status) in [("dev", 403), ("nobody", 404), ("eve", 403)] {
            #expect(try await take(server, Self.unaffected, as: user).status == status, "\(user)")
        }
        #expect(try await server.store.read { try $0.waivers() } == [])
    }
}

import SaveHTTP
import FormatNpm
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

/// Policies as the API makes, shows, changes and removes them.
struct APIPolicyTests {
    private static let cooldown = #"{"name":"cooldown-7d","action":"deny","match":{"younger_than":"7d"}}"#

    private func make(_ server: APIServer, _ body: String, as user: String = "root") async throws -> APIAnswer {
        try await server.send("POST", "/policies", as: user, body: body)
    }

    @Test func `a policy is made with defaults, read, changed and deleted, and each change is told to the engine`() async throws {
        let server = try await APIServer()
        let made = try await make(server, Self.cooldown)
        let id = try #require(made["id"]?.integer)
        #expect(made.status == 201 && made.headers["location"] == "/api/v1/policies/\(id)")
        for (name, value) in [
            ("name", "cooldown-7d"), ("description", ""), ("scope", "server"), ("priority", 100), ("action", "deny"),
            ("dry_run", false), ("enabled", true), ("presentation", "yanked"), ("include_hosted", false),
            ("match", ["younger_than": "7d"]),
        ] as [(String, JSONValue)] { #expect(made[name] == value, "\(name)") }
        #expect(try await server.send("GET", "/policies/\(id)").json == made.json)
        let changed = try await server.send(
            "PATCH", "/policies/\(id)",
            body:
                #"{"dry_run":true,"match":{"packages":["Acme-*"],"younger_than":"36h","missing_time":"deny","include_hosted":true}}"#
        )
        #expect(changed.status == 200 && changed["dry_run"] == true && changed["include_hosted"] == true)
        #expect(changed["match"] == ["packages": ["Acme-*"], "younger_than": "36h", "missing_time": "deny"])
        #expect(try await server.send("DELETE", "/policies/\(id)").status == 204)
        #expect(try await server.send("GET", "/policies/\(id)").status == 404)
        #expect(server.operations.all == Array(repeating: "policy cooldown-7d", count: 3))
        let records = try await server.audit().filter { $0.resourceType == "policy" }
        #expect(records.map(\.action) == ["policy.create", "policy.update", "policy.delete"])
        #expect(records.allSatisfy { $0.resource == "cooldown-7d" && $0.details["id"] == .integer(id) })
        #expect(records[1].details["dry_run"] == ["from": false, "to": true])
    }

    @Test func `what an upstream did oddly is asked for as anything, or as a list of what, and shown as it was asked`()
        async throws
    {
        let server = try await APIServer(with: [NpmFormat.self])
        for value in ["true", #"["late_file","lookalike_name"]"#] {
            let made = try await make(
                server, #"{"name":"\#(value.utf8.count)","action":"deny","match":{"upstream_anomaly":\#(value)}}"#)
            let shown = try await server.send("GET", "/policies/\(made["id"]?.integer ?? 0)")
            let kept = JSONValue.object(["upstream_anomaly": try JSONValue(parsing: Array(value.utf8))])
            #expect(made.status == 201 && shown["match"] == kept, "\(made.text)")
        }
        let hosted =
            #"{"name":"x","scope":"repository:backend/hosted","action":"deny","include_hosted":true,"match":{"upstream_anomaly":true}}"#
        let refused = try await make(server, hosted)
        #expect(refused.status == 400 && refused.text.contains("hosted files come from no upstream"), "\(refused.text)")
    }

    @Test func `policies are listed in the order in which they decide, page by page, by scope and by name`() async throws {
        let server = try await APIServer()
        for (name, scope, priority) in [
            ("last", "server", 900), ("first", "project:backend", 5), ("second", "repository:backend/proxy", 40),
            ("third", "server", 40),
        ] {
            let body = #"{"name":"\#(name)","scope":"\#(scope)","priority":\#(priority),"action":"deny","match":{}}"#
            #expect(try await make(server, body).status == 201, "\(name)")
        }
        func names(_ query: String, as user: String = "root") async throws -> [String] {
            try await server.send("GET", "/policies" + query, as: user).items.compactMap { $0.object?["name"]?.string }
        }
        #expect(try await names("") == ["first", "second", "third", "last"])
        #expect(try await names("?scope=server") == ["third", "last"])
        #expect(try await names("?scope=repository:backend/proxy&q=SEC") == ["second"])
        #expect(try await names("", as: "eve") == ["first", "second", "third", "last"])
        #expect(try await names("", as: "owner") == ["first", "second"])
        #expect(try await names("", as: "dev") == [])
        let page = try await server.send("GET", "/policies?limit=3")
        let next = try #require(page["next"]?.string)
        #expect(try await names("?limit=3&after=\(next)") == ["last"])
    }

    @Test func `what cannot be meant is refused in one line that names the field`() async throws {
        let server = try await APIServer()
        let rest = #""name":"p","action":"deny""#
        for (body, field, words) in [
            (#"{\#(rest),"match":{"versions":" , "}}"#, "match.versions", "leave it out"),
            (#"{\#(rest),"match":{"younger_than":"0d"}}"#, "match.younger_than", "length of time"),
            (#"{\#(rest),"match":{"younger_than":"7"}}"#, "match.younger_than", "such as 36h or 7d"),
            (#"{\#(rest),"match":{"younger_than":"-1d"}}"#, "match.younger_than", "length of time"),
            (#"{\#(rest),"match":{"younger_than":"7 d"}}"#, "match.younger_than", "length of time"),
            (#"{\#(rest),"match":{"younger_than":"3651d"}}"#, "match.younger_than", "3650 days"),
            (#"{\#(rest),"match":{"younger_than":"999999999w"}}"#, "match.younger_than", "3650 days"),
            (#"{\#(rest),"match":{"younger_than":"7d","missing_time":"maybe"}}"#, "match.missing_time", "first_seen"),
            (#"{\#(rest),"match":{"missing_time":"deny"}}"#, "match.missing_time", "needs 'match.younger_than'"),
            (#"{\#(rest),"match":{"packages":[]}}"#, "match.packages", "a list of 1 to 1000"),
            (#"{\#(rest),"match":{"packages":["a","b*c"]}}"#, "match.packages[1]", "a package's name"),
            (#"{\#(rest),"match":{"packages":["pkg:cobol/a"]}}"#, "match.packages[0]", "a package's name"),
            (#"{\#(rest),"match":{"colour":"red"}}"#, "match.colour", "no field"),
            (#"{\#(rest),"match":{"malware":false}}"#, "match.malware", "must be true"),
            (#"{\#(rest),"match":{"min_severity":"moderate"}}"#, "match.min_severity", "low, medium, high, critical"),
            (#"{\#(rest),"match":{"advisories":[]}}"#, "match.advisories", "1 to 1000"),
            (#"{\#(rest),"match":{"upstream_anomaly":false}}"#, "match.upstream_anomaly", "must be true, or a list of 1 to 5"),
            (#"{\#(rest),"match":{"upstream_anomaly":[]}}"#, "match.upstream_anomaly", "a list of 1 to 5"),
            (#"{\#(rest),"match":{"upstream_anomaly":"late_file"}}"#, "match.upstream_anomaly", "a list of 1 to 5"),
            (#"{\#(rest),"match":{"upstream_anomaly":["late"]}}"#, "match.upstream_anomaly[0]", "changed_file, vanished_file"),
            (#"{\#(rest)}"#, "match", "missing"),
            (#"{\#(rest),"match":{},"priority":-1}"#, "priority", "0 to 1000000"),
            (#"{\#(rest),"match":{},"scope":"project:"}"#, "scope", "project:NAME"),
            (#"{\#(rest),"match":{},"scope":"repository:backend"}"#, "scope", "repository:PROJECT/NAME"),
            (#"{\#(rest),"match":{"include_hosted":true},"include_hosted":false}"#, "include_hosted", "contradict"),
            (#"{\#(rest),"match":{},"scope":"repository:backend/hosted"}"#, "include_hosted", "must be true"),
            (#"{"name":" p","action":"deny","match":{}}"#, "name", "beginning with a letter or digit"),
            (#"{"name":"p","action":"block","match":{}}"#, "action", "allow, warn, deny"),
        ] {
            let answer = try await make(server, body)
            #expect(answer.status == 400 && answer.field == field, "\(body): \(answer.text)")
            #expect(answer.text.contains(words) && !answer.text.contains("\\n"), "\(body): \(answer.text)")
        }
        #expect(try await server.store.read { try $0.policies() } == [])
        #expect(server.operations.all == [])
    }

    @Test func `a policy is for repositories that have files, and for patterns that packages there can have`() async throws {
        let server = try await APIServer()
        _ = try await server.send(
            "POST", "/repos",
            body: #"{"project":"backend","name":"all","format":"notes","repository_type":"group","members":["backend/proxy"]}"#)
        _ = try await server.send(
            "POST", "/repos", body: #"{"project":"backend","name":"plain","format":"plain","repository_type":"hosted"}"#)
        let group = try await make(server, #"{"name":"g","scope":"repository:backend/all","action":"deny","match":{}}"#)
        #expect(group.status == 400 && group.field == "scope" && group.text.contains("group"))
        let named =
            #"{"name":"p","scope":"repository:backend/plain","action":"deny","include_hosted":true,"match":{"packages":["a"]}}"#
        let plain = try await make(server, named)
        #expect(plain.status == 400 && plain.field == "match.packages" && plain.text.contains("no package"))
        for pattern in ["*", "A-*", "pkg:notes/a", "a"] {
            let body =
                #"{"name":"\#(pattern.utf8.count)","scope":"repository:backend/proxy","action":"deny","match":{"packages":["\#(pattern)"]}}"#
            #expect([201, 409].contains(try await make(server, body).status), "\(pattern)")
        }
        #expect(try await make(server, Self.cooldown).status == 201)
        #expect(try await make(server, Self.cooldown).status == 409)
    }

    /// Its ranges are lists, names have no scope, and upstreams no times.
    private struct ListedRanges: RepositoryFormat, PackageVersioning {
        static let descriptor = FormatDescriptor(id: "listed", displayName: "Listed", abilities: [.hosted, .proxy])
        static var ecosystem: String { "Listed" }
        static var purlType: String { "listed" }
        init(settings: JSONObject) throws {}
        func route(_: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing here") }
        func package(named name: String) -> PackageID? {
            name.utf8.allSatisfy { ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") } ? PackageID(normalized: name) : nil
        }
        func sortKey(of version: String) -> [UInt8]? { Array(version.utf8) }
        func range(_ range: String, contains version: String) throws -> Bool {
            guard range.utf8.contains(UInt8(ascii: ",")) else { throw SaveError(.invalidRequest, "that is no list") }
            return false
        }
    }

    @Test func `each name is of a format that can judge all else that the policy asks`() async throws {
        let server = try await APIServer(with: [NpmFormat.self, ListedRanges.self])
        func body(_ match: String, _ name: String = "p") -> String { #"{"name":"\#(name)","action":"deny","match":\#(match)}"# }
        for (match, field, words) in [
            (
                #"{"packages":["pkg:npm/left-pad"],"versions":">=1.0,<2"}"#, "match.versions",
                "'match.versions' is no range of npm, which 'match.packages[0]' names"
            ),
            (
                #"{"packages":["pkg:listed/a","@acme/*"],"versions":">=1.0,<2"}"#, "match.versions",
                "is no range of npm, which 'match.packages[1]' names"
            ),
            (
                #"{"packages":["a","pkg:listed/a"],"versions":"^1.0.0"}"#, "match.versions",
                "is no range of listed, which 'match.packages[1]' names: that is no list"
            ),
            (
                #"{"packages":["pkg:listed/a"],"younger_than":"7d"}"#, "match.younger_than",
                "'match.younger_than' cannot be judged in listed, which 'match.packages[0]' names"
            ),
        ] {
            let answer = try await make(server, body(match))
            #expect(answer.status == 400 && answer.field == field && answer.text.contains(words), "\(match): \(answer.text)")
        }
        #expect(try await server.store.read { try $0.policies() } == [])
        let made = try await make(server, body(#"{"packages":["pkg:npm/left-pad"],"versions":"^1.0.0"}"#))
        #expect(made.status == 201)
        let path = "/policies/\(try #require(made["id"]?.integer))"
        let changed = try await server.send(
            "PATCH", path, body: #"{"match":{"packages":["pkg:npm/left-pad"],"versions":"<2,>1"}}"#)
        #expect(changed.field == "match.versions")
        // A name of several formats counts in those that can judge the rest.
        #expect(try await make(server, body(#"{"packages":["left-pad"],"versions":">=1.0,<2"}"#, "q")).status == 201)
        let hosted = try await make(
            server, body(#"{"packages":["pkg:listed/a"],"younger_than":"7d","include_hosted":true}"#, "r"))
        #expect(hosted.status == 201)
        let exempt = try await server.send(
            "PATCH", "/policies/\(try #require(hosted["id"]?.integer))", body: #"{"include_hosted":false}"#)
        #expect(exempt.status == 400 && exempt.field == "match.younger_than")
    }

    @Test func `owners make policies of their projects, and loosen only behind the administrators' numbers`() async throws {
        let server = try await APIServer()
        func body(_ name: String, _ scope: String, _ more: String) -> String {
            #"{"name":"\#(name)","scope":"\#(scope)",\#(more),"match":{"packages":["a"]}}"#
        }
        #expect(try await make(server, Self.cooldown, as: "owner").status == 403)
        #expect(try await make(server, body("a", "project:other", #""action":"deny""#), as: "owner").status == 404)
        #expect(try await make(server, body("a", "repository:other/secret", #""action":"deny""#), as: "owner").status == 404)
        #expect(try await make(server, body("a", "project:backend", #""action":"deny""#), as: "dev").status == 403)
        #expect(try await make(server, body("a", "project:backend", #""action":"deny","priority":0"#), as: "owner").status == 201)
        let early = try await make(server, body("b", "project:backend", #""action":"allow","priority":999"#), as: "owner")
        #expect(early.status == 400 && early.field == "priority" && early.text.contains("at least 1000"))
        let late = try await make(server, body("b", "repository:backend/proxy", #""action":"allow""#), as: "owner")
        #expect(late.status == 201 && late["priority"] == 1000)
        let id = try #require(late["id"]?.integer)
        #expect(try await server.send("PATCH", "/policies/\(id)", as: "owner", body: #"{"priority":1}"#).field == "priority")
        #expect(try await server.send("PATCH", "/policies/\(id)", body: #"{"priority":1}"#).status == 200)
        #expect(try await server.send("PATCH", "/policies/\(id)", as: "owner", body: #"{"match":{}}"#).field == "priority")
        #expect(try await server.send("PATCH", "/policies/\(id)", as: "dev", body: #"{"enabled":false}"#).status == 404)
        #expect(try await server.send("PATCH", "/policies/\(id)", as: "eve", body: #"{"enabled":false}"#).status == 403)
        #expect(try await server.send("GET", "/policies/\(id)", as: "eve").status == 200)
    }

    @Test func `a policy that was changed meanwhile is not changed by who has not read it`() async throws {
        let server = try await APIServer()
        let made = try await make(server, Self.cooldown)
        let path = "/policies/\(try #require(made["id"]?.integer))"
        let etag = try #require(made.headers["etag"])
        #expect(try await server.send("PATCH", path, body: #"{"enabled":false}"#, headers: ["If-Match": etag]).status == 200)
        #expect(try await server.send("PATCH", path, body: #"{"enabled":true}"#, headers: ["If-Match": etag]).status == 412)
        #expect(try await server.send("DELETE", path, headers: ["If-Match": etag]).status == 412)
    }

    @Test func `packages are asked about by callers that may read the repository, a thousand at most`() async throws {
        let server = try await APIServer()
        func ask(_ repository: String, _ packages: [String], as user: String) async throws -> APIAnswer {
            let list = packages.map { "\"\($0)\"" }.joined(separator: ",")
            return try await server.send(
                "POST", "/policies/evaluate", as: user, body: #"{"repository":"\#(repository)","packages":[\#(list)]}"#)
        }
        let answer = try await ask("backend/hosted", ["pkg:notes/%61lpha@1"], as: "viewer")
        #expect(answer.status == 200 && answer.items.first?.object?["package"] == "pkg:notes/%61lpha@1")
        #expect(try await ask("other/secret", ["pkg:notes/a@1"], as: "viewer").status == 404)
        #expect(try await ask("backend/hosted", ["pkg:notes/a@1", "notes/a"], as: "viewer").field == "packages[1]")
        #expect(try await ask("backend/hosted", [], as: "viewer").field == "packages")
        #expect(
            try await ask("backend/hosted", Array(repeating: "pkg:notes/a@1", count: 1001), as: "viewer").field == "packages")
        #expect(server.operations.all == ["evaluate 1 in backend/hosted"])
        #expect(try await server.audit().isEmpty)
    }

    @Test func `a preview is about recorded downloads since a time, and for who may make the policy`() async throws {
        let server = try await APIServer()
        let now = server.clock.platform.now()
        try await server.store.write { writing in
            for (resource, outcome, age) in [
                ("backend/proxy/a", AuditRecord.Outcome.ok, Int64(10)), ("backend/proxy/b", .denied, 10),
                ("backend/proxy/c", .ok, 100),
            ] {
                let event = AuditEvent("file.download", "file", resource, outcome: outcome)
                try writing.record(event, .system, at: now.adding(seconds: -age))
            }
        }
        let policy = #"{"name":"p","scope":"project:backend","action":"deny","match":{}}"#
        let body = #"{"policy":\#(policy),"since":"\#(now.adding(seconds: -50).rfc3339)"}"#
        let answer = try await server.send("POST", "/policies/preview", as: "owner", body: body)
        #expect(answer.status == 200 && answer["downloads"] == 1 && answer["whole"] == true && answer.items == [])
        #expect(server.operations.all == [#"preview p ["backend/proxy/a"]"#])
        #expect(try await server.send("POST", "/policies/preview", as: "dev", body: body).status == 403)
        let bad = try await server.send(
            "POST", "/policies/preview", body: #"{"policy":{"name":"p","action":"deny"},"since":"2026-01-01T00:00:00Z"}"#)
        #expect(bad.status == 400 && bad.field == "policy.match")
        #expect(try await server.store.read { try $0.policies() } == [])
    }
}

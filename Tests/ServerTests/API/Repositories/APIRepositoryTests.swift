import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import SaveAPI

struct APIRepositoryTests {
    private let proxy =
        #"{"project":"backend","name":"mirror","format":"notes","repository_type":"proxy","remote_url":"https://files.example.test/","cache_ttl":3600}"#

    private func create(_ fields: String, name: String = "x", format: String = "notes", kind: String = "hosted") -> String {
        #"{"project":"backend","name":""# + name + #"","format":""# + format + #"","repository_type":""# + kind + "\""
            + (fields.isEmpty ? "" : "," + fields) + "}"
    }

    @Test func `the manual's first command creates project and proxy on a fresh server`() async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/repos", body: proxy.replacing("backend", with: "fresh"))
        #expect(answer.status == 201)
        #expect(answer.headers["Location"] == "/api/v1/repos/fresh/mirror")
        #expect(answer["cache_ttl"] == 3600)
        #expect(answer["negative_cache_ttl"] == 60)
        #expect(answer["remote_url"] == "https://files.example.test/")
        #expect(answer["resolved_url"] == JSONValue.null)
        #expect(answer["url"] == "http://save.example.com/notes/fresh/mirror/")
        #expect(answer["anonymous_read"] == false)
        #expect(answer["online"] == true)
        #expect(server.catalogue.current.repository(project: "fresh", name: "mirror") != nil)
        let records = try await server.audit()
        #expect(records.map(\.action) == ["project.create", "repository.create"])
        #expect(records.last?.resource == "fresh/mirror")
        #expect(records.last?.actor == "root")
        #expect(records.last?.sourceIP == "192.0.2.9")
    }

    @Test func `an owner creates repositories, but no project`() async throws {
        let server = try await APIServer()
        #expect(try await server.send("POST", "/repos", as: "owner", body: proxy).status == 201)
        #expect(try await server.send("POST", "/repos", as: "dev", body: proxy.replacing("mirror", with: "m2")).status == 403)
        #expect(
            try await server.send("POST", "/repos", as: "owner", body: proxy.replacing("backend", with: "fresh")).status == 404)
        #expect(server.catalogue.current.project("fresh") == nil)
    }

    @Test func `a taken name is a conflict and changes nothing`() async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/repos", body: create("", name: "hosted"))
        #expect(answer.status == 409)
        #expect(answer.code == "conflict")
        #expect(try await server.send("POST", "/projects", body: #"{"name":"backend"}"#).status == 409)
        #expect(try await server.send("POST", "/robots", body: #"{"name":"ci"}"#).status == 201)
        #expect(try await server.send("POST", "/robots", body: #"{"name":"ci"}"#).status == 409)
        #expect(try await server.audit().filter { $0.outcome == .failed }.count == 3)
    }

    @Test(arguments: ["", "A", "-a", "a-", ".a", "a/b", "a b", "..", "é", "a\u{301}", String(repeating: "a", count: 65)])
    func `names outside the grammar are refused`(name: String) async throws {
        let server = try await APIServer()
        #expect(try await server.send("POST", "/repos", body: create("", name: name)).field == "name")
        #expect(try await server.send("POST", "/projects", body: "{\"name\":\"\(name)\"}").field == "name")
        #expect(try await server.send("POST", "/robots", body: "{\"name\":\"\(name)\"}").field == "name")
    }

    @Test(arguments: [
        ("", "nothing", "hosted", "format"), ("", "plain", "proxy", "repository_type"),
        ("", "notes", "virtual", "repository_type"),
        ("\"cache_ttl\":1", "notes", "hosted", "cache_ttl"), ("\"members\":[]", "notes", "hosted", "members"),
        ("\"allow_redeploy\":true", "notes", "group", "allow_redeploy"), ("", "notes", "proxy", "remote_url"),
        ("\"settings\":{\"colour\":1}", "notes", "hosted", "settings.colour"),
        ("\"max_file_size\":0", "notes", "hosted", "max_file_size"),
        ("\"policy\":\"newest\"", "notes", "group", "policy"),
    ]) func `what does not belong together is refused with the field's name`(
        fields: String, format: String, kind: String, expected: String
    ) async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/repos", body: create(fields, format: format, kind: kind))
        #expect(answer.status == 400)
        #expect(answer.field == expected)
    }

    @Test(arguments: [
        "", "file:///etc/passwd", "FILE:/etc", "gopher://h/", "ftp://h/", "data:,x", "unix:/x", " http://h/", "http:\\\\h",
        "//h/",
        "http:", "http://", "https:///x", "http://user:pw@h/", "http://user@h/", "http://h\\u0000/", "http://h/ x", "http://h/#x",
        "http://h\\\\@evil/", "http://h:99999/", "http://h:x/", "javascript:alert(1)", "http://[::1/",
    ]) func `an upstream that is not a plain http or https URL is refused`(url: String) async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/repos", body: create("\"remote_url\":\"\(url)\"", kind: "proxy"))
        #expect(answer.status == 400, "\(url)")
        #expect(answer.field == "remote_url")
        let patch = try await server.send("PATCH", "/repos/backend/proxy", body: "{\"remote_url\":\"\(url)\"}")
        #expect(patch.field == "remote_url")
    }

    @Test func `the upstream's password is sealed, never read back, and stays with its host`() async throws {
        let server = try await APIServer()
        let fields = #""remote_url":"https://a.example.test/simple/","remote_username":"bot","remote_password":"canary""#
        let created = try await server.send("POST", "/repos", body: create(fields, kind: "proxy"))
        #expect(created.status == 201)
        let record = try #require(server.catalogue.current.repository(project: "backend", name: "x")).record
        let sealed = try #require(record.proxy.sealedPassword.flatMap(Hex.decode))
        #expect(try Secrets.open(sealed, key: server.serverKey) == Array("canary".utf8))

        let moved = try await server.send("PATCH", "/repos/backend/x", body: #"{"remote_url":"https://evil.example.test/"}"#)
        #expect(moved.field == "remote_password")
        let same = try await server.send("PATCH", "/repos/backend/x", body: #"{"remote_url":"https://a.example.test/other/"}"#)
        #expect(same.status == 200)
        let cleared = try await server.send(
            "PATCH", "/repos/backend/x", body: #"{"remote_url":"https://b.example.test/","remote_password":null}"#)
        #expect(cleared.status == 200)
        #expect(server.catalogue.current.repository(project: "backend", name: "x")?.record.proxy.sealedPassword == nil)

        let shown = try await server.send("GET", "/repos/backend/x")
        let audit = "\(try await server.audit())"
        for text in [created.text, same.text, shown.text, audit] {
            #expect(!text.contains("canary") && !text.contains("remote_password\":\""))
        }
    }

    @Test func `another upstream makes what was cached of the first one void`() async throws {
        let server = try await APIServer()
        let id = try #require(server.catalogue.current.repository(project: "backend", name: "proxy")).record.id
        let now = server.clock.platform.now()
        try await server.store.write { writing in
            var record = try #require(try writing.repositories().first { $0.id == id })
            record.proxy.resolvedURL = "https://files.example.test/simple/"
            _ = try writing.put(record)
            try writing.put(
                CachedIndex(
                    repository: id, key: "root", blob: BlobDigest(of: [1]), url: "u", contentType: nil, etag: nil,
                    lastModified: nil,
                    fetched: now, verified: now))
            _ = try writing.put(
                ObservedAnomaly(
                    repository: id, package: PackageID(normalized: "x"), kind: .changedFile, subject: "x/1", seen: now))
        }
        try await server.catalogue.reload()
        #expect(try await server.send("PATCH", "/repos/backend/proxy", body: #"{"cache_ttl":5}"#)["resolved_url"]?.string != nil)
        #expect(try await cachedIndex(server, id) != nil)
        #expect(try await anomalies(server, id) == 1)
        let moved = try await server.send("PATCH", "/repos/backend/proxy", body: #"{"remote_url":"https://other.example.test/"}"#)
        #expect(moved["resolved_url"] == JSONValue.null)
        #expect(moved["cache_ttl"] == 5)
        #expect(try await cachedIndex(server, id) == nil)
        #expect(try await anomalies(server, id) == 0)
    }

    private func anomalies(_ server: APIServer, _ id: Int64) async throws -> Int {
        try await server.store.read { try $0.anomalies(id, package: PackageID(normalized: "x")).count }
    }

    private func cachedIndex(_ server: APIServer, _ id: Int64) async throws -> CachedIndex? {
        try await server.store.read { try $0.cachedIndex(id, "root") }
    }

    @Test func `an update tells the audit trail what changed, from and to`() async throws {
        let server = try await APIServer()
        let answer = try await server.send(
            "PATCH", "/repos/backend/hosted", as: "owner", body: #"{"description":"new","anonymous_read":true,"max_file_size":7}"#
        )
        #expect(answer.status == 200)
        let record = try #require(try await server.audit().last)
        #expect(record.action == "repository.update")
        #expect(record.details["description"] == ["from": "", "to": "new"])
        #expect(record.details["anonymous_read"] == ["from": false, "to": true])
        #expect(record.details["max_file_size"] == ["from": nil, "to": 7])
        #expect(record.details.members.count == 3)
        let back = try await server.send("PATCH", "/repos/backend/hosted", body: #"{"max_file_size":null}"#)
        #expect(back["max_file_size"] == JSONValue.null)
    }

    @Test func `a change to something that has changed is refused when asked to`() async throws {
        let server = try await APIServer()
        let etag = try #require(try await server.send("GET", "/repos/backend/hosted").headers["ETag"])
        let first = try await server.send(
            "PATCH", "/repos/backend/hosted", body: #"{"online":false}"#, headers: ["If-Match": etag])
        #expect(first.status == 200)
        #expect(first.headers["ETag"] != etag)
        let second = try await server.send(
            "PATCH", "/repos/backend/hosted", body: #"{"online":true}"#, headers: ["If-Match": etag])
        #expect(second.status == 412)
        #expect(try await server.send("DELETE", "/repos/backend/hosted", headers: ["If-Match": etag]).status == 412)
        #expect(try await server.send("GET", "/repos/backend/hosted")["online"] == false)
    }

    @Test func `a hosted repository with files is deleted only by force`() async throws {
        let server = try await APIServer()
        try await server.addFiles([("p", "1", "p-1")])
        #expect(try await server.send("DELETE", "/repos/backend/hosted").status == 409)
        #expect(try await server.send("DELETE", "/repos/backend/hosted?force=false").status == 409)
        #expect(try await server.send("DELETE", "/repos/backend/hosted?force=1").status == 400)
        #expect(try await server.send("DELETE", "/repos/backend/hosted?force=true").status == 204)
        #expect(try await server.send("GET", "/repos/backend/hosted").status == 404)
        #expect(try await server.send("DELETE", "/repos/other/secret").status == 204)
        #expect(server.operations.all == ["repository", "repository"])
    }

    @Test func `a project goes when it is empty`() async throws {
        let server = try await APIServer()
        #expect(try await server.send("DELETE", "/projects/other").status == 409)
        #expect(try await server.send("DELETE", "/repos/other/secret").status == 204)
        #expect(try await server.send("POST", "/robots", body: #"{"name":"r","project":"other"}"#).status == 201)
        #expect(try await server.send("DELETE", "/projects/other").status == 409)
        #expect(try await server.send("DELETE", "/robots/r").status == 204)
        #expect(try await server.send("DELETE", "/projects/other").status == 204)
        #expect(try await server.send("GET", "/projects/other").status == 404)
    }

    @Test func `an upstream is asked before a repository is made of it, and nothing is kept`() async throws {
        let server = try await APIServer()
        let before = server.catalogue.current.repositories.count
        func body(_ url: String, kind: String = "proxy") -> String {
            let place = kind == "proxy" ? #","remote_url":"\#(url)""# : ""
            return #"{"project":"backend","name":"new","format":"notes","repository_type":"\#(kind)"\#(place)}"#
        }
        let probe = try await server.send("POST", "/repos/probe", as: "owner", body: body("https://files.example.test/"))
        #expect(probe.status == 200)
        #expect(probe["resolved_url"] == "https://files.example.test/simple/")
        #expect(server.operations.all == ["probe backend/new", "repository"])
        #expect(server.catalogue.current.repositories.count == before)
        #expect(try await server.send("POST", "/repos/probe", body: body("https://u:p@files.example.test/")).status == 400)
        #expect(try await server.send("POST", "/repos/probe", body: body("", kind: "hosted")).status == 409)
        #expect(
            try await server.send("POST", "/repos/probe", as: "viewer", body: body("https://files.example.test/")).status == 403)
        #expect(server.operations.all.count == 2)
        #expect(try await server.audit().map(\.outcome) == [.ok, .failed, .failed, .denied])
    }

    @Test func `probing and invalidating are for proxies and leave records`() async throws {
        let server = try await APIServer()
        let probe = try await server.send("POST", "/repos/backend/proxy/probe", as: "owner")
        #expect(probe.status == 200)
        #expect(probe["resolved_url"] == "https://files.example.test/simple/")
        #expect(try await server.send("POST", "/repos/backend/proxy/invalidate-cache", as: "owner").status == 204)
        #expect(server.operations.all == ["probe backend/proxy", "invalidate backend/proxy"])
        #expect(try await server.send("POST", "/repos/backend/hosted/probe").status == 409)
        #expect(try await server.audit().map(\.action) == ["repository.probe", "repository.invalidate", "repository.probe"])
    }
}

struct APIGroupTests {
    private func group(_ name: String, _ members: String, project: String = "backend", format: String = "notes") -> String {
        #"{"project":""# + project + #"","name":""# + name + #"","format":""# + format
            + #"","repository_type":"group","members":["# + members + "]}"
    }

    @Test func `members are kept in order and shown by name`() async throws {
        let server = try await APIServer()
        let answer = try await server.send("POST", "/repos", body: group("all", #""backend/proxy","backend/hosted""#))
        #expect(answer.status == 201)
        #expect(answer["members"] == ["backend/proxy", "backend/hosted"])
        #expect(answer["policy"] == "first_owner")
        let turned = try await server.send(
            "PATCH", "/repos/backend/all", body: #"{"members":["backend/hosted","backend/proxy"],"policy":"union"}"#)
        #expect(turned["members"] == ["backend/hosted", "backend/proxy"])
        #expect(turned["policy"] == "union")
    }

    @Test(arguments: [
        #""backend/never""#, #""hosted""#, #""backend/hosted","backend/hosted""#, #""backend/plain""#, #""/""#, #""../x/y""#,
    ]) func `members that cannot be are refused`(members: String) async throws {
        let server = try await APIServer()
        let plain = #"{"project":"backend","name":"plain","format":"plain","repository_type":"hosted"}"#
        #expect(try await server.send("POST", "/repos", body: plain).status == 201)
        let answer = try await server.send("POST", "/repos", body: group("all", members))
        #expect(answer.status == 400)
        #expect(answer.field?.hasPrefix("members[") == true)
    }

    @Test func `a member one may not read is one that does not exist`() async throws {
        let server = try await APIServer()
        let secret = try await server.send("POST", "/repos", as: "owner", body: group("all", #""other/secret""#))
        let missing = try await server.send("POST", "/repos", as: "owner", body: group("all", #""other/never0""#))
        #expect(secret.status == 400)
        #expect(secret.comparable.replacing("secret", with: "never0") == missing.comparable)
        #expect(try await server.send("POST", "/repos", as: "root", body: group("all", #""other/secret""#)).status == 201)
        #expect(try await server.send("GET", "/repos/backend/all", as: "owner").status == 404)
    }

    @Test func `a group is never a member of itself, by no detour`() async throws {
        let server = try await APIServer()
        #expect(try await server.send("POST", "/repos", body: group("a", #""backend/hosted""#)).status == 201)
        #expect(try await server.send("POST", "/repos", body: group("b", #""backend/a""#)).status == 201)
        #expect(try await server.send("POST", "/repos", body: group("c", #""backend/b""#)).status == 201)
        for members in [#""backend/a""#, #""backend/b""#, #""backend/hosted","backend/c""#] {
            let answer = try await server.send("PATCH", "/repos/backend/a", body: "{\"members\":[\(members)]}")
            #expect(answer.status == 400)
            #expect(answer.field == "members")
        }
        #expect(try await server.send("PATCH", "/repos/backend/c", body: #"{"members":["backend/a","backend/b"]}"#).status == 200)
    }

    @Test func `a member is deleted only by force, and leaves its groups`() async throws {
        let server = try await APIServer()
        #expect(try await server.send("POST", "/repos", body: group("all", #""backend/hosted","backend/proxy""#)).status == 201)
        #expect(try await server.send("DELETE", "/repos/backend/hosted").status == 409)
        // A hosted member leaves with names, of which somebody has to decide.
        #expect(try await server.send("DELETE", "/repos/backend/hosted?force=true").status == 409)
        #expect(try await server.send("DELETE", "/repos/backend/hosted?names=keep").status == 400)
        #expect(try await server.send("DELETE", "/repos/backend/hosted?names=reserve").status == 204)
        #expect(try await server.send("GET", "/repos/backend/all")["members"] == ["backend/proxy"])
        #expect(try await server.audit().last?.details["groups"] == ["backend/all"])
    }
}

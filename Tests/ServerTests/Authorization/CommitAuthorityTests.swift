internal import Foundation
import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Permission is asked for again when a change is made: a client takes as long as it likes to send it.
@Suite struct CommitAuthorityTests {
    /// What ends the right of `developer` in `open` or `closed` while a body is on its way, and the status by then.
    struct End: Sendable, CustomStringConvertible {
        let description: String
        let method: String
        let path: String
        let body: String?
        let open: Int
        let closed: Int
    }

    private static let ends = [
        End(
            description: "disabled", method: "PATCH", path: "/users/developer", body: #"{"disabled":true}"#, open: 401,
            closed: 401),
        End(description: "deleted", method: "DELETE", path: "/users/developer", body: nil, open: 401, closed: 401),
        End(
            description: "another password", method: "PUT", path: "/users/developer/password",
            body: #"{"password":"another one"}"#, open: 401, closed: 401),
        End(
            description: "no role", method: "DELETE", path: "/projects/{project}/members/developer", body: nil, open: 403,
            closed: 404),
        End(
            description: "a lower role", method: "PUT", path: "/projects/{project}/members/developer",
            body: #"{"role":"viewer"}"#, open: 403, closed: 403),
        End(
            description: "offline", method: "PATCH", path: "/repos/{project}/{name}", body: #"{"online":false}"#, open: 503,
            closed: 503),
        End(
            description: "no repository", method: "DELETE", path: "/repos/{project}/{name}?force=true&names=release", body: nil,
            open: 404,
            closed: 404),
    ]

    /// A body that publishes something, through each door.
    private static func doors() -> [(method: String, name: String, path: String, type: String, body: [UInt8])] {
        let form = AccessWorld.form(AccessWorld.newWheel, name: "demo")
        let wheel = AccessWorld.newWheel
        let bytes = Array("new".utf8)
        return [
            ("POST", "pypi-hosted", "/", form.type, form.body),
            ("PUT", "pypi-hosted", "/packages/demo/\(wheel.filename)", "application/octet-stream", wheel.bytes),
            ("PUT", "raw-hosted", "/a/new.txt", "text/plain", bytes),
            ("PUT", "npm-hosted", "/demo", "application/json", AccessWorld.publish("1.1.0")),
            ("PUT", "npm-hosted", "/-/package/demo/dist-tags/next", "application/json", Array("\"1.0.0\"".utf8)),
            ("PUT", "go-hosted", "/go.test/demo/@v/v1.1.0.zip", "application/zip", AccessWorld.goZip("demo", "v1.1.0")),
            ("PUT", "oci-hosted", "/demo/manifests/v2", AccessWorld.manifestType, AccessWorld.image("v2")),
            ("PUT", "cargo-hosted", "/api/v1/crates/new", "application/octet-stream", AccessWorld.crate("1.1.0")),
            ("PUT", "chunks-hosted", "/files/\(Digest.hex(bytes))", "application/octet-stream", bytes),
        ]
    }

    @Test(arguments: Self.ends) func `an upload that outlasts the right to it changes nothing, through every door`(_ end: End)
        async throws
    {
        for door in Self.doors() {
            for project in ["open", "closed"] {
                let world = try await AccessWorld()
                let before = try await world.audit(after: 0).count
                let files = try await world.files()
                let format = door.name.prefix { $0 != "-" }
                let answer = await world.send(
                    door.method, "/\(format)/\(project)/\(door.name)\(door.path)", as: .developer, door.body, type: door.type
                ) {
                    let path = end.path.replacing("{project}", with: project).replacing("{name}", with: door.name)
                    let answer = try await world.change(end.method, path, as: .admin, end.body ?? "")
                    try #require(answer.status < 300, "\(answer.text)")
                }
                let what: Comment = "\(door.method) \(door.name)\(door.path) in \(project)"
                #expect(answer.status == (project == "open" ? end.open : end.closed), what)
                let left = try await world.files().filter { !files.contains($0) }
                #expect(left.isEmpty, what)
                let records = try await world.audit(after: 0).dropFirst(before)
                #expect(records.count == 2 && records.first?.outcome == .ok, "\(what): \(records)")
                #expect(records.last?.outcome == (answer.status == 503 ? .failed : .denied), "\(what): \(records)")
            }
        }
    }

    @Test func `an upload in several requests ends by the right of its last one`() async throws {
        let world = try await AccessWorld()
        let opened = await world.send("POST", "/c2/open/chunks-hosted/uploads/", as: .developer)
        let place = try #require(opened.headers["Location"])
        let bytes = Array("new".utf8)
        #expect(await world.send("PATCH", place, as: .developer, bytes).status == 202)
        let end = "\(place)?digest=\(Digest.hex(bytes + bytes))"
        let refused = await world.send("PUT", end, as: .developer, bytes) {
            _ = try await world.change("PUT", "/projects/open/members/developer", as: .admin, #"{"role":"viewer"}"#)
        }
        #expect(refused.status == 403)
        #expect(await world.send("PUT", end, as: .developer, bytes).status == 403)
        _ = try await world.change("PUT", "/projects/open/members/developer", as: .admin, #"{"role":"developer"}"#)
        #expect(await world.send("PUT", end, as: .developer, bytes).status == 201)
    }

    @Test func `a policy is made and changed by the rights that there are when it is stored`() async throws {
        let loose = #""action":"allow","priority":5"#
        for (method, body, status, field) in [
            ("POST", #"{"name":"p","action":"deny","match":{}}"#, 403, nil),
            ("POST", #"{"name":"p","scope":"project:open",\#(loose),"match":{}}"#, 400, "priority"),
            ("PATCH", #"{\#(loose)}"#, 400, "priority"),
        ] as [(String, String, Int, String?)] {
            let world = try await AccessWorld()
            let open = try #require(try await world.store.read { try $0.projects() }.first { $0.name == "open" })
            let before = try await world.store.read { try $0.policies() }
            let own = try #require(before.first { $0.scope == .project(open.id) })
            let path = method == "PATCH" ? "/policies/\(own.id)" : "/policies"
            // The administrator becomes one of the owners.
            world.overtaken.beforeNextWrite {
                try await world.store.write { writing in
                    var user = try #require(try writing.users().first { $0.username == "admin" })
                    user.role = .user
                    _ = try writing.put(user)
                    try writing.put(MemberRecord(project: open.id, principal: .user("admin"), role: .owner))
                }
                try await world.catalogue.reload()
            }
            let answer = try await world.change(method, path, as: .admin, body)
            #expect(answer.status == status && answer.field == field, "\(body): \(answer.text)")
            #expect(try await world.store.read { try $0.policies() } == before)
        }
    }

    @Test func `a waiver is granted and ended by the rights that there are when that is stored`() async throws {
        for (method, body) in [("PATCH", #"{"state":"granted"}"#), ("DELETE", ""), ("POST", Self.grant)] {
            let world = try await AccessWorld()
            let before = try await world.store.read { try $0.waivers() }
            world.overtaken.beforeNextWrite {
                try await world.store.write { writing in
                    let open = try #require(try writing.projects().first { $0.name == "open" })
                    try writing.put(MemberRecord(project: open.id, principal: .user("owner"), role: .viewer))
                }
                try await world.catalogue.reload()
            }
            let path = method == "POST" ? "/waivers" : "/waivers/\(world.key(of: "waiver of open"))"
            let answer = try await world.change(method, path, as: .owner, body)
            #expect([403, 404].contains(answer.status), "\(method): \(answer.text)")
            #expect(try await world.store.read { try $0.waivers() } == before)
        }
    }

    private static let grant =
        #"{"package":"pkg:pypi/demo@1.0","policy":"rule","project":"open","reason":"r","until":"2030-01-01T00:00:00Z","state":"granted"}"#

    @Test func `a key that is revoked or ends while a body is on its way publishes nothing`() async throws {
        for ending in ["revoked", "ended"] {
            let world = try await AccessWorld()
            let text = try await world.addKey(of: .user("developer"), expires: world.clock.platform.now().adding(seconds: 60))
            try await world.catalogue.reload()
            let id = String(text.dropFirst(4).prefix(12))
            let answer = await world.send(
                "PUT", "/raw/open/raw-hosted/a/new.txt", as: .anonymous, Array("new".utf8), type: "text/plain",
                headers: [("Authorization", "Bearer \(text)")]
            ) {
                if ending == "ended" { return world.clock.advance(seconds: 60) }
                _ = try await world.change("DELETE", "/users/developer/keys/\(id)", as: .admin, "")
            }
            #expect(answer.status == 401, "\(ending)")
            #expect(await world.send("GET", "/raw/open/raw-hosted/a/new.txt", as: .admin).status == 404)
        }
    }

    @Test func `other bytes under a name take the permission to delete, and the setting, as they are at the commit`() async throws
    {
        let ends = [
            ("PUT", "/projects/open/members/owner", #"{"role":"developer"}"#),
            ("PATCH", "/repos/open/raw-hosted", #"{"allow_redeploy":false}"#),
        ]
        for (method, path, body) in ends {
            let world = try await AccessWorld()
            _ = try await world.change("PATCH", "/repos/open/raw-hosted", as: .admin, #"{"allow_redeploy":true}"#)
            let answer = await world.send("PUT", "/raw/open/raw-hosted/a/b.txt", as: .owner, Array("other".utf8)) {
                _ = try await world.change(method, path, as: .admin, body)
            }
            #expect(answer.status == 400, "\(path)")
            let still = await world.send("PUT", "/raw/open/raw-hosted/a/b.txt", as: .owner, Array("text".utf8))
            #expect(still.status == 200, "the bytes are those before")
        }
    }

    @Test(arguments: [
        ("POST", "/users", #"{"username":"fresh","password":"long enough"}"#),
        ("PATCH", "/users/subject", #"{"role":"admin"}"#), ("PUT", "/users/subject/password", #"{"password":"long enough"}"#),
        ("PUT", "/projects/open/members/subject", #"{"role":"owner"}"#), ("POST", "/user/keys", "{}"),
        ("POST", "/robots", #"{"name":"fresh"}"#), ("POST", "/robots/bot-open/keys", "{}"),
        ("POST", "/repos", #"{"project":"open","name":"fresh","format":"raw","repository_type":"hosted"}"#),
        ("PATCH", "/repos/open/raw-hosted", #"{"description":"changed"}"#),
        ("PUT", "/repos/open/pypi-hosted/packages/demo/versions/1.0/yank", #"{"reason":"broken"}"#),
    ]) func `nor does the API do for an account what it asked before it was disabled`(
        method: String, path: String, body: String
    ) async throws {
        let world = try await AccessWorld()
        let answer = await world.send(
            method, "/api/v1" + path, as: .admin, Array(body.utf8), type: "application/json"
        ) {
            let root = "Basic " + Data("root:password".utf8).base64EncodedString()
            let answer = try await world.change(
                "PATCH", "/users/admin", as: .anonymous, #"{"disabled":true}"#, headers: [("Authorization", root)])
            try #require(answer.status == 200, "\(answer.text)")
        }
        #expect(answer.status == 401)
        let records = try await world.audit(after: 0).suffix(2)
        #expect(records.map(\.action).first == "user.update")
        #expect(records.last?.outcome == .denied && records.last?.actor == "admin", "\(records)")
    }
}

extension AccessWorld {
    /// The paths of all files, by repository.
    fileprivate func files() async throws -> [String] {
        try await store.read { reading in
            try reading.repositories().flatMap { repository in
                try reading.assets(repository.id, under: "", after: nil, limit: 100).map {
                    "\(repository.coordinates)/\($0.record.path) \($0.record.attributes)"
                }
            }
        }
    }
}

import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import SaveUI
import Synchronization
import Testing

/// Every page before every caller.
@Suite struct PageAccessTests {
    /// People, and whether they may read the repositories of the project `closed`.
    private static let callers: [(name: String?, reads: Bool)] = [
        (nil, false), ("nobody", false), ("stranger", false), ("viewer", true), ("developer", true), ("owner", true),
        ("auditor", true),
        ("admin", true),
    ]

    /// Pages of a repository, by their patterns. Every one of them shows the package `demo` or the file `a/b.txt`, or how it is fetched.
    private static let pages: [(pattern: String, paths: [String])] = [
        (
            "/{format}/{project}/{repository}",
            ["pypi", "npm", "raw", "chunks"].flatMap { format in
                ["hosted", "proxy", "group"].flatMap { kind in
                    ["", "?tab=packages", "?tab=packages&q=dem"].map { "/ui/\(format)/PROJECT/\(format)-\(kind)/\($0)" }
                }
            } + ["/ui/pypi/PROJECT/pypi-group/?tab=members", "/ui/pypi/PROJECT/pypi-hosted/?client=uv"]
        ),
        (
            "/{format}/{project}/{repository}/{package}",
            ["pypi", "npm"].flatMap { format in
                ["hosted", "group"].flatMap { kind in
                    ["", "?tab=versions", "?tab=files", "?tab=security", "?tab=dependencies", "?tab=explain", "?client=uv"].map {
                        "/ui/\(format)/PROJECT/\(format)-\(kind)/demo/\($0)"
                    }
                }
            } + [
                "/ui/pypi/PROJECT/pypi-hosted/demo/1.0/", "/ui/pypi/PROJECT/pypi-group/demo/1.0/?tab=explain",
                "/ui/npm/PROJECT/npm-hosted/demo/1.0.0/", "/ui/pypi/PROJECT/pypi-hosted/demo/1.0/?tab=security",
                "/ui/go/PROJECT/go-hosted/go.test/demo/", "/ui/raw/PROJECT/raw-hosted/a/", "/ui/raw/PROJECT/raw-group/a/b.txt/",
                "/ui/raw/PROJECT/raw-hosted/a/b.txt/?content=download",
            ]
        ),
    ]

    private func visitor(_ world: AccessWorld, _ name: String?) async throws -> Visitor {
        let visitor = Visitor(world)
        if let name { #expect(try await visitor.signIn(name).status == 303) }
        return visitor
    }

    /// The answer without what differs between two requests, and between two names of a project.
    private func comparable(_ answer: APIAnswer, _ project: String) -> String {
        let lines = answer.text.replacing(project, with: "PROJECT").split(separator: "\n").filter { !$0.contains("· request ") }
        return "\(answer.status) \((answer.headers["location"] ?? "").replacing(project, with: "PROJECT")) \(lines)"
    }

    @Test func `every page has a row, and every caller gets what it may see`() async throws {
        let world = try await AccessWorld()
        for (name, reads) in Self.callers {
            let visitor = try await visitor(world, name)
            for path in Self.pages.flatMap(\.paths) {
                var hidden: [String] = []
                for project in ["open", "closed", "absent"] {
                    let answer = try await visitor.get(path.replacing("PROJECT", with: project))
                    let isSeen = project == "open" || project == "closed" && reads
                    let expected = isSeen ? 200 : name == nil ? 303 : 404
                    #expect(answer.status == expected, "\(path) in \(project) as \(name ?? "a visitor"): \(answer.text)")
                    #expect(answer.headers["WWW-Authenticate"] == nil)
                    if !isSeen { hidden.append(comparable(answer, project)) }
                }
                #expect(Set(hidden).count == 1, "\(path) as \(name ?? "a visitor"): what is hidden is not as what is missing")
            }
        }
        let routes = PageRoute.all.filter { $0.pattern.hasPrefix("/{format}") }
        #expect(Set(routes.map { "\($0.method.name) \($0.pattern)" }) == Set(Self.pages.map { "GET \($0.pattern)" }))
    }

    /// A page or a form that is of no repository, with what callers get.
    private struct Own {
        let method: HTTPMethod
        let pattern: String
        /// With the project that a refusal is of in place of `PROJECT`.
        let path: String
        var fields: [(String, String)] = []
        let visitor: Int
        let signedIn: Int
        /// What they get where the project is closed to them, or there is none: a visitor, somebody who is signed in.
        var hidden: (visitor: Int, signedIn: Int)?
        /// What `developer` gets, who has asked for it before.
        var again: Int?
    }

    private static let own = [
        Own(method: .get, pattern: "/", path: "/", visitor: 200, signedIn: 200),
        Own(method: .get, pattern: "/search", path: "/search?q=demo", visitor: 200, signedIn: 200),
        Own(method: .get, pattern: "/login", path: "/login", visitor: 200, signedIn: 303),
        Own(
            method: .post, pattern: "/login", path: "/login", fields: [("username", "absent"), ("password", "wrong")],
            visitor: 403,
            signedIn: 403),
        Own(method: .post, pattern: "/logout", path: "/logout", visitor: 403, signedIn: 303),
        Own(method: .get, pattern: "/account", path: "/account", visitor: 303, signedIn: 200),
        Own(method: .get, pattern: "/account/password", path: "/account/password", visitor: 303, signedIn: 200),
        Own(
            method: .post, pattern: "/account/password", path: "/account/password",
            fields: [("current", "wrong"), ("password", "long enough")], visitor: 403, signedIn: 403),
        Own(
            method: .post, pattern: "/account/keys", path: "/account/keys",
            fields: [("description", "x"), ("days", "30"), ("reach", "")], visitor: 403, signedIn: 201),
        Own(
            method: .post, pattern: "/account/keys/{id}/revoke", path: "/account/keys/absent/revoke", visitor: 403, signedIn: 404),
        Own(
            method: .post, pattern: "/account/keys/{id}/rotate", path: "/account/keys/absent/rotate", visitor: 403, signedIn: 404),
        Own(
            method: .post, pattern: "/account/times", path: "/account/times", fields: [("form", "absent")], visitor: 403,
            signedIn: 400),
        Own(
            method: .post, pattern: "/account/sessions/{id}/end", path: "/account/sessions/absent/end", visitor: 403,
            signedIn: 303),
        Own(method: .get, pattern: "/why/{id}", path: "/why/PROJECT", visitor: 200, signedIn: 200, hidden: (303, 404)),
        Own(
            method: .post, pattern: "/why/{id}/waiver", path: "/why/PROJECT/waiver",
            fields: [("days", "7"), ("reason", "needed")],
            visitor: 403, signedIn: 303, hidden: (403, 404), again: 409),
    ]

    @Test func `every page and form that is of no repository has a row, and every caller gets what it says`() async throws {
        for row in Self.own {
            let world = try await AccessWorld()
            let known = world.keys.withLock { $0 }
            for (name, reads) in Self.callers {
                for project in row.hidden == nil ? ["any"] : ["open", "closed", "absent"] {
                    let visitor = try await visitor(world, name)
                    let path = "/ui" + row.path.replacing("PROJECT", with: known["refusal of \(project)"] ?? "999")
                    let token = try await visitor.hidden("form_token", on: name == nil ? "/ui/login" : "/ui/account")
                    let id = [("form_id", "\(row.pattern) \(name ?? "") \(project)")]
                    let answer =
                        row.method == .get
                        ? try await visitor.get(path) : try await visitor.post(path, row.fields + id, token: token)
                    let isHidden = project == "absent" || project == "closed" && !reads
                    let (visitors, others) = isHidden ? row.hidden ?? (row.visitor, row.signedIn) : (row.visitor, row.signedIn)
                    let isAgain = name == "developer" && !isHidden
                    let expected = name == nil ? visitors : isAgain ? row.again ?? others : others
                    #expect(
                        answer.status == expected,
                        "\(row.method.name) \(row.path) in \(project) as \(name ?? "a visitor"): \(answer.text.prefix(2000))")
                    #expect(answer.headers["WWW-Authenticate"] == nil)
                }
            }
        }
        // Those of administration have a table of their own: `AdministrationAccessTests`.
        let elsewhere = ["/admin", "/audit", "/{format}"]
        let routes = PageRoute.all.filter { route in !elsewhere.contains { route.pattern.hasPrefix($0) } }
        #expect(Set(routes.map { "\($0.method.name) \($0.pattern)" }) == Set(Self.own.map { "\($0.method.name) \($0.pattern)" }))
    }

    @Test func `what somebody may not see is on no list and in no result`() async throws {
        let world = try await AccessWorld()
        for (name, reads) in Self.callers {
            let visitor = try await visitor(world, name)
            for path in [
                "/ui/", "/ui/search?q=demo", "/ui/search?q=d", "/ui/pypi/open/pypi-hosted/", "/ui/pypi/open/pypi-hosted/demo/",
            ] {
                let answer = try await visitor.get(path)
                #expect(answer.status == 200)
                // Those who may read much have a second page.
                var text = answer.text
                if let next = text.firstMatch(of: /rel="next" href="(\/ui\/\?[^"]*)"/)?.output.1 {
                    text += try await visitor.get(String(next)).text
                }
                #expect(text.contains("open"))
                #expect(
                    text.contains("closed") == (reads && !path.contains("/open/")), "\(path) as \(name ?? "a visitor")")
            }
        }
    }

    @Test func `pages and forms of an account are for its owner alone`() async throws {
        let world = try await AccessWorld()
        for route in PageRoute.all where route.needsSession {
            let path =
                "/ui"
                + route.pattern.replacing("{id}", with: "x")
                .replacing("{", with: "").replacing("}", with: "")
            let visitor = Visitor(world)
            let token = try await visitor.hidden("form_token", on: "/ui/login")
            let answer = route.method == .get ? try await visitor.get(path) : try await visitor.post(path, [], token: token)
            #expect(answer.status == (route.method == .get ? 303 : 403), "\(path)")
        }
        #expect(PageRoute.all.filter(\.needsSession).count > 50)
        let (viewer, stranger) = (Visitor(world), Visitor(world))
        try await viewer.signIn("viewer")
        try await stranger.signIn("stranger")
        let key = world.key(of: "viewer")
        #expect(try await viewer.get("/ui/account").text.contains(key))
        #expect(try await !stranger.get("/ui/account").text.contains(key))
        #expect(try await stranger.post("/ui/account/keys/\(key)/revoke", [("form_id", "1")]).status == 404)
        #expect(try await viewer.post("/ui/account/keys/\(key)/revoke", [("form_id", "1")]).status == 303)
        #expect(try await !viewer.get("/ui/account").text.contains(key))
    }

    @Test func `where nothing is public a visitor is led to the sign-in page, and somebody without rights is told what to do`()
        async throws
    {
        let world = try await AccessWorld()
        try await world.store.write { writing in
            for var record in try writing.repositories() {
                record.anonymousRead = false
                _ = try writing.put(record)
            }
        }
        try await world.catalogue.reload()
        for path in ["/ui/", "/ui/search?q=demo"] {
            let answer = try await Visitor(world).get(path)
            #expect(answer.status == 303 && answer.headers["location"]?.hasPrefix("/ui/login") == true, "\(path)")
        }
        let nobody = Visitor(world)
        try await nobody.signIn("nobody")
        #expect(try await nobody.get("/ui/").text.contains("they need your user name, <strong>nobody</strong>"))
    }
}

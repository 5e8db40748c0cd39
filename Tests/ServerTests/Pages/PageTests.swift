internal import Foundation
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import SaveUI
import Synchronization
import Testing

/// What pages promise, whatever is on them.
@Suite struct PageTests {
    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'; connect-src 'self'"

    private static let paths = [
        "/ui/", "/ui/search?q=demo", "/ui/account", "/ui/pypi/closed/pypi-group/", "/ui/pypi/closed/pypi-hosted/?client=twine",
        "/ui/raw/closed/raw-hosted/", "/ui/raw/closed/raw-hosted/?tab=packages", "/ui/pypi/closed/pypi-group/?tab=packages",
        "/ui/pypi/closed/pypi-group/?tab=members", "/ui/pypi/closed/pypi-hosted/demo/",
        "/ui/pypi/closed/pypi-hosted/demo/?tab=explain", "/ui/pypi/closed/pypi-hosted/demo/?tab=security",
        "/ui/pypi/closed/pypi-group/demo/?tab=versions", "/ui/npm/closed/npm-hosted/demo/?tab=dependencies",
        "/ui/raw/closed/raw-hosted/a/", "/ui/raw/closed/raw-hosted/a/b.txt/", "/ui/go/closed/go-hosted/go.test/demo/",
        "/ui/npm/closed/npm-group/demo/?tab=files", "/ui/pypi/closed/pypi-hosted/demo/1.0/", "/ui/absent", "/ui/a/b/c/",
    ]

    @Test(arguments: [nil, "https://save.test/tools"])
    func `every link, form and file of a page stays below the address that clients use`(_ address: String?) async throws {
        let world = try await AccessWorld(address: address)
        let prefix = address == nil ? "" : "/tools"
        let visitor = Visitor(world)
        try await visitor.signIn("owner")
        var found: Set<String> = []
        for path in Self.paths {
            let text = try await visitor.get(path).text
            for attribute in ["href", "src", "action"] {
                for part in text.components(separatedBy: " \(attribute)=\"").dropFirst() {
                    found.insert(String(part.prefix { $0 != "\"" }))
                }
            }
            #expect(!text.contains("style=\"") && !text.contains("<style") && !text.contains("onclick"), "\(path)")
        }
        #expect(found.count > 40)
        for link in found where link != "#main" { #expect(link.hasPrefix("\(prefix)/ui/") || link == "\(prefix)/api", "\(link)") }
        // Each of them leads somewhere, as the proxy in front hands it on.
        for link in found where link.hasPrefix("\(prefix)/ui/") && !link.contains("/account/") && !link.contains("logout") {
            let path = String(link.dropFirst(prefix.count).prefix { $0 != "#" }).replacing("&amp;", with: "&")
            #expect([200, 303].contains(try await visitor.get(path).status), "\(link)")
        }
    }

    @Test func `every answer holds browsers to the policy, and none is kept by others`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("owner")
        for path in Self.paths + ["/ui/login", "/ui/%00", "/ui/a//b", "/ui/../x"] {
            let answer = try await visitor.get(path)
            #expect(answer.headers["Content-Security-Policy"] == Self.policy, "\(path)")
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
            #expect(answer.headers["Referrer-Policy"] == "same-origin")
            #expect(answer.headers["Cache-Control"] == "private, no-store")
            #expect(answer.bytes.count < 100_000)
            if answer.status != 303 { #expect(answer.headers["Content-Type"] == "text/html; charset=utf-8") }
        }
    }

    @Test func `files of pages have names with their digests, and are kept for ever`() async throws {
        let world = try await AccessWorld()
        let page = try await Visitor(world).get("/ui/").text
        var types: Set<String> = []
        for part in page.components(separatedBy: "\"/ui/static/").dropFirst() {
            let name = String(part.prefix { $0 != "\"" })
            let answer = try await Visitor(world).get("/ui/static/\(name)")
            #expect(answer.status == 200)
            #expect(answer.headers["Cache-Control"] == "public, max-age=31536000, immutable")
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
            #expect(answer.bytes.count < (name.hasSuffix(".js") ? 10_240 : 32_768))
            types.insert(answer.headers["Content-Type"] ?? "")
        }
        #expect(types == ["text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml"])
        #expect(try await Visitor(world).get("/ui/static/00000000000000000000.css").status == 404)
    }

    @Test func `a change needs the token of its session, and comes from a page of this server`() async throws {
        let world = try await AccessWorld()
        let (visitor, other) = (Visitor(world), Visitor(world))
        try await visitor.signIn("owner")
        try await other.signIn("stranger")
        let foreign = try await other.hidden("form_token", on: "/ui/account")
        let before = try await world.state()
        for token in ["", "x", foreign, String(repeating: "0", count: 64)] {
            let answer = try await visitor.post(
                "/ui/account/keys", [("description", "x"), ("reach", "read:"), ("form_id", "1")], token: token)
            #expect(answer.status == 403)
            #expect(answer.text.contains("open the page, and send it again"))
        }
        for headers in [
            [("Origin", "https://elsewhere.test")], [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
            [("Origin", "null")],
        ] {
            let answer = try await visitor.post("/ui/logout", [], headers: headers)
            #expect(answer.status == 403 && answer.text.contains("Cross-site request refused"), "\(headers)".unescaped)
            #expect(answer.headers["Content-Type"] == "text/html; charset=utf-8")
        }
        let json = try await visitor.send("POST", "/ui/logout", "{}", type: "application/json")
        #expect(json.status == 415)
        #expect(try await world.state() == before)
        #expect(
            try await Visitor(world).post("/ui/login", [("username", "owner"), ("password", "password")], token: "").status == 403
        )
    }

    @Test func `a key is made with the rights that were chosen, shown once, and made once`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("owner")
        let page = "/ui/account?for=closed/pypi-hosted"
        let id = try await visitor.hidden("form_id", on: page)
        let fields = [("description", "laptop <b>"), ("days", "90"), ("reach", "write:closed/pypi-hosted"), ("form_id", id)]
        let made = try await visitor.post("/ui/account/keys", fields)
        #expect(made.status == 201, "\(made.text)")
        let text = try #require(made.text.firstMatch(of: /sav_[0-9A-Za-z]{50}/)).output
        #expect(
            made.text.contains("index-url = https://owner:\(text)@") || made.text.contains("index-url = http://owner:\(text)@"))
        #expect(made.text.contains("laptop &lt;b&gt;"))
        #expect(try await !visitor.get("/ui/account").text.contains(text))
        let keys = try await world.store.read { try $0.keys().filter { $0.description == "laptop <b>" } }
        #expect(keys.map(\.scopes) == [[KeyScope(resource: "closed/pypi-hosted", permissions: [.read, .write])]])
        #expect(keys.first?.expires == world.clock.platform.now().adding(seconds: 90 * 86_400))
        // A reload sends the form again.
        #expect(try await visitor.post("/ui/account/keys", fields).status == 409)
        let count = try await world.store.read { try $0.keys().filter { $0.description == "laptop <b>" }.count }
        #expect(count == 1)
    }

    @Test func `every failure is a page that says how to go on`() async throws {
        let world = try await AccessWorld()
        let visitor = Visitor(world)
        try await visitor.signIn("owner")
        for (path, status) in [
            ("/ui/absent", 404), ("/ui/pypi/open/absent/", 404), ("/ui/pypi/open/pypi-hosted/absent/", 404),
            ("/ui/pypi/open/pypi-hosted/demo/9/", 404),
            ("/ui/raw/open/pypi-hosted/", 404), ("/ui/pypi/open/pypi-hosted/?tab=x", 404),
            ("/ui/pypi/open/pypi-hosted/demo/?tab=x", 404),
            ("/ui/raw/open/raw-hosted/absent/", 404), ("/ui/%ff", 400), ("/ui/%2e%2e/x", 400), ("/ui/search?q=%", 400),
            ("/ui/search?q=" + String(repeating: "a", count: 201), 400), ("/ui/pypi/open/pypi-hosted/?tab=packages&after=x", 400),
        ] {
            let answer = try await visitor.get(path)
            #expect(answer.status == status, "\(path): \(answer.text)")
            #expect(answer.text.contains("<h1>") && answer.text.contains("href=\"/ui/\""), "\(path)")
        }
        for (method, path) in [
            ("DELETE", "/ui/"), ("POST", "/ui/"), ("PUT", "/ui/pypi/open/pypi-hosted/"), ("GET", "/ui/logout"),
        ] {
            let answer = try await visitor.send(method, path)
            #expect(answer.status == 405 && answer.headers["Allow"]?.contains("OPTIONS") == true, "\(method) \(path)")
            #expect(answer.text.contains("<h1>"))
        }
        #expect(try await visitor.send("OPTIONS", "/ui/login").headers["Allow"] == "GET, HEAD, OPTIONS, POST")
    }

    @Test func `where nothing can be kept a form is refused with a page`() async throws {
        let isGone = Mutex(false)
        let world = try await AccessWorld(checkWritable: {
            if isGone.withLock({ $0 }) { throw SaveError(.storageUnavailable, "the data directory is gone") }
        })
        isGone.withLock { $0 = true }
        let answer = try await Visitor(world).post("/ui/login", [("username", "owner"), ("password", "password")], token: "x")
        #expect(answer.status == 503 && answer.headers["Retry-After"] == "5")
        #expect(answer.text.contains("The data directory is gone."))
    }

    @Test func `a browser at the root is led to the pages, and programs get their line`() async throws {
        let world = try await AccessWorld(address: "https://save.test/tools")
        let browser = try await Visitor(world).get(
            "/", [("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")])
        #expect((browser.status, browser.headers["Location"]) == (303, "/tools/ui/"))
        for accept in ["*/*", "application/json"] {
            #expect(try await Visitor(world).get("/", [("Accept", accept)]).text.hasPrefix("Save: a repository manager"))
        }
        #expect(try await Visitor(world).get("/ui").headers["Location"] == "/tools/ui/")
    }

    @Test func `hostile names and descriptions are text on every page`() async throws {
        let world = try await AccessWorld()
        let hostile = "\"><script>alert(1)</script>'"
        let now = world.clock.platform.now()
        try await world.store.write { writing in
            for var record in try writing.repositories() where record.project == "closed" {
                record.description = hostile
                _ = try writing.put(record)
            }
            let hosted = try writing.repositories().filter {
                $0.project == "closed" && ["npm-hosted", "pypi-hosted"].contains($0.name)
            }
            for repository in hosted {
                try writing.put(
                    PackageRecord(
                        repository: repository.id, id: PackageID(normalized: "demo"), displayName: hostile, created: now,
                        updated: now))
            }
        }
        try await world.catalogue.reload()
        let visitor = Visitor(world)
        try await visitor.signIn("owner")
        for path in Self.paths + [
            "/ui/search?q=" + ASCII.percentEncoded(hostile),
            "/ui/pypi/closed/pypi-hosted/?tab=packages&q=" + ASCII.percentEncoded(hostile),
        ] {
            let text = try await visitor.get(path, [("User-Agent", hostile)]).text
            #expect(!text.contains("<script>") && text.components(separatedBy: "<script").count == 2, "\(path)")
        }
        #expect(
            try await visitor.get("/ui/search?q=script").text.contains(
                "'&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;\\&#39;&#39;'") == false)
    }
}

extension String {
    fileprivate var unescaped: Comment { Comment(rawValue: self) }
}

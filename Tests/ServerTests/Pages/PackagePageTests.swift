import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// The parts of a package's page, and of a repository of files.
@Suite struct PackagePageTests {
    /// Publishes a wheel of `demo` that says something.
    private func publish(
        _ version: String, _ headers: [String] = [], readme: String? = nil, of name: String = "demo", in world: AccessWorld
    ) async throws {
        let body = readme.map { ["Description-Content-Type: text/markdown", "", $0] } ?? []
        let wheel = FixtureWheel(name: name, version: version, extraHeaders: headers + body)
        let form = AccessWorld.form(wheel, name: name)
        #expect(await world.send("POST", "/pypi/closed/pypi-hosted/", as: .admin, form.body, type: form.type).status == 200)
    }

    private func visitor(_ world: AccessWorld, _ name: String = "viewer") async throws -> Visitor {
        let visitor = Visitor(world)
        try await visitor.signIn(name)
        return visitor
    }

    @Test func `the README of the newest release is the first that a page shows, and of a version its own`() async throws {
        let world = try await AccessWorld()
        try await publish("1.5", readme: "# Of 1.5\n\n[x](https://x.test) <b>raw</b>", in: world)
        try await publish("2.0a1", readme: "# Of 2.0a1", in: world)
        let visitor = try await visitor(world)
        let page = "/ui/pypi/closed/pypi-hosted/demo/"
        for path in [page, page + "1.5/", "/ui/pypi/closed/pypi-group/demo/"] {
            let text = try await visitor.get(path).text
            #expect(text.contains("Of 1.5</h2>") && text.contains("<p>A package made for a test</p>"), "\(path)")
            #expect(text.contains("&lt;b&gt;raw&lt;/b&gt;") && text.contains("href=\"https://x.test\" rel=\"nofollow"))
            #expect(!text.contains("Of 2.0a1"))
        }
        #expect(try await visitor.get(page + "2.0a1/").text.contains("Of 2.0a1</h2>"))
        #expect(
            try await visitor.get(page + "1.0/").text.contains("<pre class=\"prose plain\" tabindex=\"0\">A description.\n</pre>")
        )
    }

    @Test func `the newest release is no pre-release, not yanked and not refused`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world)
        let page = "/ui/pypi/closed/pypi-hosted/demo/"
        func newest() async throws -> Substring? {
            try await visitor.get(page).text.firstMatch(of: /<dt>Newest<\/dt><dd><a [^>]*>([^<]*)</)?.output.1
        }
        try await publish("1.1", in: world)
        try await publish("1.2", in: world)
        try await publish("1.3rc1", in: world)
        #expect(try await newest() == "1.2")
        let yank = try await world.change(
            "PUT", "/repos/closed/pypi-hosted/packages/demo/versions/1.2/yank", as: .admin, "{\"reason\":\"broken\"}")
        #expect(yank.status == 204, "\(yank.text)")
        #expect(try await newest() == "1.1")
        let policy = try await world.change(
            "POST", "/policies", as: .admin,
            """
            {"name":"no-1.1","scope":"repository:closed/pypi-hosted","action":"deny","include_hosted":true,
             "match":{"packages":["demo"],"versions":"==1.1"}}
            """)
        #expect(policy.status == 201, "\(policy.text)")
        #expect(try await newest() == "1.0")
        let versions = try await visitor.get(page + "?tab=versions").text
        for word in [">pre-release<", ">yanked<", ">refused<", ">allowed<", "broken"] {
            #expect(versions.contains(word), "\(word)")
        }
        // What is kept from clients is not described either.
        #expect(try await visitor.get(page + "1.1/").text.contains("is not shown either"))
    }

    @Test func `what a release needs leads to the pages of what it needs`() async throws {
        let world = try await AccessWorld()
        try await publish("3.0", ["Requires-Dist: Other_Thing[x]>=1", "Requires-Dist: zope; extra == 'web'"], in: world)
        let text = try await visitor(world).get("/ui/pypi/closed/pypi-hosted/demo/?tab=dependencies").text
        #expect(text.contains("href=\"/ui/pypi/closed/pypi-hosted/other-thing/\">Other_Thing<") && text.contains("[x]&gt;=1"))
        #expect(text.contains("extra web"))
        #expect(text.contains("Dependencies<span class=\"count\">2</span>"))
    }

    @Test func `downloads and the audit trail are for those who see the whole server`() async throws {
        let world = try await AccessWorld()
        for name in ["viewer", "owner", "auditor", "admin"] {
            let visitor = try await visitor(world, name)
            let isSeen = ["auditor", "admin"].contains(name)
            let page = try await visitor.get("/ui/pypi/closed/pypi-hosted/demo/").text
            for tab in ["downloads", "audit"] {
                #expect(page.contains("?tab=\(tab)\"") == isSeen, "\(tab) as \(name)")
                let answer = try await visitor.get("/ui/pypi/closed/pypi-hosted/demo/?tab=\(tab)")
                #expect(answer.status == (isSeen ? 200 : 404), "\(tab) as \(name)")
            }
        }
        let audit = try await visitor(world, "auditor").get("/ui/pypi/closed/pypi-hosted/demo/?tab=audit").text
        #expect(audit.contains("file.upload") && audit.contains(AccessWorld.wheel.filename))
        #expect(!audit.contains("open/pypi-hosted/"))
        let visitor = Visitor(world)
        #expect(try await visitor.get("/ui/pypi/open/pypi-hosted/demo/?tab=security").text.contains("to see advisories"))
        #expect(try await visitor.get("/ui/pypi/open/pypi-hosted/demo/?tab=audit").status == 404)
    }

    @Test func `a project's status is told before the line that installs`() async throws {
        let world = try await AccessWorld()
        let change = try await world.change(
            "PATCH", "/repos/closed/pypi-hosted/packages/demo", as: .admin,
            "{\"attributes\":{\"project-status\":{\"status\":\"archived\",\"reason\":\"use <x> instead\"}}}")
        #expect(change.status == 200, "\(change.text)")
        let text = try await visitor(world).get("/ui/pypi/closed/pypi-hosted/demo/").text
        #expect(text.contains("This package is archived.") && text.contains("use &lt;x&gt; instead."))
        #expect(text.contains("<span class=\"badge warn\">archived</span>"))
    }

    // MARK: - Files

    private func put(_ path: String, _ bytes: [UInt8], in world: AccessWorld) async {
        #expect(await world.send("PUT", "/raw/closed/raw-hosted/\(path)", as: .admin, bytes).status == 201, "\(path)")
    }

    @Test func `directories are opened one by one, and page by page`() async throws {
        let world = try await AccessWorld()
        for number in 100..<210 { await put("many/f\(number).txt", [65], in: world) }
        for number in 0..<5 { await put("many/d\(number)/x/y.txt", [65], in: world) }
        let visitor = try await visitor(world)
        let files = "/ui/raw/closed/raw-hosted/"
        let top = try await visitor.get(files + "?tab=packages").text
        #expect(top.contains("href=\"\(files)many/\">many/<") && top.contains(">a/<") && !top.contains("f100.txt"))
        let first = try await visitor.get(files + "many/").text
        #expect(first.matches(of: /<tr><td><a/).count == 100)
        #expect(first.contains(">d0/<") && first.contains(">f194.txt<") && !first.contains(">f195.txt<"))
        let next = try #require(first.firstMatch(of: /rel="next" href="([^"]*)"/)?.output.1)
        let second = try await visitor.get(String(next)).text
        #expect(second.matches(of: /<tr><td><a/).count == 15 && second.contains(">f195.txt<") && !second.contains("rel=\"next\""))
        #expect(try await visitor.get(files + "many/d0/").text.contains(">x/<"))
        #expect(try await visitor.get(files + "many/nothing/").status == 404)
        #expect(try await visitor.get("/ui/raw/closed/raw-group/many/d0/x/y.txt/").text.contains("closed/raw-hosted"))
    }

    @Test func `text and images are shown, and nothing of a publisher runs on the pages' origin`() async throws {
        let world = try await AccessWorld()
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]
        let page = Array("<html><script>alert(1)</script>".utf8)
        for (path, bytes) in [
            ("p/a.html", page), ("p/b.png", png), ("p/c.png", page), ("p/d.svg", Array("<svg onload=alert(1)/>".utf8)),
            ("p/e.bin", [0, 1, 2]), ("p/README.md", Array("# T\n\n<b>x</b>".utf8)),
        ] { await put(path, bytes, in: world) }
        let visitor = try await visitor(world)
        let files = "/ui/raw/closed/raw-hosted/p/"
        #expect(try await visitor.get(files + "a.html/").text.contains("&lt;script&gt;alert(1)"))
        #expect(try await visitor.get(files + "d.svg/").text.contains("&lt;svg onload"))
        #expect(try await visitor.get(files + "e.bin/").text.contains("no preview"))
        #expect(try await visitor.get(files + "README.md/").text.contains("<h2 id=\"readme-t\">T</h2>"))
        let shown = try await visitor.get(files + "b.png/").text
        #expect(shown.contains("<img class=\"shown\" src=\"\(files)b.png/?content=image\" alt=\"b.png\">"))
        let image = try await visitor.get(files + "b.png/?content=image")
        #expect(image.status == 200 && image.bytes == png && image.headers["Content-Type"] == "image/png")
        for name in ["a.html", "c.png", "d.svg", "e.bin"] {
            #expect(try await visitor.get(files + "\(name)/?content=image").status == 404, "\(name)")
            let file = try await visitor.get(files + "\(name)/?content=download")
            #expect(file.status == 200)
            #expect(file.headers["Content-Type"] == "application/octet-stream")
            #expect(file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''\(name)")
            for answer in [file, image] {
                #expect(answer.headers["Content-Security-Policy"] == HTTPResponse.inertPolicy)
                #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
            }
        }
        #expect(try await visitor.get(files + "a.html/?content=page").status == 404)
    }

    @Test func `a file that is read on a page is in the trail of downloads, where its repository records them`() async throws {
        let world = try await AccessWorld()
        let answer = try await world.change("PATCH", "/repos/closed/raw-hosted", as: .admin, "{\"audit_downloads\":true}")
        #expect(answer.status == 200, "\(answer.text)")
        let visitor = try await visitor(world)
        let before = try await world.lastSequence()
        for query in ["", "?content=download"] {
            #expect(try await visitor.get("/ui/raw/closed/raw-hosted/a/b.txt/" + query).status == 200)
        }
        let records = try await world.audit(after: before).filter { $0.action == "file.download" }
        #expect(Set(records.map(\.resource)) == ["closed/raw-hosted/a/b.txt"] && records.allSatisfy { $0.actor == "viewer" })
    }
}

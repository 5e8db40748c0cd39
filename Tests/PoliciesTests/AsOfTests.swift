import EngineTestKit
import FormatNpm
import FormatPyPI
import FormatRaw
import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServing
import SaveStorage
import SaveTestKit
import Testing

/// Repositories as they were, in every format.
@Suite struct AsOfTests {
    private static let base = EngineFixture.base
    private static let simpleJSON = "application/vnd.pypi.simple.v1+json"
    private static let now = Timestamp(seconds: 1_800_000_000)

    // MARK: PyPI

    /// The proxy `u`, the hosted `h`, the group `g` over the proxy, and `both` over both.
    private func made(
        _ format: String, policy: GroupSettings.Policy = .firstOwner, pageCacheSize: Int? = nil
    ) async throws -> EngineFixture {
        let engine = try await EngineFixture(
            further: [PyPIFormat.self, RawFormat.self, NpmFormat.self], pageCacheSize: pageCacheSize)
        let proxy = try await engine.add("u", .proxy) { $0.format = format }
        let hosted = try await engine.add("h", .hosted) { $0.format = format }
        for (name, members) in [("g", [proxy]), ("both", [hosted, proxy])] {
            try await engine.add(name, .group) { record in
                (record.format, record.group.members, record.group.policy) = (format, members, policy)
            }
        }
        return engine
    }

    private static func wheel(_ version: String) -> String { "foo-\(version)-py3-none-any.whl" }

    /// Wheels of `foo` upstream with their times; without a time where there is none.
    private func offer(_ engine: EngineFixture, _ files: [(version: String, time: String?)]) {
        let entries = files.map { version, time in
            let name = Self.wheel(version)
            engine.upstream.answer(Self.base + "files/" + name, text: name)
            engine.upstream.answer(Self.base + "files/\(name).metadata", text: "Metadata-Version: 2.1\nName: foo\n")
            let when = time.map { #","upload-time":"\#($0)""# } ?? ""
            return
                #"{"filename":"\#(name)","url":"../files/\#(name)","hashes":{"sha256":"\#(BlobDigest(of: Array(name.utf8)).hex)"},"core-metadata":true\#(when)}"#
        }
        let page = #"{"meta":{"api-version":"1.3"},"name":"foo","files":["# + entries.joined(separator: ",") + "]}"
        engine.upstream.answer(
            Self.base + "foo/", .init(headers: ["Content-Type": Self.simpleJSON], chunks: [Array(page.utf8)]))
    }

    private func json(_ engine: EngineFixture, _ path: String, accept: String = "application/json") async throws -> JSONObject {
        let answer = await engine.send(.get, path, headers: ["Accept": accept])
        #expect(answer.status == 200, "\(path)")
        return try #require(JSONValue(parsing: Array(try await answer.text().utf8)).object)
    }

    private func listed(_ engine: EngineFixture, _ path: String) async throws -> [String] {
        try await json(engine, path, accept: Self.simpleJSON)["files"]?.array?.compactMap {
            $0.object?["filename"]?.string
        } ?? []
    }

    @Test(arguments: [GroupSettings.Policy.firstOwner, .union])
    func `what was published later is on no page and missing as a file, and nobody asks an upstream for it`(
        _ policy: GroupSettings.Policy
    ) async throws {
        let engine = try await made("pypi", policy: policy)
        offer(
            engine,
            [("1.0", "2026-10-01T00:00:00Z"), ("2.0", "2026-11-01T00:00:00Z"), ("3.0", "2026-11-01T00:00:01Z"), ("4.0", nil)])
        let why =
            "'\(Self.wheel("3.0"))' was published at 2026-11-01T00:00:01Z and is not there as of 2026-11-01T00:00:00Z: ask for a later time, or leave out /+at/2026-11-01/"
        for name in ["u", "g", "both"] {
            let root = "/pypi/p/\(name)/+at/2026-11-01/"
            #expect(try await listed(engine, root + "simple/foo/") == [Self.wheel("1.0"), Self.wheel("2.0")], "\(name)")
            let html = try await engine.send(.get, root + "simple/foo/", headers: ["Accept": "text/html"]).text()
            #expect(html.contains(Self.wheel("2.0")) && !html.contains(Self.wheel("3.0")), "\(name)")
            let legacy = try await json(engine, root + "pypi/foo/json")
            #expect(legacy["info"]?.object?["version"] == "2.0", "\(name)")
            #expect(legacy["releases"]?.object?.keys.sorted() == ["1.0", "2.0"], "\(name)")
            #expect(await engine.send(.get, root + "pypi/foo/3.0/json").status == 404, "\(name)")
            let path = root + "packages/foo/" + Self.wheel("3.0")
            for (method, path, headers) in [
                (.get, path, [:]), (.head, path, [:]), (.get, path, ["Range": "bytes=0-0"]), (.get, path + ".metadata", [:]),
            ] as [(HTTPMethod, String, HTTPHeaders)] {
                let missing = await engine.send(method, path, headers: headers)
                #expect(missing.status == 404, "\(name) \(method) \(path)")
                if method == .get { #expect(try await missing.text() == why + "\n", "\(name) \(path)") }
            }
            let unknown = await engine.send(.get, root + "packages/foo/" + Self.wheel("4.0"))
            #expect(unknown.status == 404, "\(name)")
            #expect(try await unknown.text().hasPrefix("it is not known when '\(Self.wheel("4.0"))' was published"), "\(name)")
            #expect(try await engine.get(root + "packages/foo/" + Self.wheel("2.0")) == (200, Self.wheel("2.0")), "\(name)")
            #expect(await engine.send(.get, root + "packages/foo/\(Self.wheel("2.0")).metadata").status == 200, "\(name)")
        }
        #expect(
            engine.upstream.requests.allSatisfy { !$0.url.contains(Self.wheel("3.0")) && !$0.url.contains(Self.wheel("4.0")) })
        // What is here by now is still not what was there then.
        for version in ["3.0", "4.0"] {
            let path = "packages/foo/" + Self.wheel(version)
            #expect(try await engine.get("/pypi/p/u/\(path)").status == 200)
            #expect(try await engine.get("/pypi/p/u/+at/2026-11-01/\(path)").status == 404)
            #expect(try await engine.get("/pypi/p/u/+at/2026-11-01/\(path).metadata").status == 404)
        }
        #expect(try await engine.get("/pypi/p/u/+at/2027-01-15T08:00:00Z/packages/foo/" + Self.wheel("4.0")).status == 200)
    }

    @Test func `times that are written in several ways are one page, and each time has its own`() async throws {
        let engine = try await made("pypi")
        offer(engine, [("1.0", "2026-10-01T00:00:00Z"), ("2.0", "2026-11-15T00:00:00Z")])
        #expect(try await listed(engine, "/pypi/p/u/simple/foo/").count == 2)
        let before = engine.serving.renderings
        for time in [
            "2026-11-01", "2026-11-01T00:00:00Z", "2026-11-01T00%3A00%3A00Z", "2026-11-01T01:00:00+01:00",
            "2026-11-01T01:00:00%2b01:00",
        ] {
            #expect(try await listed(engine, "/pypi/p/u/+at/\(time)/simple/foo/") == [Self.wheel("1.0")], "\(time)")
        }
        #expect(try await listed(engine, "/pypi/p/u/%2Bat/2026-11-01/simple/foo/") == [Self.wheel("1.0")])
        #expect(engine.serving.renderings == before + 1)
        #expect(try await listed(engine, "/pypi/p/u/+at/2026-11-16/simple/foo/").count == 2)
        #expect(try await listed(engine, "/pypi/p/u/+at/2026-01-01/simple/foo/") == [])
        #expect(try await listed(engine, "/pypi/p/u/simple/foo/").count == 2)
        #expect(engine.serving.renderings == before + 3)
        #expect(engine.upstream.requests(of: Self.base + "foo/").count == 1)
    }

    @Test func `pages as of many times push out no page of now`() async throws {
        let engine = try await made("pypi", pageCacheSize: 32 << 10)
        offer(engine, [("1.0", "2026-10-01T00:00:00Z")])
        #expect(try await listed(engine, "/pypi/p/u/simple/foo/").count == 1)
        let before = engine.serving.renderings
        for minute in 10..<60 {
            #expect(try await listed(engine, "/pypi/p/u/+at/2026-11-01T00:\(minute):00Z/simple/foo/").count == 1)
        }
        #expect(try await listed(engine, "/pypi/p/u/simple/foo/").count == 1)
        #expect(engine.serving.renderings == before + 50)
        #expect(engine.serving.pageCacheUsage.count < 10)
    }

    @Test func `a policy counts as of now, and a file that it refuses is refused`() async throws {
        let engine = try await made("pypi")
        offer(engine, [("1.0", "2026-10-01T00:00:00Z"), ("2.0", "2026-10-15T00:00:00Z"), ("3.0", "2026-12-01T00:00:00Z")])
        _ = try await engine.add(policy: "holes") { $0.match.versions = ">=2.0" }
        for name in ["u", "g"] {
            let root = "/pypi/p/\(name)/+at/2026-11-01/"
            for version in ["2.0", "3.0"] {
                let refused = await engine.send(.get, root + "packages/foo/" + Self.wheel(version))
                #expect(refused.status == 403 && refused.headers["x-save-reason"]?.contains("policy holes") == true, "\(version)")
            }
            let files = try await json(engine, root + "simple/foo/", accept: Self.simpleJSON)["files"]?.array?.compactMap(
                \.object)
            #expect(files?.compactMap { $0["filename"]?.string } == [Self.wheel("1.0"), Self.wheel("2.0")], "\(name)")
            #expect(files?.last?["yanked"]?.string?.contains("policy holes") == true, "\(name)")
        }
    }

    @Test func `a file without a time was there since this server first knew of it, where that was noted`() async throws {
        let engine = try await made("pypi")
        offer(engine, [("1.0", nil)])
        let first = Self.now.rfc3339
        #expect(try await listed(engine, "/pypi/p/u/+at/\(first)/simple/foo/") == [])
        // A policy that asks for the age notes it.
        _ = try await engine.add(policy: "cooldown") { ($0.match.youngerThan, $0.isDryRun) = ("7d", true) }
        #expect(try await listed(engine, "/pypi/p/u/simple/foo/").count == 1)
        engine.clock.advance(seconds: 3600)
        #expect(try await listed(engine, "/pypi/p/u/+at/\(first)/simple/foo/") == [Self.wheel("1.0")])
        #expect(try await listed(engine, "/pypi/p/u/+at/\(Self.now.adding(seconds: -1).rfc3339)/simple/foo/") == [])
    }

    // MARK: npm

    @Test func `npm's latest is the newest version of then, and tarballs stay in the past`() async throws {
        let engine = try await made("npm")
        var versions = JSONObject()
        var time: JSONObject = ["created": "2026-01-01T00:00:00.000Z", "modified": "2026-12-24T00:00:00.000Z"]
        for (version, published) in [
            ("1.0.0", "2026-09-01"), ("1.1.0", "2026-10-01"), ("2.0.0", "2026-12-01"), ("2.1.0-rc.1", "2026-10-20"),
        ] {
            let url = Self.base + "bar/-/bar-\(version).tgz"
            let dist: JSONObject = [
                "tarball": .string(url), "shasum": .string(Digest.hex(Array("tarball \(version)".utf8), .sha1)),
            ]
            versions[version] = ["name": "bar", "version": .string(version), "dist": .object(dist)]
            time[version] = .string(published + "T00:00:00.000Z")
            engine.upstream.answer(url, text: "tarball " + version)
        }
        let packument: JSONObject = [
            "name": "bar", "dist-tags": ["latest": "2.0.0", "next": "2.1.0-rc.1", "stable": "2.0.0"],
            "versions": .object(versions), "time": .object(time),
        ]
        engine.upstream.answer(
            Self.base + "bar",
            .init(headers: ["Content-Type": "application/json"], chunks: [JSONValue.object(packument).bytes]))
        for name in ["u", "g"] {
            let root = "/npm/p/\(name)/+at/2026-11-01/"
            for accept in ["application/json", "application/vnd.npm.install-v1+json"] {
                let answer = await engine.send(.get, root + "bar", headers: ["Accept": accept, "Host": "save.test"])
                let document = try #require(JSONValue(parsing: Array(try await answer.text().utf8)).object)
                #expect(document["dist-tags"] == ["next": "2.1.0-rc.1", "latest": "1.1.0"], "\(name) \(accept)")
                #expect(document["versions"]?.object?.keys.sorted() == ["1.0.0", "1.1.0", "2.1.0-rc.1"])
                let tarball = document["versions"]?.object?["1.1.0"]?.object?["dist"]?.object?["tarball"]?.string
                #expect(tarball == "http://save.test\(root)bar/-/bar-1.1.0.tgz")
                if let times = document["time"]?.object {
                    #expect(times["2.0.0"] == nil && times["modified"] == "2026-10-20T00:00:00Z")
                }
            }
            #expect(try await engine.get(root + "bar/-/bar-1.1.0.tgz") == (200, "tarball 1.1.0"))
            let missing = await engine.send(.get, root + "bar/-/bar-2.0.0.tgz")
            #expect(missing.status == 404 && missing.headers["npm-notice"]?.contains("was published at 2026-12-01") == true)
            #expect(await engine.send(.get, "/npm/p/\(name)/+at/2026-01-01/bar").status == 404)
            #expect(await engine.send(.get, root + "bar/2.0.0").status == 404)
            #expect(try await json(engine, root + "bar/latest")["version"] == "1.1.0")
        }
    }

    @Test func `an audit may be asked for, and every change is refused with one line`() async throws {
        let engine = try await made("npm")
        let root = "/npm/p/h/+at/2026-11-01/"
        let audit = await engine.send(
            .post, root + "-/npm/v1/security/advisories/bulk", headers: ["Content-Type": "application/json"],
            body: ByteStream(Array("{}".utf8)))
        #expect(audit.status == 200)
        for (method, path) in [
            (.put, "bar"), (.put, "-/package/bar/dist-tags/next"), (.delete, "bar/-/bar-1.0.0.tgz"),
            (.delete, "bar/-/bar-1.0.0.tgz/-rev/1"), (.put, "bar/-rev/1"), (.put, "-/user/org.couchdb.user:dev"),
        ] as [(HTTPMethod, String)] {
            let refused = await engine.send(method, root + path, body: ByteStream(Array("{}".utf8)))
            #expect(refused.status == 405, "\(path)")
            #expect(refused.headers["npm-notice"]?.contains("leave out /+at/ and the time") == true, "\(path)")
            #expect(refused.headers["allow"]?.contains("PUT") != true, "\(path)")
        }
    }

    // MARK: Raw

    @Test func `plain files are there since they were uploaded, and a group goes on to who had one`() async throws {
        let engine = try await made("raw")
        let other = try await engine.add("h2", .hosted) { $0.format = "raw" }
        let hosted = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        try await engine.add("hosts", .group) { ($0.format, $0.group.members) = ("raw", [hosted, other]) }
        #expect(await engine.put("/raw/p/h2/a/1.txt", "older").status == 201)
        engine.clock.advance(seconds: 60)
        let then = engine.clock.platform.now().rfc3339
        engine.clock.advance(seconds: 60)
        #expect(await engine.put("/raw/p/h/a/1.txt", "newer").status == 201)
        #expect(await engine.put("/raw/p/h/a/2.txt", "two").status == 201)
        #expect(try await engine.get("/raw/p/hosts/a/1.txt") == (200, "newer"))
        for _ in 0..<2 {
            #expect(try await engine.get("/raw/p/hosts/+at/\(then)/a/1.txt") == (200, "older"))
            let missing = try await engine.get("/raw/p/hosts/+at/\(then)/a/2.txt")
            #expect(missing.status == 404 && missing.text.contains("'2.txt' was published at"))
            #expect(try await engine.get("/raw/p/h/+at/\(then)/a/1.txt").status == 404)
        }
        let page = try await engine.get("/raw/p/h/+at/\(then)/a/")
        #expect(page.status == 200 && !page.text.contains("1.txt"))
        #expect(try await engine.get("/raw/p/h2/+at/\(then)/a/").text.contains("1.txt"))
        let later = engine.clock.platform.now().rfc3339
        #expect(try await engine.get("/raw/p/h/+at/\(later)/a/").text.contains("2.txt"))
    }

    @Test func `of a site without an index there is what was fetched by then, and it is not asked again`() async throws {
        let engine = try await made("raw")
        engine.upstream.answer(Self.base + "a%3Bb.txt?x=1", text: "one")
        engine.upstream.answer(Self.base + "b.txt", text: "two")
        #expect(try await engine.get("/raw/p/u/a%3Bb.txt?x=1") == (200, "one"))
        let then = engine.clock.platform.now().rfc3339
        engine.clock.advance(seconds: 86_400)
        engine.upstream.answer(Self.base + "a%3Bb.txt?x=1", text: "other")
        for name in ["u", "g"] {
            #expect(try await engine.get("/raw/p/\(name)/+at/\(then)/a%3Bb.txt?x=1") == (200, "one"), "\(name)")
            #expect(try await engine.get("/raw/p/\(name)/+at/\(then)/b.txt").status == 404, "\(name)")
        }
        #expect(engine.upstream.requestCount == 1)
        #expect(try await engine.get("/raw/p/u/a%3Bb.txt?x=1") == (200, "other"))
        let replaced = try await engine.get("/raw/p/u/+at/\(then)/a%3Bb.txt?x=1")
        #expect(replaced.status == 404 && replaced.text.contains("was published at"))
    }

    @Test func `what was can only be read, and its name is taken by no file`() async throws {
        let engine = try await made("raw")
        for (method, path) in [
            (.put, "a.txt"), (.delete, "a.txt"), (.delete, "a/?recursive=true"), (.post, "a.txt"), (.patch, "a.txt"),
        ]
            as [(HTTPMethod, String)]
        {
            let refused = await engine.send(method, "/raw/p/h/+at/2026-11-01/\(path)", body: ByteStream([1]))
            #expect(refused.status == 405, "\(method)")
            #expect(try await refused.text().contains("can only be read"), "\(method)")
            #expect(refused.headers["allow"] == "GET, HEAD, OPTIONS", "\(method)")
        }
        let options = await engine.send(.options, "/raw/p/h/+at/2026-11-01/a.txt")
        #expect(options.status == 204 && options.headers["allow"] == "GET, HEAD, OPTIONS")
        #expect(await engine.put("/raw/p/h/+at/notes.txt", "x").status == 400)
        #expect(await engine.put("/raw/p/h/+at", "x").status == 400)
        // Through no other door either.
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "h"))
        let publisher = Publisher(repository: repository, services: engine.services.publishing)
        for path in ["+at", "+at/notes.txt", "+at/2026-11-01/notes.txt"] {
            let request = HTTPRequest(method: .put, target: Array("/x".utf8), headers: [:], body: ByteStream([1]))
            await #expect(throws: SaveError.self, "\(path)") {
                _ = try await publisher.publish(UploadPlan(path: try AssetPath(path)), request, limit: nil)
            }
        }
        #expect(try await engine.blobCount() == 0)
        #expect(await engine.put("/raw/p/h/a/+at/notes.txt", "x").status == 201)
        #expect(await engine.put("/raw/p/h/+attic/notes.txt", "x").status == 201)
    }

    // MARK: Search

    @Test func `a search finds what was hosted then, and asks no upstream`() async throws {
        let engine = try await made("npm")
        let bar = PackageID(normalized: "bar")
        let hosted = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        for (version, published) in [("1.0.0", Self.now.adding(seconds: -60)), ("2.0.0", Self.now)] {
            let record = AssetRecord(
                path: try AssetPath("bar/-/bar-\(version).tgz"), package: bar, version: version, published: published,
                attributes: ["manifest": ["name": "bar", "version": .string(version)]])
            try await engine.store.write { writing in
                try writing.put(
                    PackageRecord(repository: hosted, id: bar, displayName: "bar", created: published, updated: published))
                try writing.put(
                    StoredAsset(
                        repository: hosted, record: record, blob: BlobDigest(of: Array(version.utf8)), size: 5, uploadedBy: "dev",
                        created: published))
            }
        }
        let expected: [(Int64, String?)] = [(-120, nil), (-60, "1.0.0"), (0, "2.0.0")]
        for name in ["h", "both"] {
            for (seconds, version) in expected {
                let root = "/npm/p/\(name)/+at/\(Self.now.adding(seconds: seconds).rfc3339)/"
                let found = try await json(engine, root + "-/v1/search?text=bar")["objects"]?.array
                #expect(found?.first?.object?["package"]?.object?["version"]?.string == version, "\(name) \(seconds)")
            }
        }
        #expect(await engine.send(.get, "/npm/p/u/+at/2026-11-01/-/v1/search?text=bar").status == 404)
        #expect(engine.upstream.requests.allSatisfy { !$0.url.contains("search") })
    }

    // MARK: Links, and who may ask

    @Test func `redirects stay in the past`() async throws {
        let engine = try await made("pypi")
        for (path, status, location) in [
            ("/pypi/p/u/+at/2026-11-01/", 302, "simple/"), ("/pypi/p/u/+at/2026-11-01", 302, "./2026-11-01/simple/"),
            ("/pypi/p/u/+at/2026-11-01T12:00:00Z", 302, "./2026-11-01T12:00:00Z/simple/"),
            ("/pypi/p/u/+at/2026-11-01/simple/Foo", 301, "foo/"),
            ("/pypi/p/u/+at/2026-11-01//simple/foo/", 301, "/pypi/p/u/+at/2026-11-01/simple/foo/"),
        ] {
            let answer = await engine.send(.get, path, headers: ["Accept": "*/*"])
            #expect(
                answer.status == status && answer.headers["location"]?.hasSuffix(location) == true,
                "\(path): \(answer.headers["location"] ?? "-")")
        }
    }

    @Test func `a caller who may not read the repository learns nothing of times`() async throws {
        let engine = try await made("raw")
        for time in ["2026-11-01", "yesterday"] {
            #expect(await engine.send(.get, "/raw/p/h/+at/\(time)/a.txt", as: nil).status == 401)
            #expect(await engine.send(.get, "/raw/p/h/+at/\(time)/a.txt", as: "stranger").status == 404)
        }
        #expect(await engine.send(.get, "/raw/p/h/+at/yesterday/a.txt", as: "viewer").status == 400)
        #expect(await engine.send(.get, "/raw/p/h/+at/", as: "viewer").status == 400)
        #expect(await engine.put("/raw/p/h/+at/2026-11-01/a.txt", "x", as: nil).status == 401)
    }
}

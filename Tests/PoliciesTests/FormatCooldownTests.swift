import EngineTestKit
import FormatNpm
import FormatPyPI
import FormatRaw
import SaveAccess
import SaveAdvisories
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Policies through what the real formats say of files: times, versions, advisories.
@Suite struct FormatCooldownTests {
    private static let base = EngineFixture.base
    private static let simpleJSON = "application/vnd.pypi.simple.v1+json"

    /// The proxy `u` and the group `g` over it.
    private func made(_ format: String, _ advisories: any AdvisoryLookup = NoAdvisories()) async throws -> EngineFixture {
        let engine = try await EngineFixture(
            further: [PyPIFormat.self, RawFormat.self, NpmFormat.self], advisories: advisories)
        let proxy = try await engine.add("u", .proxy) { $0.format = format }
        try await engine.add("g", .group) { record in
            record.format = format
            record.group.members = [proxy]
        }
        return engine
    }

    private static func wheel(_ version: String, tag: String = "py3") -> String { "foo-\(version)-\(tag)-none-any.whl" }

    /// Wheels of `foo` upstream, each as old as said, in seconds.
    private func offer(_ engine: EngineFixture, _ files: [(name: String, age: Int64)]) {
        let now = engine.clock.platform.now()
        let entries = files.map { name, age in
            let digest = BlobDigest(of: Array(name.utf8)).hex
            engine.upstream.answer(Self.base + "files/" + name, text: name)
            engine.upstream.answer(Self.base + "files/\(name).metadata", text: "Metadata-Version: 2.1\nName: foo\n")
            return
                #"{"filename":"\#(name)","url":"../files/\#(name)","hashes":{"sha256":"\#(digest)"},"core-metadata":true,"provenance":"https://x.test/p","upload-time":"\#(now.adding(seconds: -age).rfc3339)"}"#
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

    @Test func `other advisories invalidate what policies decided by them, and nothing that is known of upstreams`() async throws
    {
        for isAboutAdvisories in [true, false] {
            let engine = try await made("pypi")
            offer(engine, [(Self.wheel("1.0"), 10)])
            let proxy = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
            _ = try await engine.add(policy: "rule") { policy in
                if isAboutAdvisories { policy.match.malware = true } else { policy.match.packages = ["bar"] }
            }
            #expect(try await yanked(engine, "u").count == 1)
            let asked = engine.upstream.requestCount
            let counters = engine.services.storage.counters
            let version = counters.version(proxy, .index(.root))
            engine.services.administration.advisoriesChanged()
            #expect(counters.isCurrent(version) == !isAboutAdvisories)
            #expect(try await yanked(engine, "u").count == 1)
            #expect(engine.upstream.requestCount == asked)
        }
    }

    private func yanked(_ engine: EngineFixture, _ name: String) async throws -> [String?] {
        try await json(engine, "/pypi/p/\(name)/simple/foo/", accept: Self.simpleJSON)["files"]?.array?.map {
            $0.object?["yanked"]?.string
        } ?? []
    }

    @Test func `PyPI lists what is too young as yanked with the reason, refuses it, and gives it when its time has come`()
        async throws
    {
        let engine = try await made("pypi")
        let (day, old, young) = (Int64(86_400), Self.wheel("1.0"), Self.wheel("2.0"))
        // A new file of an old release is as young as it is itself.
        offer(engine, [(old, 30 * day), (young, 2 * day), (Self.wheel("1.0", tag: "py2"), 3600)])
        _ = try await engine.add(policy: "cooldown-7d") { $0.match.youngerThan = "7d" }
        let reason = "Blocked by Save: foo 2.0 is 2 days old, policy cooldown-7d; allowed after 2027-01-20"
        let late = "Blocked by Save: foo 1.0 is 1 hour old, policy cooldown-7d; allowed after 2027-01-22"
        for name in ["u", "g"] {
            let shown = try await yanked(engine, name)
            #expect(Set(shown) == [nil, reason, late] && shown.count == 3)
            let html = try await engine.send(.get, "/pypi/p/\(name)/simple/foo/", headers: ["Accept": "text/html"]).text()
            #expect(html.contains("data-yanked=\"\(reason)\""))
            #expect(try await json(engine, "/pypi/p/\(name)/pypi/foo/json")["info"]?.object?["version"] == "1.0")
            let path = "/pypi/p/\(name)/packages/foo/" + young
            for (method, path, headers) in [
                (.get, path, [:]), (.head, path, [:]), (.get, path, ["Range": "bytes=0-0"]), (.get, path + ".metadata", [:]),
            ] as [(HTTPMethod, String, HTTPHeaders)] {
                let refused = await engine.send(method, path, headers: headers)
                #expect(refused.status == 403 && refused.headers["x-save-reason"] == reason, "\(method) \(path)")
            }
            #expect(try await engine.get("/pypi/p/\(name)/packages/foo/" + old) == (200, old))
        }
        #expect(engine.upstream.requests.allSatisfy { !$0.url.contains(young) })
        // The age in the reason goes with the time.
        engine.clock.advance(seconds: UInt64(day))
        #expect(try await yanked(engine, "u").contains { $0?.contains("foo 2.0 is 3 days old") == true })
        engine.clock.advance(seconds: UInt64(4 * day))
        #expect(try await yanked(engine, "u").filter { $0 != nil }.count == 1)
        #expect(try await engine.get("/pypi/p/g/packages/foo/" + young) == (200, young))
    }

    @Test func `a range of versions is the ecosystem's own`() async throws {
        let engine = try await made("pypi")
        offer(engine, ["1.0", "1.10", "2.0rc1"].map { (Self.wheel($0), 0) })
        let id = try await engine.add(policy: "range") { ($0.match.packages, $0.match.versions) = (["FOO"], ">=1.2,<3") }
        for (version, status) in [("1.0", 200), ("1.10", 403), ("2.0rc1", 403)] {
            let answer = await engine.send(.get, "/pypi/p/u/packages/foo/" + Self.wheel(version))
            #expect(answer.status == status, "\(version)")
        }
        #expect(
            await engine.send(.get, "/pypi/p/u/packages/foo/" + Self.wheel("1.10")).headers["x-save-reason"]
                == "Blocked by Save: foo 1.10 is not allowed, policy range")
        // What no client of the format would write counts here for nothing.
        try await engine.change(policy: id) { $0.match.versions = "^1.2.0 || 3.x" }
        #expect(await engine.send(.get, "/pypi/p/u/packages/foo/" + Self.wheel("1.10")).status == 200)
    }

    // MARK: Advisories

    /// `foo`: 1.0 does harm, 2.0 has a high advisory that 3.0 mends.
    private final class Known: AdvisoryLookup {
        var generation: UInt64 { 0 }
        func advisories(of package: PackageID, in ecosystem: String) async throws -> PackageAdvisories {
            guard package.name == "foo", ecosystem == "PyPI" else { return PackageAdvisories([]) }
            let format = try PyPIFormat(settings: [:])
            let key: @Sendable (String) -> [UInt8]? = { format.sortKey(of: $0) }
            return PackageAdvisories([
                .init(
                    Advisory(id: "MAL-2026-7", isMalware: true),
                    affecting: [AffectedVersions(versions: ["1.0"], ranges: [], key: key)]),
                .init(
                    Advisory(id: "GHSA-a", aliases: ["CVE-2026-1"], severity: .high, fixedVersions: ["3.0"]),
                    affecting: [
                        AffectedVersions(
                            versions: [], ranges: [OSVRange(.ecosystem, [.init(.introduced, "2.0"), .init(.fixed, "3.0")])],
                            key: key)
                    ]),
            ])
        }
    }

    @Test func `what advisories say decides by malware, by severity, by name, and exempts what mends`() async throws {
        let engine = try await made("pypi", Known())
        offer(engine, ["1.0", "2.0", "3.0", "4.0"].map { (Self.wheel($0), 0) })
        func refused() async throws -> [String] {
            var refused: [String] = []
            for version in ["1.0", "2.0", "3.0", "4.0"] {
                let answer = await engine.send(.get, "/pypi/p/u/packages/foo/" + Self.wheel(version))
                if answer.status == 403 { refused.append(answer.headers["x-save-reason"] ?? "") }
            }
            return refused
        }
        let id = try await engine.add(policy: "harm") { $0.match.malware = true }
        #expect(try await refused() == ["Blocked by Save: foo 1.0 is malware (MAL-2026-7), policy harm"])
        try await engine.change(policy: id) { ($0.match.malware, $0.match.minSeverity) = (nil, "high") }
        #expect(try await refused() == ["Blocked by Save: foo 2.0 has a high advisory (GHSA-a), policy harm"])
        try await engine.change(policy: id) { $0.match.minSeverity = "critical" }
        #expect(try await refused() == [])
        try await engine.change(policy: id) { ($0.match.minSeverity, $0.match.advisories) = (nil, ["cve-2026-1"]) }
        #expect(try await refused().count == 1)
        try await engine.change(policy: id) { policy in
            (policy.match.advisories, policy.match.youngerThan, policy.match.exemptFixes) = (nil, "7d", true)
        }
        // All are new, and 3.0 mends something.
        #expect(try await refused().map { $0.prefix(24) } == ["1.0", "2.0", "4.0"].map { "Blocked by Save: foo \($0)" })
    }

    // MARK: npm and Raw

    @Test func `npm moves latest to the newest version that is allowed, and says why the tarball is refused`() async throws {
        let engine = try await made("npm")
        let now = engine.clock.platform.now()
        var versions = JSONObject()
        var time = JSONObject()
        for (version, age) in [("1.0.0", 90), ("1.1.0", 60), ("2.0.0", 2), ("3.0.0-rc.1", 40)] as [(String, Int64)] {
            let url = Self.base + "bar/-/bar-\(version).tgz"
            let dist: JSONObject = [
                "tarball": .string(url), "shasum": .string(Digest.hex(Array("tarball \(version)".utf8), .sha1)),
            ]
            versions[version] = ["name": "bar", "version": .string(version), "dist": .object(dist)]
            time[version] = .string(now.adding(seconds: -age * 86_400).rfc3339)
            engine.upstream.answer(url, text: "tarball " + version)
        }
        let packument: JSONObject = [
            "name": "bar", "dist-tags": ["latest": "2.0.0", "next": "3.0.0-rc.1"], "versions": .object(versions),
            "time": .object(time),
        ]
        engine.upstream.answer(
            Self.base + "bar",
            .init(headers: ["Content-Type": "application/json"], chunks: [JSONValue.object(packument).bytes]))
        _ = try await engine.add(policy: "cooldown-7d") { $0.match.youngerThan = "7d" }
        let reason = "Blocked by Save: bar 2.0.0 is 2 days old, policy cooldown-7d; allowed after 2027-01-20"
        for name in ["u", "g"] {
            for accept in ["application/json", "application/vnd.npm.install-v1+json"] {
                let document = try await json(engine, "/npm/p/\(name)/bar", accept: accept)
                #expect(document["dist-tags"] == ["latest": "1.1.0", "next": "3.0.0-rc.1"], "\(name) \(accept)")
                #expect(document["versions"]?.object?["2.0.0"]?.object?["deprecated"]?.string == reason)
            }
            let refused = await engine.send(.get, "/npm/p/\(name)/bar/-/bar-2.0.0.tgz")
            #expect(
                refused.status == 403 && refused.headers["npm-notice"] == reason && refused.headers["x-save-reason"] == reason)
            #expect(try JSONValue(parsing: Array(try await refused.text().utf8)).object?["error"]?.string == reason)
            #expect(try await engine.get("/npm/p/\(name)/bar/-/bar-1.1.0.tgz").text == "tarball 1.1.0")
        }
    }

    @Test func `Raw refuses by the repository alone, and a cooldown counts there for nothing`() async throws {
        let engine = try await made("raw")
        engine.upstream.answer(Self.base + "a/1.txt", text: "one")
        let id = try await engine.add(policy: "cooldown") { $0.match.youngerThan = "7d" }
        #expect(try await engine.get("/raw/p/u/a/1.txt") == (200, "one"))
        try await engine.change(policy: id) { $0.match = PolicyMatch() }
        let refused = await engine.send(.get, "/raw/p/g/a/1.txt")
        #expect(
            refused.status == 403
                && refused.headers["x-save-reason"] == "Blocked by Save: this file is not allowed, policy cooldown")
        #expect(await engine.send(.get, "/raw/p/g/a/").status == 200)
    }

    // MARK: Asking first

    @Test func `packages are evaluated without effect, in a group as in its members`() async throws {
        let engine = try await made("pypi", Known())
        offer(
            engine, [(Self.wheel("1.0"), 30 * 86_400), (Self.wheel("4.0"), 86_400), (Self.wheel("4.0", tag: "py2"), 30 * 86_400)])
        offer(engine, [(Self.wheel("1.0"), 30 * 86_400), (Self.wheel("2.0"), 86_400), (Self.wheel("5.0"), 30 * 86_400)])
        _ = try await engine.add(policy: "harm") { ($0.priority, $0.match.malware) = (1, true) }
        _ = try await engine.add(policy: "cooldown-7d") { $0.match.youngerThan = "7d" }
        let urls = try ["pkg:pypi/Foo@1", "pkg:pypi/foo@2.0", "pkg:pypi/foo@5.0", "pkg:pypi/foo@9"].map(PackageURL.init)
        for name in ["u", "g"] {
            let repository = try #require(engine.catalogue.current.repository(project: "p", name: name))
            let answers = try await engine.services.administration.evaluate(urls, in: repository).compactMap(\.object)
            #expect(answers.map { $0["verdict"]?.string } == ["deny", "deny", "allow", "deny"], "\(name)")
            #expect(answers.map { $0["policy"]?.string } == ["harm", "cooldown-7d", nil, "cooldown-7d"], "\(name)")
            #expect(answers[0]["advisories"] == ["MAL-2026-7"])
            #expect(answers[1]["reason"]?.string?.contains("foo 2.0 is 1 day old") == true)
            #expect(answers[1]["allowed_after"]?.string?.hasPrefix("2027-01-21") == true)
        }
        #expect(engine.services.sources.policyCounts["deny"] == 0)
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        for text in ["pkg:npm/foo@1", "pkg:pypi/foo", "pkg:pypi/-@1"] {
            await #expect(throws: SaveError.self, "\(text)") {
                _ = try await engine.services.administration.evaluate([try PackageURL(text)], in: repository)
            }
        }
    }

    @Test func `in a union the member that lists the version answers, and not the first that has the package`() async throws {
        let engine = try await made("pypi")
        offer(engine, [(Self.wheel("1.0"), 0), (Self.wheel("2.0"), 0)])
        let other = "https://other.example.test/simple/"
        let page =
            #"{"meta":{"api-version":"1.3"},"name":"foo","files":[{"filename":"\#(Self.wheel("1.0"))","url":"a/\#(Self.wheel("1.0"))","hashes":{}}]}"#
        engine.upstream.answer(other + "foo/", .init(headers: ["Content-Type": Self.simpleJSON], chunks: [Array(page.utf8)]))
        let first = try await engine.add("first", .proxy) { record in
            (record.format, record.proxy.remoteURL, record.proxy.resolvedURL) = ("pypi", other, other)
        }
        let second = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        for (name, policy) in [("union", GroupSettings.Policy.union), ("owner", .firstOwner)] {
            try await engine.add(name, .group) { record in
                (record.format, record.group.members, record.group.policy) = ("pypi", [first, second], policy)
            }
        }
        func verdicts(_ name: String) async throws -> [String?] {
            let group = try #require(engine.catalogue.current.repository(project: "p", name: name))
            let urls = try ["1.0", "2.0", "9"].map { try PackageURL("pkg:pypi/foo@\($0)") }
            return try await engine.services.administration.evaluate(urls, in: group).map { $0.object?["verdict"]?.string }
        }
        let id = try await engine.add(policy: "no-foo") { ($0.scope, $0.match.packages) = (.repository(second), ["foo"]) }
        #expect(try await verdicts("union") == ["allow", "deny", "deny"])
        #expect(try await verdicts("owner") == ["allow", "allow", "allow"])
        try await engine.change(policy: id) { $0.scope = .repository(first) }
        #expect(try await verdicts("union") == ["deny", "allow", "deny"])
    }

    @Test
    func `of a package that no member is known to have, the strictest verdict counts, and offline upstreams are left alone`()
        async throws
    {
        let engine = try await made("pypi")
        let hosted = try await engine.add("h", .hosted) { $0.format = "pypi" }
        let proxy = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        try await engine.add("both", .group) { ($0.format, $0.group.members) = ("pypi", [hosted, proxy]) }
        _ = try await engine.add(policy: "no-foo") { $0.match.packages = ["foo"] }
        let group = try #require(engine.catalogue.current.repository(project: "p", name: "both"))
        let answers = try await engine.services.administration.evaluate([try PackageURL("pkg:pypi/foo@1.0")], in: group)
        #expect(answers.first?.object?["verdict"] == "deny")
        try await engine.change(proxy) { $0.online = false }
        let asked = engine.upstream.requests(of: Self.base + "foo/").count
        let offline = try #require(engine.catalogue.current.repository(project: "p", name: "both"))
        let again = try await engine.services.administration.evaluate([try PackageURL("pkg:pypi/foo@1.0")], in: offline)
        #expect(again.first?.object?["verdict"] == "deny")
        #expect(engine.upstream.requests(of: Self.base + "foo/").count == asked)
    }

    @Test func `a preview judges each download by how old the file was then, and asks nobody`() async throws {
        let engine = try await made("pypi")
        offer(engine, [(Self.wheel("1.0"), 30 * 86_400), (Self.wheel("2.0"), 86_400)])
        for version in ["1.0", "2.0"] {
            #expect(await engine.send(.get, "/pypi/p/g/packages/foo/" + Self.wheel(version)).status == 200)
        }
        let asked = engine.upstream.requestCount
        let now = engine.clock.platform.now()
        func download(_ version: String, after seconds: Int64, of repository: String = "u") -> AuditRecord {
            AuditRecord(
                sequence: 1, time: now.adding(seconds: seconds), actor: "dev", actorKind: "user", action: "file.download",
                resourceType: "file", resource: "p/\(repository)/packages/foo/\(Self.wheel(version))", outcome: .ok, sourceIP: "",
                userAgent: "", requestID: "", details: ["count": 3], hash: "", previousHash: "")
        }
        var policy = PolicyRecord(name: "cooldown-7d", action: .deny, created: now, updated: now)
        policy.match.youngerThan = "7d"
        let items = try await engine.services.administration.preview(
            policy,
            of: [
                download("1.0", after: 0), download("2.0", after: 0), download("2.0", after: 10 * 86_400),
                download("2.0", after: 0, of: "gone"), download("9", after: 0),
            ]
        ).compactMap(\.object)
        #expect(items.count == 1 && items[0]["version"] == "2.0" && items[0]["actor"] == "dev" && items[0]["count"] == 3)
        #expect(items[0]["reason"]?.string?.hasPrefix("Blocked by Save: foo 2.0 is 1 day old, policy cooldown-7d") == true)
        #expect(engine.upstream.requestCount == asked)
        #expect(await engine.send(.get, "/pypi/p/g/packages/foo/" + Self.wheel("2.0")).status == 200)
    }
}

import EngineTestKit
import FormatNpm
import FormatPyPI
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServing
import SaveStorage
import SaveTestKit
import Testing

/// Policies about licences, through what the formats say of them.
@Suite struct LicensePolicyTests {
    private static let base = EngineFixture.base

    private func made(_ format: String) async throws -> EngineFixture {
        let engine = try await EngineFixture(further: [PyPIFormat.self, NpmFormat.self])
        try await engine.add("u", .proxy) { $0.format = format }
        return engine
    }

    /// Versions of `tool` upstream, each with what its `package.json` says.
    private func offer(_ engine: EngineFixture, _ versions: [(String, JSONObject)]) {
        let manifests = versions.map { version, said -> (String, JSONValue) in
            var manifest = said
            manifest["name"] = "tool"
            manifest["version"] = .string(version)
            manifest["dist"] = ["tarball": .string("\(Self.base)tool/-/tool-\(version).tgz")]
            engine.upstream.answer(Self.base + "tool/-/tool-\(version).tgz", text: "bytes")
            return (version, .object(manifest))
        }
        let document: JSONValue = ["name": "tool", "versions": .object(JSONObject(manifests))]
        engine.upstream.answer(
            Self.base + "tool", .init(headers: ["Content-Type": "application/json"], chunks: [document.bytes]))
    }

    private func refused(_ engine: EngineFixture, _ versions: [String]) async -> [String] {
        var refused: [String] = []
        for version in versions where await engine.send(.get, "/npm/p/u/tool/-/tool-\(version).tgz").status == 403 {
            refused.append(version)
        }
        return refused
    }

    private static let versions: [(String, JSONObject)] = [
        ("1.0.0", ["license": "MIT"]), ("2.0.0", ["license": "GPL-3.0-only"]), ("3.0.0", ["license": "(MIT OR GPL-3.0-only)"]),
        ("4.0.0", ["license": "MIT AND GPL-3.0-only"]), ("5.0.0", [:]), ("6.0.0", ["license": "SEE LICENSE IN x"]),
        ("7.0.0", ["license": ["type": "GPL-3.0", "url": "x"]]), ("8.0.0", ["licenses": [["type": "GPL-3.0"], ["type": "MIT"]]]),
    ]

    @Test(arguments: [
        (["GPL-3.0-only"], ["2.0.0", "4.0.0", "7.0.0"]),
        (["GPL-*", "MIT"], ["1.0.0", "2.0.0", "3.0.0", "4.0.0", "7.0.0", "8.0.0"]),
        (["unknown"], ["5.0.0", "6.0.0"]), (["ISC"], []),
    ]) func `npm: a version is refused that cannot be used without a listed licence`(
        _ licenses: [String], _ expected: [String]
    ) async throws {
        let engine = try await made("npm")
        offer(engine, Self.versions)
        _ = try await engine.add(policy: "terms") { $0.match.licenses = licenses }
        #expect(await refused(engine, Self.versions.map(\.0)) == expected)
        let answer = await engine.send(.get, "/npm/p/u/tool/-/tool-2.0.0.tgz")
        if licenses == ["GPL-3.0-only"] {
            #expect(answer.headers["x-save-reason"] == "Blocked by Save: tool 2.0.0 is under GPL-3.0-only, policy terms")
        }
    }

    @Test func `npm: of what is allowed, a choice is enough, and all else can be denied`() async throws {
        let engine = try await made("npm")
        offer(engine, Self.versions)
        _ = try await engine.add(policy: "fine") { ($0.priority, $0.action, $0.match.licenses) = (1, .allow, ["MIT", "ISC"]) }
        _ = try await engine.add(policy: "rest") { $0.priority = 2 }
        #expect(await refused(engine, Self.versions.map(\.0)) == ["2.0.0", "4.0.0", "5.0.0", "6.0.0", "7.0.0"])
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: "u"))
        let questions = try ["1.0.0", "2.0.0"].map { try PackageURL("pkg:npm/tool@\($0)") }
        let answers = try await engine.services.administration.evaluate(questions, in: repository)
        #expect(answers.compactMap { $0.object?["verdict"]?.string } == ["allow", "deny"])
    }

    private static func wheel(_ version: String, _ tag: String = "py3") -> String { "foo-\(version)-\(tag)-none-any.whl" }

    /// Wheels of `foo` upstream with what their metadata say.
    private func offer(wheels: [(name: String, said: String?)], _ engine: EngineFixture) {
        let files = wheels.map { name, said in
            engine.upstream.answer(Self.base + "files/" + name, text: name)
            let version = name.split(separator: "-")[1]
            if let said {
                engine.upstream.answer(
                    Self.base + "files/\(name).metadata", text: "Metadata-Version: 2.4\nName: foo\nVersion: \(version)\n\(said)\n"
                )
            }
            return
                #"{"filename":"\#(name)","url":"../files/\#(name)","hashes":{"sha256":"\#(BlobDigest(of: Array(name.utf8)).hex)"},"core-metadata":\#(said != nil)}"#
        }
        let page = #"{"meta":{"api-version":"1.0"},"name":"foo","files":["# + files.joined(separator: ",") + "]}"
        engine.upstream.answer(
            Self.base + "foo/",
            .init(headers: ["Content-Type": "application/vnd.pypi.simple.v1+json"], chunks: [Array(page.utf8)]))
    }

    private func status(_ engine: EngineFixture, _ file: String) async -> Int {
        await engine.send(.get, "/pypi/p/u/packages/foo/\(file)").status
    }

    @Test func `PyPI: a wheel is judged by its metadata, which come here before it is given out`() async throws {
        let engine = try await made("pypi")
        let (free, bound) = (Self.wheel("1.0"), Self.wheel("2.0"))
        offer(wheels: [(free, "License-Expression: MIT"), (bound, "License-Expression: AGPL-3.0-only")], engine)
        _ = try await engine.add(policy: "terms") { ($0.match.licenses, $0.presentation) = (["AGPL-*"], .omit) }
        let root = "/pypi/p/u/simple/foo/"
        // What nobody has asked for is not known, and is listed.
        #expect(try await engine.get(root).text.contains(bound))
        #expect(await status(engine, free) == 200)
        for _ in 0..<2 { #expect(await status(engine, bound) == 403) }
        #expect(!engine.upstream.requests.contains { $0.url.hasSuffix("files/" + bound) })
        // From now on it is known, and the page says so.
        #expect(try await engine.get(root).text.contains(bound) == false)
        #expect(try await engine.get(root).text.contains(free))
    }

    @Test func `PyPI: a pin is judged before its page was ever asked for, and metadata that a client asks for are learned from`()
        async throws
    {
        let engine = try await made("pypi")
        let bound = Self.wheel("2.0")
        offer(
            wheels: [
                (bound, "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"),
                (Self.wheel("2.0", "py2"), nil),
            ],
            engine)
        _ = try await engine.add(policy: "terms") { $0.match.licenses = ["GPL-3.0-only"] }
        #expect(await status(engine, bound) == 403)
        // What one file of a version says holds for those that say nothing.
        #expect(await status(engine, Self.wheel("2.0", "py2")) == 403)
    }

    @Test func `PyPI: what nothing is known of is refused as unknown, and no longer once its metadata are here`() async throws {
        let engine = try await made("pypi")
        let (silent, told) = (Self.wheel("1.0"), Self.wheel("2.0"))
        offer(wheels: [(silent, "Summary: x"), (told, "License: ISC")], engine)
        _ = try await engine.add(policy: "terms") { $0.match.licenses = ["unknown"] }
        #expect(await status(engine, silent) == 403)
        #expect(
            await engine.send(.get, "/pypi/p/u/packages/foo/\(silent)").headers["x-save-reason"]
                == "Blocked by Save: foo 1.0 has no licence that is known, policy terms")
        #expect(await status(engine, told) == 200)
    }

    @Test func `PyPI: while metadata cannot be had, a wheel is refused for now where a policy denies licences, and only there`()
        async throws
    {
        let bound = Self.wheel("2.0")
        for (name, status) in [("deny", 503), ("warn", 200), ("allowed before", 200)] {
            let engine = try await made("pypi")
            offer(wheels: [(bound, "License-Expression: AGPL-3.0-only")], engine)
            if name == "allowed before" {
                _ = try await engine.add(policy: "ours") { ($0.priority, $0.action, $0.match.packages) = (1, .allow, ["foo"]) }
            }
            _ = try await engine.add(policy: "terms") {
                ($0.priority, $0.action, $0.match.licenses) = (2, name == "warn" ? .warn : .deny, ["AGPL-*"])
            }
            let metadata = Self.base + "files/\(bound).metadata"
            engine.upstream.fail(metadata)
            let root = "/pypi/p/u/simple/foo/"
            // With the page known, and without.
            for isKnown in [false, true] {
                if isKnown { _ = try await engine.get(root) }
                let answer = await engine.send(.get, "/pypi/p/u/packages/foo/\(bound)")
                #expect(answer.status == status, "\(name)")
                if status == 503 {
                    #expect(
                        answer.headers["x-save-reason"]
                            == "the licence of '\(bound)' is not known yet, and a policy asks for it: down", "\(name)")
                    #expect(
                        !engine.upstream.requests.contains {
                            $0.method == .get && $0.url.hasSuffix("files/" + bound) && $0.headers["range"] == nil
                        })
                }
            }
            guard status == 503 else { continue }
            offer(wheels: [(bound, "License-Expression: AGPL-3.0-only")], engine)
            #expect(await self.status(engine, bound) == 403)
        }
    }

    @Test func `PyPI: metadata whose bytes are lost leave a page as it is, and are fetched again for the wheel`() async throws {
        let first = try await made("pypi")
        let bound = Self.wheel("2.0")
        let said = "License-Expression: AGPL-3.0-only"
        offer(wheels: [(bound, said)], first)
        _ = try await first.add(policy: "terms") { ($0.match.licenses, $0.presentation) = (["AGPL-*"], .omit) }
        #expect(await status(first, bound) == 403)
        let digest = BlobDigest(of: Array("Metadata-Version: 2.4\nName: foo\nVersion: 2.0\n\(said)\n".utf8))
        #expect(try await first.blobs.delete(digest, committedBefore: first.clock.platform.now().adding(seconds: 9)))
        // A server that has not read them yet.
        let engine = try await EngineFixture(
            store: first.store, blobs: first.blobs, further: [PyPIFormat.self, NpmFormat.self], isFirst: false)
        offer(wheels: [(bound, said)], engine)
        let page = try await engine.get("/pypi/p/u/simple/foo/")
        #expect(page.status == 200 && page.text.contains(bound))
        #expect(await status(engine, bound) == 403)
        #expect(try await engine.get("/pypi/p/u/simple/foo/").text.contains(bound) == false)
    }

    @Test func `formats that say nothing of licences are not judged by them`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        _ = try await engine.add(policy: "terms") { $0.match.licenses = ["unknown"] }
        #expect(await engine.send(.get, "/line/p/u/files/x/1").status == 200)
    }
}

import EngineTestKit
import FormatNpm
import FormatPyPI
import FormatRaw
import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// A file that a rule withholds, through what the real formats show of it.
@Suite struct FormatPolicyTests {
    enum Place: CaseIterable, Sendable {
        case hosted, group, proxy
    }

    private let policy = SwitchedPolicy()
    private static let base = EngineFixture.base
    private static let reason = SwitchedPolicy.error.message

    /// Hosted `h`, proxy `u`, group `g` over the hosted one, or over the proxy.
    private func made(_ format: String, groupOver member: RepositoryKind = .hosted) async throws -> EngineFixture {
        let engine = try await EngineFixture(
            further: [PyPIFormat.self, RawFormat.self, NpmFormat.self], policies: [policy])
        let hosted = try await engine.add("h", .hosted) { $0.format = format }
        let proxy = try await engine.add("u", .proxy) { $0.format = format }
        try await engine.add("g", .group) { record in
            record.format = format
            record.group.members = [member == .hosted ? hosted : proxy]
        }
        return engine
    }

    private static func repository(_ place: Place) -> String {
        switch place {
        case .hosted: "h"
        case .group: "g"
        case .proxy: "u"
        }
    }

    /// Puts a file into `h` as its format would have it.
    private func keep(_ record: AssetRecord, _ text: String, in engine: EngineFixture) async throws {
        let id = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        let now = engine.clock.platform.now()
        let bytes = Array(text.utf8)
        let writer = try await engine.blobs.begin()
        try await writer.write(bytes)
        try await writer.commit(expecting: nil) { blob in
            var record = record
            record.size = blob.size
            record.checksums = [Checksum(.sha256, hex: blob.digest.hex)].compactMap(\.self)
            let asset = StoredAsset(
                repository: id, record: record, blob: blob.digest, size: blob.size, uploadedBy: nil, created: now)
            try await engine.store.write { writing in
                try writing.put(asset)
                guard let package = asset.record.package, try writing.package(id, package) == nil else { return }
                try writing.put(
                    PackageRecord(repository: id, id: package, displayName: package.name, created: now, updated: now))
            }
        }
    }

    private func expectRefused(_ engine: EngineFixture, _ path: String) async {
        for (method, headers) in [(.get, [:]), (.head, [:]), (.get, ["Range": "bytes=0-1"])] as [(HTTPMethod, HTTPHeaders)] {
            let refused = await engine.send(method, path, headers: headers)
            #expect(refused.status == 403, "\(method) \(path)")
            #expect(refused.headers["x-save-reason"] == Self.reason, "\(method) \(path)")
        }
    }

    private func json(_ engine: EngineFixture, _ path: String, accept: String = "application/json") async throws -> JSONObject {
        let answer = await engine.send(.get, path, headers: ["Accept": accept])
        #expect(answer.status == 200, "\(path)")
        return try #require(JSONValue(parsing: Array(try await answer.text().utf8)).object)
    }

    // MARK: PyPI

    private static let foo = PackageID(normalized: "foo")
    private static let wheels = ["foo-1.0-py3-none-any.whl", "foo-2.0-py3-none-any.whl"]
    private static let simpleJSON = "application/vnd.pypi.simple.v1+json"

    private func addWheels(to engine: EngineFixture, _ place: Place) async throws {
        for (version, wheel) in zip(["1.0", "2.0"], Self.wheels) {
            let metadata = "Metadata-Version: 2.1\nName: foo\nVersion: \(version)\nSummary: told by \(version)\n"
            if place == .proxy {
                Self.answer(engine, "files/" + wheel, "wheel " + version)
                Self.answer(engine, "files/\(wheel).metadata", metadata)
                continue
            }
            let path = try AssetPath("packages/foo/" + wheel)
            let attributes: JSONObject = ["core-metadata": true, "has-provenance": true]
            try await keep(
                AssetRecord(path: path, package: Self.foo, version: version, attributes: attributes), "wheel " + version,
                in: engine)
            for (sidecar, text) in [(path.text + ".metadata", metadata), ("integrity/foo/\(version)/\(wheel)/provenance", "{}")] {
                try await keep(
                    AssetRecord(path: try AssetPath(sidecar), package: Self.foo, version: version, sidecarOf: path), text,
                    in: engine)
            }
        }
        let files = zip(["1.0", "2.0"], Self.wheels).map { version, wheel in
            let digest = BlobDigest(of: Array("wheel \(version)".utf8)).hex
            return
                #"{"filename":"\#(wheel)","url":"../files/\#(wheel)","hashes":{"sha256":"\#(digest)"},"size":9,"core-metadata":true}"#
        }
        let page = #"{"meta":{"api-version":"1.0"},"name":"foo","files":["# + files.joined(separator: ",") + "]}"
        Self.answer(engine, "foo/", page, type: Self.simpleJSON)
    }

    private static func answer(_ engine: EngineFixture, _ path: String, _ text: String, type: String? = nil) {
        engine.upstream.answer(
            base + path, .init(headers: type.map { ["Content-Type": $0] } ?? [:], chunks: [Array(text.utf8)]))
    }

    @Test(arguments: Place.allCases) func `PyPI omits a withheld file on both pages and in the legacy JSON`(
        _ place: Place
    ) async throws {
        let engine = try await made("pypi")
        try await addWheels(to: engine, place)
        policy.withhold(Self.wheels[1])
        let root = "/pypi/p/\(Self.repository(place))/"
        let page = try await json(engine, root + "simple/foo/", accept: Self.simpleJSON)
        #expect(page["files"]?.array?.map { $0.object?["filename"]?.string } == [Self.wheels[0]])
        #expect(page["versions"] == ["1.0"])
        let html = try await engine.send(.get, root + "simple/foo/", headers: ["Accept": "text/html"]).text()
        #expect(html.contains(Self.wheels[0]) && !html.contains(Self.wheels[1]))
        let legacy = try await json(engine, root + "pypi/foo/json")
        #expect(legacy["info"]?.object?["version"] == "1.0" && legacy["info"]?.object?["summary"] == "told by 1.0")
        #expect(await engine.send(.get, root + "pypi/foo/2.0/json").status == 404)
        let provenance = root + "integrity/foo/2.0/\(Self.wheels[1])/provenance"
        // An upstream's page may say that there is none.
        if place == .proxy {
            #expect([403, 404].contains(await engine.send(.get, provenance).status))
        } else {
            await expectRefused(engine, provenance)
        }
        #expect(await engine.send(.get, root + "integrity/foo/3.0/foo-3.0-py3-none-any.whl/provenance").status == 404)
        await expectRefused(engine, root + "packages/foo/" + Self.wheels[1])
        await expectRefused(engine, root + "packages/foo/" + Self.wheels[1] + ".metadata")
        #expect(engine.upstream.requests.filter { $0.url.contains(Self.wheels[1]) }.isEmpty)
        #expect(try await engine.get(root + "packages/foo/" + Self.wheels[0]).text == "wheel 1.0")
    }

    @Test(arguments: Place.allCases) func `PyPI shows a withheld file as yanked where the rule says so, and gives it to nobody`(
        _ place: Place
    ) async throws {
        let engine = try await made("pypi")
        try await addWheels(to: engine, place)
        policy.withhold(Self.wheels[1], .withdrawn)
        let root = "/pypi/p/\(Self.repository(place))/"
        let page = try await json(engine, root + "simple/foo/", accept: Self.simpleJSON)
        let yanked = page["files"]?.array?.map { $0.object?["yanked"]?.string }
        #expect(yanked == [nil, Self.reason])
        let html = try await engine.send(.get, root + "simple/foo/", headers: ["Accept": "text/html"]).text()
        #expect(html.contains("data-yanked=\"\(Self.reason)\""))
        #expect(try await json(engine, root + "pypi/foo/json")["info"]?.object?["version"] == "1.0")
        // Its page is not refused: it lacks what only the file tells.
        let legacy = try await json(engine, root + "pypi/foo/2.0/json")
        #expect(legacy["info"]?.object?["yanked_reason"]?.string == Self.reason)
        #expect(legacy["info"]?.object?["summary"]?.string?.contains("told") != true)
        await expectRefused(engine, root + "packages/foo/" + Self.wheels[1])
        await expectRefused(engine, root + "packages/foo/" + Self.wheels[1] + ".metadata")
        guard place != .proxy else { return }
        await expectRefused(engine, root + "integrity/foo/2.0/\(Self.wheels[1])/provenance")
        #expect(await engine.send(.get, root + "integrity/foo/1.0/\(Self.wheels[0])/provenance").status == 200)
    }

    @Test func `which host a file is on is told by its URL's authority alone`() async throws {
        let engine = try await made("pypi")
        let id = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        try await engine.change(id) { $0.proxy.allowedFileHosts = ["files.example.test", "::1"] }
        let urls = [
            "https://files.example.test/", "http://files.example.test/a/../", "https://FILES.example.test:8443/",
            "https://user@files.example.test/", "http://[::1]:8080/", "https://files.example.test@evil.example/",
            "https://files.example.test.evil.example/", "https://evil.example/files.example.test/",
            "https://evil.example#https://files.example.test/", "https://files.example.testing/",
        ]
        let files = urls.enumerated().map { place, url in
            #"{"filename":"foo-\#(place).tar.gz","url":"\#(url)foo-\#(place).tar.gz","hashes":{}}"#
        }
        let page = #"{"meta":{"api-version":"1.0"},"name":"foo","files":["# + files.joined(separator: ",") + "]}"
        Self.answer(engine, "foo/", page, type: Self.simpleJSON)
        let shown = try await json(engine, "/pypi/p/u/simple/foo/", accept: Self.simpleJSON)["files"]?.array
        #expect(shown?.compactMap { $0.object?["filename"]?.string } == (0..<5).map { "foo-\($0).tar.gz" })
    }

    // MARK: npm

    private func addTarballs(to engine: EngineFixture, _ place: Place) async throws {
        let bar = PackageID(normalized: "bar")
        var versions = JSONObject()
        for version in ["1.0.0", "2.0.0"] {
            let manifest: JSONObject = ["name": "bar", "version": .string(version)]
            var listed = manifest
            listed["dist"] = [
                "tarball": .string(Self.base + "bar/-/bar-\(version).tgz"),
                "shasum": .string(Digest.hex(Array("tarball \(version)".utf8), .sha1)),
            ]
            versions[version] = .object(listed)
            if place == .proxy {
                Self.answer(engine, "bar/-/bar-\(version).tgz", "tarball " + version)
                continue
            }
            let path = try AssetPath("bar/-/bar-\(version).tgz")
            try await keep(
                AssetRecord(path: path, package: bar, version: version, attributes: ["manifest": .object(manifest)]),
                "tarball " + version, in: engine)
            try await keep(
                AssetRecord(
                    path: try AssetPath("bar/-/bar-\(version).attestations.json"), package: bar, version: version,
                    sidecarOf: path), "{}", in: engine)
        }
        let packument: JSONObject = ["name": "bar", "dist-tags": ["latest": "2.0.0"], "versions": .object(versions)]
        Self.answer(engine, "bar", String(decoding: JSONValue.object(packument).bytes, as: UTF8.self), type: "application/json")
    }

    @Test(arguments: Place.allCases) func `npm omits a withheld version, and says so of its tarball and attestations`(
        _ place: Place
    ) async throws {
        let engine = try await made("npm")
        try await addTarballs(to: engine, place)
        policy.withhold("bar-2.0.0.tgz")
        let root = "/npm/p/\(Self.repository(place))/"
        let packument = try await json(engine, root + "bar")
        #expect(packument["versions"]?.object?.keys.elementsEqual(["1.0.0"]) == true)
        #expect(packument["dist-tags"]?.object?["latest"] == "1.0.0")
        #expect(await engine.send(.get, root + "bar/2.0.0").status == 404)
        await expectRefused(engine, root + "bar/-/bar-2.0.0.tgz")
        #expect(try await engine.get(root + "bar/-/bar-1.0.0.tgz").text == "tarball 1.0.0")
        guard place != .proxy else {
            #expect(engine.upstream.requests(of: Self.base + "bar/-/bar-2.0.0.tgz").isEmpty)
            return
        }
        await expectRefused(engine, root + "-/npm/v1/attestations/bar@2.0.0")
        #expect(await engine.send(.get, root + "-/npm/v1/attestations/bar@1.0.0").status == 200)
        let found = try await json(engine, root + "-/v1/search?text=bar")["objects"]?.array?.first?.object?["package"]?.object
        #expect(found?["version"] == "1.0.0")
    }

    @Test func `a search of an upstream tells of no version that is withheld`() async throws {
        let engine = try await made("npm", groupOver: .proxy)
        try await addTarballs(to: engine, .proxy)
        Self.answer(
            engine, "-/v1/search?text=bar&size=20&from=0",
            #"{"objects":[{"package":{"name":"bar","version":"2.0.0"}},{"package":{"name":"baz","version":"1.0.0"}}],"total":2}"#,
            type: "application/json")
        func found(_ repository: String) async throws -> [String?] {
            let answer = await engine.send(.get, "/npm/p/\(repository)/-/v1/search?text=bar")
            // A time in seconds would call a search the same that a policy has just changed.
            #expect(answer.status == 200 && answer.headers["last-modified"] == nil)
            let objects = try JSONValue(parsing: Array(try await answer.text().utf8)).object?["objects"]?.array ?? []
            return objects.compactMap { $0.object?["package"]?.object }.map {
                "\($0["name"]?.string ?? "") \($0["version"]?.string ?? "")"
            }
        }
        for repository in ["u", "g"] { #expect(try await found(repository) == ["bar 2.0.0", "baz 1.0.0"]) }
        policy.withhold("bar-2.0.0.tgz")
        // Nothing is known of its other versions, and nobody is asked.
        for repository in ["u", "g"] { #expect(try await found(repository) == ["baz 1.0.0"]) }
        #expect(engine.upstream.requests(of: Self.base + "bar").isEmpty)
        _ = try await engine.get("/npm/p/u/bar")
        for repository in ["u", "g"] { #expect(try await found(repository) == ["bar 1.0.0", "baz 1.0.0"]) }
        policy.decide { $0.id?.name == "baz" ? .same(.withheld(SwitchedPolicy.withholding(.omitted))) : .same(.allowed) }
        for repository in ["u", "g"] { #expect(try await found(repository) == ["bar 2.0.0"]) }
    }

    @Test func `npm shows a withheld version as deprecated where the rule says so`() async throws {
        let engine = try await made("npm")
        try await addTarballs(to: engine, .hosted)
        policy.withhold("bar-2.0.0.tgz", .withdrawn)
        let versions = try await json(engine, "/npm/p/h/bar")["versions"]?.object
        #expect(versions?["2.0.0"]?.object?["deprecated"]?.string == Self.reason)
        #expect(versions?["1.0.0"]?.object?["deprecated"] == nil)
        await expectRefused(engine, "/npm/p/h/bar/-/bar-2.0.0.tgz")
    }

    // MARK: Raw

    @Test(arguments: Place.allCases) func `Raw omits a withheld file in its directory, before and after it is here`(
        _ place: Place
    ) async throws {
        let engine = try await made("raw")
        let root = "/raw/p/\(Self.repository(place))/"
        for name in ["1.txt", "2.txt"] {
            if place != .proxy { #expect(await engine.put("/raw/p/h/a/" + name, name).status == 201) }
            Self.answer(engine, "a/" + name, name)
        }
        policy.withhold("2.txt")
        await expectRefused(engine, root + "a/2.txt")
        #expect(engine.upstream.requests(of: Self.base + "a/2.txt").isEmpty)
        policy.decide { _ in .same(.allowed) }
        #expect(try await engine.get(root + "a/2.txt") == (200, "2.txt"))
        #expect(try await engine.get(root + "a/1.txt") == (200, "1.txt"))
        #expect(try await engine.get(root + "a/").text.contains("2.txt"))
        policy.withhold("2.txt")
        for repository in engine.catalogue.current.repositories {
            engine.services.administration.contentChanged(in: repository.record.id, package: nil)
        }
        await expectRefused(engine, root + "a/2.txt")
        let directory = try await engine.get(root + "a/")
        #expect(directory.status == 200 && directory.text.contains("1.txt") && !directory.text.contains("2.txt"))
        #expect(try await engine.get(root + "a/1.txt") == (200, "1.txt"))
    }
}

import Foundation
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatNpm

/// What a tarball has to be, and what comes beside it.
@Suite struct TarballTests {
    typealias Publish = PublishTests.Publish

    private func receive(_ publish: Publish, url: String? = nil) async throws -> Submission {
        let request = UploadRequest(
            plan: UploadPlan(package: PackageID(normalized: url ?? publish.name), purpose: "publish", status: 201),
            contentType: "application/json", body: ByteStream(publish.json.bytes))
        return try await NpmFormat(settings: [:]).receive(request, into: InMemoryStaging())
    }

    private func refusal(_ publish: Publish) async -> SaveError? {
        let error = await #expect(throws: SaveError.self) { try await receive(publish) }
        #expect(error?.code == .invalidRequest && error?.message.utf8.contains(10) == false)
        return error
    }

    private static func tar(_ entries: (String, String)...) -> [UInt8] {
        FixtureTar(entries.map { FixtureTar.Entry($0.0, $0.1) }).bytes
    }

    @Test func `a file that is no tarball, or that of another package, is refused`() async throws {
        let manifest = #"{"name":"@acme/left-pad","version":"1.2.3"}"#
        for content in [
            Array("the tarball".utf8), Array(manifest.utf8), FixtureZip([.init("package/package.json", manifest)]).bytes,
            FixtureTar([.init("package/package.json", manifest)]).tar, Self.tar(("package/index.js", "1")),
            Self.tar(("package.json", manifest)), Self.tar(("package/lib/package.json", manifest)),
            Self.tar(("package/package.json", "{")), Self.tar(("package/package.json", "[]")),
            Self.tar(("package/package.json", manifest), ("other/package.json", manifest)),
            Self.tar(("package/package.json", manifest), ("package/package.json", manifest)),
            Self.tar(("package/package.json", #"{"name":"@acme/other","version":"1.2.3"}"#)),
            Self.tar(("package/package.json", #"{"name":"left-pad","version":"1.2.3"}"#)),
            Self.tar(("package/package.json", #"{"name":"@acme/left-pad","version":"1.2.4"}"#)),
            Self.tar(("package/package.json", #"{"name":"@acme/left-pad"}"#)),
            Self.tar(("package/package.json", #"{"name":"@acme/left-pad","name":"evil","version":"1.2.3"}"#)),
            Array(Publish.tarball("@acme/left-pad", "1.2.3").dropLast(40)),
        ] {
            #expect(await refusal(Publish(content: content))?.details["field"] == "_attachments")
        }
    }

    @Test(arguments: ["1.2.3", " v1.2.3 ", "=1.2.3", "1.2.3+build.5"])
    func `the version within may be written as npm takes it`(_ written: String) async throws {
        let manifest: JSONValue = ["name": " @acme/left-pad", "version": .string(written)]
        let text = "\u{FEFF}" + manifest.text
        #expect(try await receive(Publish(content: Self.tar(("some-folder/package.json", text)))).items.count == 1)
    }

    @Test(arguments: ["node_modules", "favicon.ico", "Node_Modules", "left~pad"])
    func `a name that npm could not install is refused`(_ name: String) async throws {
        var publish = Publish(name: name)
        publish.tags = ["latest": "1.2.3"]
        #expect(await refusal(publish)?.details["field"] == "name")
    }

    // MARK: - Provenance

    private static func bundle(_ publish: Publish, name: String? = nil, sha512: String? = nil) -> JSONValue {
        let statement: JSONValue = [
            "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1", "predicate": [:],
            "subject": [
                [
                    "name": .string(name ?? "pkg:npm/%40acme/left-pad@1.2.3"),
                    "digest": ["sha512": .string(sha512 ?? publish.digest(.sha512))],
                ]
            ],
        ]
        return [
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "dsseEnvelope": ["payload": .string(Data(statement.bytes).base64EncodedString()), "signatures": []],
        ]
    }

    private static func with(_ bundle: JSONValue, named name: String = "@acme/left-pad-1.2.3.sigstore") -> Publish {
        var publish = Publish()
        publish.attached[name] = [
            "content_type": "application/vnd.dev.sigstore.bundle.v0.3+json", "data": .string(bundle.text),
            "length": .integer(Int64(bundle.bytes.count)),
        ]
        return publish
    }

    @Test func `a provenance comes with its tarball, and the manifest says that there is one`() async throws {
        let bundle = Self.bundle(Publish())
        let submission = try await receive(Self.with(bundle))
        #expect(submission.items.count == 2)
        let (file, sidecar) = (submission.items[0], submission.items[1])
        #expect(sidecar.record.sidecarOf == file.record.path)
        let document = try JSONValue(parsing: await sidecar.staged.contents())
        #expect(
            document == ["attestations": [["predicateType": "https://slsa.dev/provenance/v1", "bundle": bundle]]])
        let packument = Packument(
            of: PackageID(normalized: "@acme/left-pad"), listing: Listing(assets: [file.record]),
            origin: "https://s.test/npm/p/r/")
        let dist = packument.version("1.2.3")?.object?["dist"]?.object
        #expect(
            dist?["attestations"] == [
                "provenance": ["predicateType": "https://slsa.dev/provenance/v1"],
                "url": "https://s.test/npm/p/r/-/npm/v1/attestations/@acme%2fleft-pad@1.2.3",
            ])
        let route = try NpmFormat(settings: [:]).route(
            FormatRequest(
                method: .get,
                path: RequestPath(segments: ["-", "npm", "v1", "attestations", "@acme", "left-pad@1.2.3"], endsInSlash: false)))
        #expect(route == .asset(sidecar.record.path, package: PackageID(normalized: "@acme/left-pad")))
    }

    @Test func `a provenance that comes later joins those that are kept, once`() async throws {
        let format = try NpmFormat(settings: [:])
        func document(_ signature: String) async throws -> (bytes: [UInt8], record: AssetRecord) {
            var bundle = Self.bundle(Publish()).object ?? [:]
            bundle["signature"] = .string(signature)
            let item = try #require(try await receive(Self.with(.object(bundle))).items.last)
            return (try await item.staged.contents(), item.record)
        }
        let (first, second) = (try await document("a"), try await document("b"))
        #expect(try format.combined(first.bytes, with: first.bytes, in: first.record) == nil)
        let both = try #require(try format.combined(first.bytes, with: second.bytes, in: second.record))
        let known = [first, second].compactMap { try? JSONValue(parsing: $0.bytes).object?["attestations"]?.array?.first }
        #expect(try JSONValue(parsing: both.bytes) == ["attestations": .array(known)])
        #expect(try format.combined(both.bytes, with: first.bytes, in: first.record) == nil)
    }

    @Test func `a provenance of another file, or none at all, is refused`() async throws {
        let publish = Publish()
        for bundle in [
            Self.bundle(publish, name: "pkg:npm/%40acme/left-pad@1.2.4"), Self.bundle(publish, name: "pkg:npm/other@1.2.3"),
            Self.bundle(publish, sha512: String(repeating: "0", count: 128)), "text", [:],
            ["dsseEnvelope": ["payload": "!"]],
        ] {
            #expect(await refusal(Self.with(bundle))?.details["field"] == "_attachments")
        }
        let right = Self.bundle(publish)
        #expect(await refusal(Self.with(right, named: "other-1.2.3.sigstore")) != nil)
        var two = Self.with(right)
        two.attached["left-pad-1.2.3.sigstore"] = two.attached["@acme/left-pad-1.2.3.sigstore"]
        #expect(await refusal(two) != nil)
    }

    @Test func `what a manifest says of attestations elsewhere is not believed`() async throws {
        var publish = Publish()
        publish.says["dist"] = ["attestations": ["url": "https://elsewhere.example/x"]]
        let record = try #require(try await receive(publish).items.first).record
        #expect(VersionRecord(record).manifest["dist"]?.object?["attestations"] == nil)
    }
}

import Foundation
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatNpm

@Suite struct PublishTests {
    /// A publish as npm sends it, with what a test changes.
    struct Publish {
        var name = "@acme/left-pad"
        var version = "1.2.3"
        /// The file, where it is not the tarball of the package.
        var content: [UInt8]?
        /// More attachments.
        var attached = JSONObject()
        var filename: String?
        var data: String?
        var length: JSONValue?
        var shasum: JSONValue?
        var integrity: JSONValue?
        var tags: JSONObject = ["latest": "1.2.3"]
        var manifestName: String?
        /// More members of the manifest.
        var says: JSONObject = [:]

        var file: [UInt8] { content ?? Self.tarball(name, version) }

        /// A tarball as npm packs them.
        static func tarball(
            _ name: String, _ version: String,
            more: [FixtureTar.Entry] = [FixtureTar.Entry("package/index.js", "module.exports = 1\n")]
        ) -> [UInt8] {
            let manifest: JSONValue = ["name": .string(name), "version": .string(version)]
            return FixtureTar([FixtureTar.Entry("package/package.json", manifest.bytes)] + more).bytes
        }

        var json: JSONValue {
            var manifest: JSONObject = [
                "name": .string(manifestName ?? name), "version": .string(version), "dependencies": ["lodash": "^4.0.0"],
                "dist": [
                    "shasum": shasum ?? .string(digest(.sha1)), "tarball": "http://localhost/somewhere.tgz",
                    "integrity": integrity ?? .string("sha512-" + base64(.sha512)), "fileCount": 2,
                ],
            ]
            for member in says.members { manifest[member.key] = member.value }
            let attachment: JSONObject = [
                "content_type": "application/octet-stream",
                "data": .string(data ?? Data(file).base64EncodedString()),
                "length": length ?? .integer(Int64(file.count)),
            ]
            return [
                "_id": .string(name), "name": .string(name), "dist-tags": .object(tags),
                "versions": .object(JSONObject([(version, .object(manifest))])), "access": nil,
                "_attachments": .object(
                    JSONObject(
                        [(filename ?? "\(name)-\(version).tgz", JSONValue.object(attachment))]
                            + attached.members.map { ($0.key, $0.value) })),
            ]
        }

        func digest(_ algorithm: DigestAlgorithm) -> String {
            let digest = StreamingDigest(algorithm)
            digest.update(file)
            return Hex.encode(digest.finish())
        }

        func base64(_ algorithm: DigestAlgorithm) -> String {
            Data(Hex.decode(digest(algorithm)) ?? []).base64EncodedString()
        }
    }

    private func receive(_ bytes: [UInt8], url: String = "@acme/left-pad", pieces: Int = .max) async throws -> Submission {
        let request = UploadRequest(
            plan: UploadPlan(package: PackageID(normalized: url), purpose: "publish", status: 201),
            contentType: "application/json",
            body: ByteStream(bytes, chunk: pieces))
        return try await NpmFormat(settings: [:]).receive(request, into: InMemoryStaging())
    }

    @Test(arguments: [Int.max, 1, 2, 3, 7, 1000])
    func `a publish is one version with its tarball, however it arrives`(_ pieces: Int) async throws {
        var publish = Publish()
        publish.content = Publish.tarball(
            publish.name, publish.version,
            more: [FixtureTar.Entry("package/data", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31) })])
        let submission = try await receive(publish.json.bytes, pieces: pieces)
        let item = try #require(submission.items.first)
        #expect(submission.items.count == 1 && submission.package?.displayName == "@acme/left-pad")
        #expect(item.record.path.text == "@acme/left-pad/-/left-pad-1.2.3.tgz" && item.record.version == "1.2.3")
        #expect(try await item.staged.contents() == publish.file)
        #expect(
            item.record.checksums.contains { $0.algorithm == .sha512 } && item.record.checksums.contains { $0.algorithm == .sha1 }
        )
        let kept = VersionRecord(item.record)
        #expect(kept.manifest["dependencies"] == ["lodash": "^4.0.0"] && kept.manifest["dist"] == ["fileCount": 2])
        let change = try #require(submission.change)
        let tagged = try change(Listing(assets: [item.record], attributes: ["other": 1]))
        #expect(tagged == PackageChange(attributes: ["other": 1, "dist-tags": ["latest": "1.2.3"]]))
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 6])
    func `Base64 of every length is decoded`(_ count: Int) throws {
        let bytes = (0..<count).map { UInt8(250 + $0 % 6) }
        var decoder = Base64Decoder()
        let text = Array(Data(bytes).base64EncodedString().utf8)
        #expect(try decoder.decode(text[...]) + decoder.finish() == bytes)
    }

    @Test func `members may come in any order`() async throws {
        let members = try #require(Publish().json.object).members.reversed().map { ($0.key, $0.value) }
        #expect(try await receive(JSONValue.object(JSONObject(members)).bytes).items.count == 1)
    }

    private func expectRefusal(_ field: String, _ publish: Publish, url: String = "@acme/left-pad") async {
        await expectRefusal(field, publish.json.bytes, url: url)
    }

    private func expectRefusal(_ field: String?, _ bytes: [UInt8], url: String = "@acme/left-pad") async {
        let error = await #expect(throws: SaveError.self) { try await receive(bytes, url: url) }
        #expect(error?.code == .invalidRequest && error?.details["field"] == field, "\(String(describing: error))")
        #expect(error?.message.utf8.contains(10) == false)
    }

    @Test func `what does not fit together is refused by the member's name`() async {
        await expectRefusal("name", Publish(), url: "other")
        await expectRefusal("name", Publish(name: "@acme/Left-Pad"), url: "@acme/Left-Pad")
        await expectRefusal("versions", Publish(version: "1.2"))
        await expectRefusal("versions", Publish(manifestName: "other"))
        await expectRefusal("_attachments", Publish(filename: "../../evil.tgz"))
        await expectRefusal("_attachments", Publish(filename: "other-1.2.3.tgz"))
        await expectRefusal("_attachments", Publish(content: []))
        await expectRefusal("_attachments", Publish(data: "not base64!"))
        await expectRefusal("_attachments", Publish(data: "AAA"))
        await expectRefusal("_attachments", Publish(data: "AAB="))
        await expectRefusal("_attachments", Publish(data: "AA=A"))
        await expectRefusal("_attachments", Publish(length: 3))
        await expectRefusal("dist.shasum", Publish(shasum: "da39a3ee5e6b4b0d3255bfef95601890afd80709"))
        await expectRefusal("dist.integrity", Publish(integrity: "sha512-AAAA"))
        await expectRefusal("dist.integrity", Publish(integrity: "md4-AAAA"))
        await expectRefusal("dist-tags", Publish(tags: ["latest": "9.9.9"]))
        await expectRefusal("dist-tags", Publish(tags: ["1.0.0": "1.2.3"]))
        await expectRefusal("dist-tags", Publish(tags: ["v1": "1.2.3"]))
    }

    @Test func `what is no publish is refused, cut anywhere`() async {
        let whole = Publish().json.bytes
        for count in 0..<whole.count {
            let error = await #expect(throws: SaveError.self) { try await receive(Array(whole.prefix(count))) }
            #expect(error?.code == .invalidRequest)
        }
        await expectRefusal(nil, Array(repeating: UInt8(ascii: "["), count: 100_000))
        await expectRefusal(nil, Array(repeating: UInt8(ascii: "}"), count: 100))
        await expectRefusal("name", Array("{}".utf8))
        await expectRefusal("versions", Array(#"{"name":"@acme/left-pad"}"#.utf8))
        await expectRefusal("_attachments", Array(#"{"name":"@acme/left-pad","_attachments":{}}"#.utf8))
        // The same key, spelled so that a reader of bytes does not see it.
        let hidden = String(decoding: whole, as: UTF8.self).replacing("\"_attachments\"", with: "\"\\u005fattachments\"")
        await expectRefusal("_attachments", Array(hidden.utf8))
    }

    @Test func `a second file, or a key twice, is refused`() async throws {
        let text = String(decoding: Publish().json.bytes, as: UTF8.self)
        let file = #""x.tgz":{"data":"AAAA"}"#
        await expectRefusal("_attachments", Array(text.replacing("\"_attachments\":{", with: "\"_attachments\":{\(file),").utf8))
        await expectRefusal(nil, Array(text.replacing("\"access\":", with: "\"name\":\"@acme/left-pad\",\"access\":").utf8))
    }
}

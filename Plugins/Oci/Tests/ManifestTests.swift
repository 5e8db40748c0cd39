import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatOci

@Suite struct ManifestTests {
    private static let some = "\"digest\":\"sha256:" + String(repeating: "0", count: 64) + "\""

    private func code(_ text: String, type: String? = nil) -> String? {
        do {
            _ = try Manifest(Array(text.utf8), contentType: type)
            return nil
        } catch { return (error as? SaveError)?.details["code"] }
    }

    @Test func `what a manifest refers to is read, whatever its type`() throws {
        let image = SampleImage()
        let blobs = [image.config, image.layer].map(SampleImage.digest)
        let required = try Manifest(image.manifest, contentType: SampleImage.ociType).required
        #expect(required.map(\.digest.text) == blobs && required.allSatisfy { $0.kinds == ["blobs"] })
        let index = "{\"schemaVersion\":2,\"manifests\":[\(SampleImage.descriptor(image.manifest, SampleImage.ociType))]}"
        let read = try Manifest(Array(index.utf8), contentType: "application/vnd.docker.distribution.manifest.list.v2+json; x=y")
        #expect(read.required.map(\.digest.text) == [image.digest] && read.required[0].kinds == ["manifests"])
        #expect(read.type == "application/vnd.docker.distribution.manifest.list.v2+json")
        let artifact =
            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.x+json\",\"blobs\":[{\(Self.some)}],\"subject\":{\(Self.some)}}"
        #expect(try Manifest(Array(artifact.utf8), contentType: nil).required.count == 1)
    }

    @Test func `an index may list what its type says is no manifest, as caches of builds do`() throws {
        for (type, kinds) in [
            ("application/vnd.docker.distribution.manifest.v2+json", ["manifests"]),
            ("application/vnd.oci.image.layer.v1.tar+gzip", ["manifests", "blobs"]),
            ("application/vnd.buildkit.cacheconfig.v0", ["manifests", "blobs"]),
        ] {
            let text = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"\(type)\",\(Self.some)}]}"
            #expect(try Manifest(Array(text.utf8), contentType: SampleImage.ociType).required.map(\.kinds) == [kinds])
        }
    }

    @Test func `what a record keeps of a manifest has limits, and names each thing once`() throws {
        func kept(_ members: String) throws -> JSONObject {
            try Manifest(Array("{\"schemaVersion\":2,\(members)}".utf8), contentType: SampleImage.ociType).attributes
        }
        func layers(_ numbers: Range<Int>) -> String {
            let entries = numbers.map { number in
                let hex = String(number, radix: 16)
                return "{\"digest\":\"sha256:\(String(repeating: "0", count: 64 - hex.utf8.count))\(hex)\"}"
            }
            return "\"layers\":[\(entries.joined(separator: ","))]"
        }
        let same = [String](repeating: "{\(Self.some)}", count: 20_000).joined(separator: ",")
        #expect(try kept("\"layers\":[\(same)]")["references"]?.array?.count == 1)
        #expect(try kept(layers(0..<5000))["references"]?.array?.count == 5000)
        let subject = "\"subject\":{\(Self.some)},"
        func long(_ count: Int) -> String { String(repeating: "a", count: count) }
        // `{"k":"…"}`
        #expect(try kept(subject + "\"annotations\":{\"k\":\"\(long(65_536 - 8))\"}")["annotations"] != nil)
        #expect(try kept("\"annotations\":{\"k\":\"\(long(1 << 20))\"}")["annotations"] == nil)
        for members in [
            layers(0..<5001), subject + "\"annotations\":{\"k\":\"\(long(65_536 - 7))\"}",
            subject + "\"artifactType\":\"a/\(long(254))\"",
            subject + "\"config\":{\"mediaType\":\"a/\(long(254))\",\(Self.some)}",
        ] {
            let error = #expect(throws: SaveError.self) { try kept(members) }
            #expect(error?.details["code"] == "MANIFEST_INVALID")
        }
    }

    @Test func `layers that are fetched from elsewhere need not be there`() throws {
        for type in [
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        ] {
            let text = "{\"schemaVersion\":2,\"layers\":[{\"mediaType\":\"\(type)\",\(Self.some)}]}"
            let manifest = try Manifest(Array(text.utf8), contentType: SampleImage.ociType)
            #expect(manifest.required.isEmpty)
            // Pushed all the same, they are no garbage.
            #expect(try manifest.references.count == 1 && manifest.attributes["references"]?.array?.count == 1)
        }
    }

    @Test func `the artifact type is that of the config where the manifest has none`() throws {
        let subject = "\"subject\":{\(Self.some)},"
        let plain = try Manifest(SampleImage(members: subject).manifest, contentType: SampleImage.ociType)
        #expect(try plain.attributes["artifactType"]?.string == "application/vnd.oci.image.config.v1+json")
        let typed = try Manifest(
            SampleImage(members: subject + "\"artifactType\":\"a/b\",\"annotations\":{\"k\":\"v\"},").manifest,
            contentType: SampleImage.ociType)
        #expect(try typed.attributes["artifactType"]?.string == "a/b")
        #expect(try typed.attributes["annotations"] == ["k": "v"])
    }

    @Test(arguments: [
        "", "[]", "{}", "{\"schemaVersion\":1}", "{\"schemaVersion\":2}", "{\"schemaVersion\":\"2\"}",
        "{\"schemaVersion\":2,\"mediaType\":7}", "{\"schemaVersion\":2,\"mediaType\":\"x\"}",
        "{\"schemaVersion\":2,\"mediaType\":\"a/b\",\"layers\":{}}", "{\"schemaVersion\":2,\"mediaType\":\"a/b\",\"layers\":[7]}",
        "{\"schemaVersion\":2,\"mediaType\":\"a/b\",\"config\":{\"digest\":\"sha256:x\"}}",
        "{\"schemaVersion\":2,\"mediaType\":\"a/b\",\"subject\":{}}", "\u{0}",
    ])
    func `what is no manifest is refused as one`(text: String) {
        #expect(code(text) == "MANIFEST_INVALID")
    }

    @Test func `a media type is the one that was sent, and no other one is said inside`() {
        #expect(code("{\"schemaVersion\":2,\"mediaType\":\"a/b\"}", type: "a/b") == nil)
        #expect(code("{\"schemaVersion\":2,\"mediaType\":\"a/b\"}", type: "a/c") == "MANIFEST_INVALID")
        #expect(code("{\"schemaVersion\":2}", type: "a/c") == nil)
    }

    @Test func `a manifest of more than four mebibytes is refused, and one of just so many is not`() async throws {
        func push(_ count: Int) async throws {
            let head = "{\"schemaVersion\":2,\"x\":\"", tail = "\"}"
            let body =
                Array(head.utf8) + [UInt8](repeating: 97, count: count - head.utf8.count - tail.utf8.count) + Array(tail.utf8)
            let plan = UploadPlan(package: PackageID(normalized: "a"), purpose: "manifest x", status: 201)
            let upload = UploadRequest(plan: plan, contentType: "a/b", body: ByteStream(body))
            _ = try await OciFormat(settings: [:]).receive(upload, into: InMemoryStaging())
        }
        try await push(4 << 20)
        let error = await #expect(throws: SaveError.self) { try await push(4 << 20 + 1) }
        #expect(error?.code == .tooLarge)
    }
}

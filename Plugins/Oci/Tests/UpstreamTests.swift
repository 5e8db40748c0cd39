import SavePlatform
import Testing

@testable import FormatOci

@Suite struct UpstreamTests {
    private let app = PackageID(normalized: "team/app")
    private let digest = "sha256:" + String(repeating: "0a", count: 32)

    private func format() throws -> OciFormat { try OciFormat(settings: [:]) }

    @Test(arguments: [
        ("https://registry.test", "https://registry.test/v2/"), ("http://registry.test:5000/", "http://registry.test:5000/v2/"),
        ("https://registry.test/library/", "https://registry.test/v2/library/"),
        ("https://save.test/oci/p/r/?x#y", "https://save.test/v2/oci/p/r/"),
        ("https://save.test/v2/oci/p/r", "https://save.test/v2/oci/p/r/"),
        ("https://registry.test/v2", "https://registry.test/v2/"),
    ])
    func `a registry is asked below its mount, whatever path it was given`(remote: String, base: String) throws {
        let tags = try format().upstreamRequest(for: .index(.package(app)), base: remote)
        #expect(tags.url == base + "team/app/tags/list")
        let manifest = try format().upstreamRequest(for: .index(.custom("manifest/v1", package: app)), base: remote)
        #expect(manifest.url == base + "team/app/manifests/v1" && manifest.accept?.contains(SampleImage.ociType) == true)
        let blob = try format().upstreamRequest(for: .asset(AssetPath("team/app/blobs/\(digest)")), base: remote)
        #expect(blob.url == base + "team/app/blobs/\(digest)" && blob.accept == nil)
        let file = try format().upstreamRequest(for: .asset(AssetPath("team/app/manifests/\(digest)")), base: remote)
        #expect(file.url == base + "team/app/manifests/\(digest)" && file.accept?.contains(SampleImage.ociType) == true)
    }

    @Test func `a file is what its path says, and another path is asked of no upstream`() throws {
        let manifest = try #require(try format().record(at: AssetPath("team/app/manifests/\(digest)")))
        #expect(
            manifest.package == app && manifest.version == digest
                && manifest.checksums.map(\.hex) == [String(digest.dropFirst(7))])
        for path in [
            "team/app/manifests/latest", "team/app/blobs/sha256:x", "blobs/\(digest)", "Team/blobs/\(digest)", "a/tags/list",
        ] {
            #expect(try format().record(at: AssetPath(path)) == nil, "\(path)")
        }
    }

    @Test func `a tag of an upstream names the digest of what was sent, and says its type`() throws {
        let image = SampleImage()
        let key = IndexKey.custom("manifest/v1", package: app)
        for type in [SampleImage.ociType, "application/json", nil] {
            let document = UpstreamDocument(url: "https://registry.test/", contentType: type, bytes: image.manifest)
            let listing = try format().listing(from: document, for: key)
            #expect(listing.attributes == ["tag:v1": .string(image.digest), "type:v1": .string(SampleImage.ociType)])
            #expect(try format().documents(for: key, in: listing).map(\.text) == ["team/app/manifests/\(image.digest)"])
        }
        let page = UpstreamDocument(url: "https://registry.test/", contentType: "text/html", bytes: Array("<html>".utf8))
        let error = #expect(throws: SaveError.self) { try format().listing(from: page, for: key) }
        #expect(error?.code == .upstreamInvalid)
    }

    @Test func `what is no tag is left out of an upstream's list, and no list is none`() throws {
        let read = { (text: String) in
            try format().listing(
                from: UpstreamDocument(url: "https://registry.test/", contentType: nil, bytes: Array(text.utf8)),
                for: .package(app)
            ).attributes.keys
        }
        #expect(try read(#"{"tags":["b","a","a",7,".x","<b>"]}"#) == ["tag:a", "tag:b"])
        #expect(try read(#"{"tags":null}"#) == [])
        #expect(throws: SaveError.self) { try read(#"{"errors":[]}"#) }
    }

    @Test func `where an upstream has no referrers clients are told so, and go on to its tag`() throws {
        let subject = try #require(ContentDigest(digest))
        let fetched = Listing(assets: [AssetRecord(path: try AssetPath("team/app/manifests/\(digest)"), package: app)])
        let error = #expect(throws: SaveError.self) {
            try Referrers.document(of: Image(fetched), about: subject, artifactType: nil)
        }
        #expect(error?.code == .packageNotFound)
    }
}

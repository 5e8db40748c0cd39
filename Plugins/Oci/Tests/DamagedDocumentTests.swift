import SavePlatform
import SaveTestKit
import Testing

@testable import FormatOci

/// What the format reads, damaged in thousands of ways (`Mutations`): it is taken or refused, and never anything else.
@Suite struct DamagedDocumentTests {
    private static let digest = "sha256:" + String(repeating: "0a", count: 32)
    private static let descriptor = "{\"mediaType\":\"application/x.y+json\",\"digest\":\"\(digest)\",\"size\":7}"
    private static let documents: [String: String] = [
        "image": """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"a/b","config":\(descriptor),
        "layers":[\(descriptor),\(descriptor)],"subject":\(descriptor),"annotations":{"a":"b","c":"d"}}
        """,
        "index": """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[\(descriptor),
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\(digest)","size":7,"platform":{"architecture":"arm64","os":"linux"}}]}
        """,
    ]

    @Test(arguments: documents.keys.sorted()) func `a damaged manifest is read, or refused as invalid`(name: String) async throws
    {
        let bytes = Array((Self.documents[name] ?? "").utf8)
        _ = try Manifest(bytes, contentType: nil).attributes
        for copy in Mutations.of(bytes) {
            await Task.yield()
            for type in [nil, "", "application/vnd.oci.image.index.v1+json", "x"] {
                do {
                    let manifest = try Manifest(copy.bytes, contentType: type)
                    #expect(manifest.references.count == Set(manifest.references).count, "\(copy.what)")
                    #expect(try manifest.attributes["references"]?.array?.count == manifest.references.count)
                } catch let error as SaveError {
                    #expect(
                        error.code == .invalidRequest && error.details["code"] == "MANIFEST_INVALID", "\(copy.what): \(error)")
                }
            }
        }
    }

    private static let answers: [(ImageIndex, String)] = [
        (.tags(count: nil, last: nil), "{\"name\":\"team/app\",\"tags\":[\"latest\",\"v1\",\"v1.0.0-rc1\"]}"),
        (ImageTag("v1").map { .manifest($0) } ?? .tags(count: nil, last: nil), documents["image"] ?? ""),
        (
            ContentDigest(digest).map { .referrers($0, artifactType: nil) } ?? .tags(count: nil, last: nil),
            "{\"schemaVersion\":2,\"mediaType\":\"\(Referrers.type.value)\",\"manifests\":[\(descriptor)]}"
        ),
    ]

    @Test(arguments: answers.indices) func `a damaged answer of an upstream is read, or refused as the upstream's`(number: Int)
        async throws
    {
        let (index, text) = Self.answers[number]
        let key = index.key(of: try #require(ImageName("team/app")))
        let format = try OciFormat(settings: [:])
        func read(_ bytes: [UInt8]) throws -> Listing {
            try format.listing(
                from: UpstreamDocument(url: "http://up.example.com/v2/x", contentType: "application/json", bytes: bytes), for: key
            )
        }
        #expect(try !read(Array(text.utf8)).attributes.isEmpty)
        for copy in Mutations.of(Array(text.utf8)) {
            await Task.yield()
            do {
                let image = Image(try read(copy.bytes))
                #expect(image.tags.allSatisfy { ImageTag($0) != nil }, "\(copy.what)")
                for referrer in image.listing.attributes[Referrers.attribute]?.array ?? [] {
                    #expect(referrer.object?["digest"]?.string.flatMap(ContentDigest.init) != nil, "\(copy.what)")
                }
            } catch let error as SaveError {
                #expect(error.code == .upstreamInvalid, "\(copy.what): \(error)")
            }
        }
    }

    @Test func `a damaged name of an index, and a damaged purpose, is none or means itself`() async {
        let names = Self.answers.map(\.0.text) + ["tags?2/v1", "referrers/\(Self.digest)?a/b"]
        for copy in names.flatMap({ Mutations.of(Array($0.utf8)) }) {
            await Task.yield()
            guard let index = ImageIndex(String(decoding: copy.bytes, as: UTF8.self)) else { continue }
            #expect(ImageIndex(index.text) == index, "\(copy.what)")
        }
        for copy in ["manifest v1", "remove team/app/blobs/\(Self.digest)", "untag v1"].flatMap({ Mutations.of(Array($0.utf8)) })
        {
            guard let purpose = Purpose(String(decoding: copy.bytes, as: UTF8.self)) else { continue }
            #expect(Purpose(purpose.text) == purpose, "\(copy.what)")
        }
    }
}

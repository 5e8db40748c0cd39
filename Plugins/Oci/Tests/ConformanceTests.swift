import SavePlatform
import SaveTestKit
import Testing

@testable import FormatOci

@Suite struct ConformanceTests {
    @Test func `the format keeps the rules of all formats`() async throws {
        let image = SampleImage()
        let package = PackageID(normalized: "team/app")
        let digest = try #require(ContentDigest(image.digest))
        let blobs = [image.config, image.layer].map(SampleImage.digest)
        let name = try #require(ImageName("team/app"))
        let session = SampleSession(
            SampleUpload(.post, "/team/app/blobs/uploads/?digest=\(blobs[1])", body: image.layer),
            opening: (.post, "/team/app/blobs/uploads/"), ending: (.put, "?digest=\(blobs[1])"))
        let conformance = FormatConformance(
            OciFormat.self,
            paths: [
                "/", "/team/app/tags/list", "/team/app/manifests/latest", "/team/app/manifests/\(image.digest)",
                "/team/app/blobs/\(blobs[0])", "/team/app/blobs/\(blobs[1])", "/team/app/blobs/uploads/",
                "/team/app/blobs/uploads/0123", "/team/app/referrers/\(image.digest)",
            ],
            indexes: [
                (.root, Listing(packages: [PackageSummary(id: package, displayName: "team/app")])),
                (ImageIndex.tags(count: nil, last: nil).key(of: name), Listing(attributes: ["tag:latest": .string(digest.text)])),
                (ImageIndex.referrers(digest, artifactType: nil).key(of: name), Listing()),
            ],
            uploads: [
                SampleUpload(.post, "/team/app/blobs/uploads/?digest=\(blobs[0])", body: image.config),
                SampleUpload(.post, "/team/app/blobs/uploads/?digest=\(blobs[1])", body: image.layer),
                SampleUpload(.put, "/team/app/manifests/latest", contentType: SampleImage.ociType, body: image.manifest),
                SampleUpload(.put, "/team/app/manifests/\(image.digest)", contentType: SampleImage.ociType, body: image.manifest),
            ], sessions: [session])
        #expect(try await conformance.violations() == [])
    }
}

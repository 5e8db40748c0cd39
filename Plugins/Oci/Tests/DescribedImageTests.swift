import SavePlatform
import Testing

@testable import FormatOci

@Suite struct DescribedImageTests {
    @Test func `an image is described by the annotations of its manifest`() throws {
        let format = try OciFormat(settings: [:])
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let manifest = AssetRecord(path: try AssetPath("team/app/manifests/\(digest)"))
        #expect(format.metadataPath(of: manifest) == manifest.path)
        #expect(format.metadataPath(of: AssetRecord(path: try AssetPath("team/app/blobs/\(digest)"))) == nil)
        let bytes = Array(
            """
            {"schemaVersion":2,"annotations":{"org.opencontainers.image.description":"An app\\nand more","org.opencontainers.image.licenses":"MIT",
             "org.opencontainers.image.source":"https://git.test/app","other":"x","org.opencontainers.image.title":""},
             "manifests":[{"platform":{"os":"linux","architecture":"arm","variant":"v7"}},{"platform":{"os":"unknown","architecture":"unknown"}},
             {"platform":{"os":"linux","architecture":"amd64"}},{}]}
            """.utf8)
        #expect(format.summary(of: manifest, metadata: bytes) == "An app")
        #expect(format.readme(of: manifest, metadata: bytes, package: [:])?.type.essence == "text/plain")
        #expect(
            format.facts(of: manifest, metadata: bytes).map { "\($0.name): \($0.value)" } == [
                "Licence: MIT", "Source: https://git.test/app", "Platforms: linux/arm/v7, linux/amd64",
            ])
        for bytes in [nil, [], Array("[]".utf8), Array("{\"annotations\":[]}".utf8)] as [[UInt8]?] {
            #expect(format.summary(of: manifest, metadata: bytes) == nil && format.facts(of: manifest, metadata: bytes).isEmpty)
        }
    }
}

import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

@Suite struct ConformanceTests {
    @Test func `the format keeps the rules of all formats`() async throws {
        let foo = PackageID(normalized: "foo")
        var file = AssetRecord(
            path: try AssetPath("packages/foo/foo-1.0+x-py3-none-any.whl"), package: foo, version: "1.0+x", size: 7,
            checksums: [Checksum(.sha256, hex: String(repeating: "0", count: 64))].compactMap { $0 },
            origin: "https://upstream.example.com/foo-1.0.whl", attributes: ["core-metadata": true])
        file.withdrawn = Withdrawal(reason: "<&\"'>")
        let summary = PackageSummary(id: PackageID(normalized: "a-b"), displayName: "A.b")
        let wheel = FixtureWheel(name: "foo", version: "1.0")
        let form = FixtureForm("foo", "1.0", filename: wheel.filename, contents: wheel.bytes)
        let conformance = FormatConformance(
            PyPIFormat.self,
            paths: [
                "/", "/simple/", "/simple/foo/", "/+simple/foo/", "/packages/foo/foo-1.0.tar.gz",
                "/packages/foo/foo-1.0.tar.gz.metadata",
                "/simple/Foo/", "/simple", "/packages/foo/\(wheel.filename)", "/packages/foo/\(wheel.filename).metadata",
            ],
            indexes: [(.package(foo), Listing(assets: [file])), (.root, Listing(packages: [summary]))],
            uploads: [SampleUpload(.post, "/", contentType: "multipart/form-data; boundary=b", body: form.body)],
            versions: [
                ["0.dev0"], ["1.0.dev1", "1.dev1"], ["1.0a1", "1.0.0-ALPHA.1"], ["1.0rc1", "1c1"], ["1.0", "1.0.0", "v1", "0!1"],
                ["1.0+local.1", "1+local-1"], ["1.0.post1", "1.0-1"], ["1.9"], ["1.10"], ["1!0.1"],
            ])
        #expect(try await conformance.violations() == [])
    }
}

import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatGo

@Suite struct ConformanceTests {
    @Test func `the format keeps the rules of all formats`() async throws {
        let module = "example.com/Acme/lib"
        let package = PackageID(normalized: module)
        let below = "/example.com/!acme/lib"
        let path = try #require(ModulePath(module))
        let files = try ["v0.9.0", "v1.0.0-RC1", "v1.0.0"].map { text in
            let version = try #require(ModuleVersion(text))
            return try ModuleFile(path, version, .zip).record()
        }
        let conformance = FormatConformance(
            GoFormat.self,
            paths: [
                "/", "\(below)/@v/list", "\(below)/@latest", "\(below)/@v/v1.0.0.info", "\(below)/@v/v1.0.0.mod",
                "\(below)/@v/v1.0.0.zip", "\(below)/@v/v1.0.0-!r!c1.zip", "/example.com/!acme/lib/v2/@v/v2.0.0.zip",
            ],
            indexes: [
                (.package(package), Listing(assets: files)),
                (.root, Listing(packages: [PackageSummary(id: package, displayName: module)])),
            ],
            uploads: [
                SampleUpload(.put, "\(below)/@v/v1.0.0-!r!c1.zip", body: moduleZip(module, "v1.0.0-RC1")),
                SampleUpload(.put, "\(below)/@v/v1.0.0.zip", body: moduleZip(module, "v1.0.0")),
            ],
            versions: VersionTests.ascending)
        #expect(try await conformance.violations() == [])
    }

    @Test func `a publish has the zip and its go.mod`() async throws {
        let plan = UploadPlan(path: try AssetPath("example.com/a/@v/v1.0.0.zip"))
        let submission = try await GoFormat(settings: [:]).receive(
            UploadRequest(plan: plan, contentType: nil, body: ByteStream(moduleZip("example.com/a", "v1.0.0"))),
            into: InMemoryStaging())
        #expect(submission.items.map(\.record.path.text) == ["example.com/a/@v/v1.0.0.zip", "example.com/a/@v/v1.0.0.mod"])
        #expect(submission.items.map { $0.record.sidecarOf?.text } == [nil, "example.com/a/@v/v1.0.0.zip"])
        #expect(submission.items.allSatisfy { $0.record.version == "v1.0.0" })
        let mod = try await submission.items[1].staged.contents()
        #expect(String(decoding: mod, as: UTF8.self) == "module example.com/a\n\ngo 1.19\n")
    }

    @Test func `a module without go.mod gets the one that the go command makes`() async throws {
        let plan = UploadPlan(path: try AssetPath("example.com/a/@v/v2.0.0+incompatible.zip"))
        let zip = moduleZip("example.com/a", "v2.0.0+incompatible", goMod: "")
        let submission = try await GoFormat(settings: [:]).receive(
            UploadRequest(plan: plan, contentType: nil, body: ByteStream(zip)), into: InMemoryStaging())
        let mod = try await submission.items[1].staged.contents()
        #expect(String(decoding: mod, as: UTF8.self) == "module example.com/a\n")
    }

    @Test(arguments: [
        ("cache/download/example.com/!a/@v/v1.0.0.zip", "example.com/!a/@v/v1.0.0.zip"),
        ("example.com/a/v2/@v/v2.0.0.zip", "example.com/a/v2/@v/v2.0.0.zip"),
    ]) func `a tree of the go command's own is imported`(file: String, path: String) throws {
        #expect(try GoFormat(settings: [:]).upload(importing: AssetPath(file))?.path?.text == path)
    }

    @Test(arguments: ["example.com/a/@v/v1.0.0.mod", "example.com/a/@v/list", "a.zip"])
    func `what is no zip of a version is nothing to import`(file: String) throws {
        #expect(try GoFormat(settings: [:]).upload(importing: AssetPath(file)) == nil)
    }

    @Test func `a zip says itself what it was called`() throws {
        let bytes = moduleZip("example.com/A/b", "v1.2.3")
        let file = FileBytes(size: Int64(bytes.count)) { Array(bytes[Int($0)..<Int($0) + $1]) }
        let digest = try #require(BlobDigest(hex: Digest.hex(bytes)))
        #expect(try GoFormat(settings: [:]).name(of: file, digest: digest)?.text == "example.com/!a/b/@v/v1.2.3.zip")
    }
}

import FormatTemplate
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@Suite struct TemplateFormatTests {
    private let format: TemplateFormat
    init() throws { format = try TemplateFormat(settings: [:]) }

    private func route(_ method: HTTPMethod, _ path: String) throws -> Route {
        try format.route(FormatRequest(method: method, path: RequestPath(decoding: Array(path.utf8)[...])))
    }

    @Test func `the format keeps the rules of all formats`() async throws {
        let foo = PackageID(normalized: "foo")
        let file = AssetRecord(
            path: try AssetPath("foo/1.0-beta"), package: foo, version: "1.0-beta", size: 7,
            checksums: [Checksum(.sha256, hex: String(repeating: "0", count: 64))].compactMap(\.self),
            origin: "https://upstream.example.com/foo/1.0-beta")
        let conformance = FormatConformance(
            TemplateFormat.self, paths: ["/", "/foo/", "/Foo", "/foo/1.0-beta"],
            indexes: [
                (.package(foo), Listing(assets: [file])),
                (.root, Listing(packages: [PackageSummary(id: foo, displayName: "foo")])),
            ], uploads: [SampleUpload(.put, "/Foo/1.0-beta", body: Array("contents".utf8))])
        #expect(try await conformance.violations() == [])
    }

    @Test func `each method on a file has its meaning`() throws {
        let path = try AssetPath("foo/1.0")
        let foo = PackageID(normalized: "foo")
        #expect(try route(.get, "/Foo/1.0") == .asset(path, package: foo))
        #expect(try route(.put, "/Foo/1.0") == .upload(UploadPlan(path: path, package: foo, status: 201)))
        #expect(try route(.delete, "/foo/1.0") == .delete(path))
    }

    @Test(arguments: ["/foo/", "/foo", "/Foo/"]) func `a package has one page, however it is spelled`(path: String) throws {
        #expect(try route(.get, path) == .index(.package(PackageID(normalized: "foo")), offers: [.text]))
        #expect(throws: SaveError.self) { try route(.put, path) }
    }

    @Test(arguments: ["/f%20oo/", "/foo/.hidden", "/foo/1.0/more"]) func `what is no word is no name`(path: String) {
        let error = #expect(throws: SaveError.self) { try route(.get, path) }
        #expect(error?.code == .packageNotFound)
    }

    @Test func `a page has a line for each file`() throws {
        let files = try ["1.0", "0.9"].map { version in
            AssetRecord(
                path: try AssetPath("foo/\(version)"), size: 3,
                checksums: [Checksum(.sha256, hex: Digest.hex([1]))].compactMap(\.self))
        }
        let page = try format.render(
            .package(PackageID(normalized: "foo")), as: .text, from: Listing(assets: files),
            context: RenderContext(basePath: "/template/a/b/"))
        let digest = Digest.hex([1])
        #expect(String(decoding: page.bytes, as: UTF8.self) == "0.9 3 \(digest)\n1.0 3 \(digest)\n")
    }

    @Test func `an empty file is refused`() async throws {
        let plan = UploadPlan(path: try AssetPath("foo/1.0"), package: PackageID(normalized: "foo"))
        let upload = UploadRequest(plan: plan, contentType: nil, body: .empty)
        let error = await #expect(throws: SaveError.self) { try await format.receive(upload, into: InMemoryStaging()) }
        #expect(error?.details["field"] == "body")
    }
}

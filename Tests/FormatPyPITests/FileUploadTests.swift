import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

/// A file that is put to its place by itself.
@Suite struct FileUploadTests {
    private static let wheel = FixtureWheel(name: "Foo.Bar", version: "1.0.0+cu118", requiresPython: ">=3.8")
    private static let sdist = FixtureSdist(name: "Foo-Bar", version: "2.0rc1")

    private func put(_ path: String, _ bytes: [UInt8]) async throws -> Submission {
        let format = try PyPIFormat(settings: [:])
        let request = try RequestPath(decoding: Array(path.utf8)[...])
        guard case .upload(let plan) = try format.route(FormatRequest(method: .put, path: request)) else {
            throw SaveError(.notFound, "no upload")
        }
        #expect(plan.status == 201)
        return try await format.receive(
            UploadRequest(plan: plan, contentType: nil, body: ByteStream(bytes)), into: InMemoryStaging())
    }

    private func refusal(_ path: String, _ bytes: [UInt8]) async -> SaveError? {
        do {
            _ = try await put(path, bytes)
            return nil
        } catch { return error as? SaveError }
    }

    @Test func `a file by itself is recorded as if a tool had sent it in a form`() async throws {
        let form = FixtureForm("foo-bar", "1.0.0+cu118", filename: Self.wheel.filename, contents: Self.wheel.bytes)
        let expected = try await form.submit().items.map(\.record)
        let escaped = Self.wheel.filename.replacing("+", with: "%2B")
        for path in ["/packages/\(Self.wheel.filename)", "/packages/\(escaped)", "/packages/foo-bar/\(Self.wheel.filename)"] {
            let submission = try await put(path, Self.wheel.bytes)
            #expect(submission.items.map(\.record) == expected)
            #expect(submission.package == PackageSummary(id: PackageID(normalized: "foo-bar"), displayName: "Foo.Bar"))
        }
        for path in ["/packages/\(Self.sdist.filename)", "/packages/foo-bar/\(Self.sdist.filename)"] {
            let record = try #require(try await put(path, Self.sdist.bytes).items.first?.record)
            #expect(record.path.text == "packages/foo-bar/foo_bar-2.0rc1.tar.gz")
            #expect(record.version == "2.0rc1")
        }
    }

    @Test func `R-66 where a legacy archive's name ends is what its metadata say`() async throws {
        let text = FixtureMetadata.text(name: "foo-bar", version: "1.0.post1")
        let bytes = FixtureTar([FixtureTar.Entry("foo-bar-1.0-1/PKG-INFO", text)]).bytes
        let record = try #require(try await put("/packages/foo-bar-1.0-1.tar.gz", bytes).items.first?.record)
        #expect(record.package?.name == "foo-bar")
        #expect(record.version == "1.0.post1")
    }

    @Test(arguments: [
        "/packages/other-1.0.0-py3-none-any.whl", "/packages/other/Foo.Bar-1.0.0+cu118-py3-none-any.whl",
        "/packages/Foo.Bar/Foo.Bar-1.0.0+cu118-py3-none-any.whl", "/packages/Foo.Bar-2.0-py3-none-any.whl",
        "/packages/notes.txt", "/packages/Foo.Bar-1.0.0+cu118-py3-none-any.whl.metadata", "/packages/foo.whl",
        "/packages/foo_bar-1.0.tar.gz",
    ])
    func `R-65 a file whose name is not that of its content is refused`(_ path: String) async {
        #expect(await refusal(path, Self.wheel.bytes)?.code == .invalidRequest)
        #expect(await refusal(path, [])?.code == .invalidRequest)
    }

    @Test(arguments: ["/packages/", "/packages/a/b/c.whl", "/packages/foo/foo-1.0.tar.gz/"])
    func `other places take no files`(_ path: String) async {
        #expect(await refusal(path, Self.wheel.bytes)?.code == .notFound)
    }

    @Test func `a directory is taken in by its wheels and source archives, whatever its folders are called`() throws {
        let format = try PyPIFormat(settings: [:])
        let plan = try format.upload(importing: try AssetPath("2019/Old/foo-1.0.tar.gz"))
        #expect(plan == UploadPlan(path: try AssetPath("packages/foo-1.0.tar.gz"), status: 201))
        for name in ["README.md", "foo-1.0.tar.gz.asc", "foo-1.0-py3-none-any.whl.metadata", "a/index.html", ".whl.tmp"] {
            #expect(try format.upload(importing: try AssetPath(name)) == nil)
        }
    }
}

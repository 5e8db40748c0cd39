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

    @Test(arguments: [
        ">=3.6.*", ">=2.7,!=3.0.*,<=3.9.*", ">=2.7 <4", "3", ">='3.6'", "~=3.5.*", "=>3.6", ">=3.6 || <2", "\">=3.6\"",
    ])
    func `a Requires-Python of the time before PEP 440 is taken of a file by itself, with a warning, and not of a form`(
        _ specifiers: String
    ) async throws {
        let wheel = FixtureWheel(name: "foo", version: "1.0", requiresPython: specifiers)
        let submission = try await put("/packages/\(wheel.filename)", wheel.bytes)
        #expect(submission.items[0].record.attributes["requires-python"] == .string(specifiers))
        #expect(submission.warnings.count == 1)
        #expect(submission.warnings.first?.contains("'\(specifiers)'") == true)
        let form = FixtureForm("foo", "1.0", filename: wheel.filename, contents: wheel.bytes)
        let error = await #expect(throws: SaveError.self) { try await form.submit() }
        #expect(error?.message.contains("Requires-Python") == true)
    }

    @Test func `a Requires-Python that was never one is refused, and a good one is no reason for a warning`() async throws {
        for text in ["any", ">=3\"><script>", ">=3; x", ">=3\u{E9}", String(repeating: "1", count: 1025)] {
            let wheel = FixtureWheel(name: "foo", version: "1.0", requiresPython: text)
            #expect(await refusal("/packages/\(wheel.filename)", wheel.bytes)?.code == .invalidRequest)
        }
        #expect(try await put("/packages/\(Self.wheel.filename)", Self.wheel.bytes).warnings.isEmpty)
    }

    @Test(arguments: ["foo-1.0-py3-none-any-x86_64_v3.whl", "foo-1.0-1-py3-none-any-null.whl", "foo-1.0-variants.json"])
    func `a wheel variant is not taken, with the reason`(_ name: String) async {
        let wheel = FixtureWheel(name: "foo", version: "1.0")
        for folder in ["", "foo/"] {
            #expect(await refusal("/packages/\(folder)\(name)", wheel.bytes)?.message.contains("PEP 817") == true)
        }
        let form = FixtureForm("foo", "1.0", filename: name, contents: wheel.bytes)
        let error = await #expect(throws: SaveError.self) { try await form.submit() }
        #expect(error?.message.contains("PEP 817") == true)
    }

    @Test func `a source archive has the others of its version for rivals, in any way to pack one`() async throws {
        let rivals = try await put("/packages/\(Self.sdist.filename)", Self.sdist.bytes).items[0].rivals
        #expect(rivals.contains("foo-bar-2rc1.zip"))
        #expect(!rivals.contains("foo-bar-2rc1.tar.gz"))
        #expect(DistributionFilename("foo-1.0.0.zip", of: PackageID(normalized: "foo"))?.rivals.contains("foo-1.tar.gz") == true)
        #expect(try await put("/packages/\(Self.wheel.filename)", Self.wheel.bytes).items[0].rivals.isEmpty)
    }
}

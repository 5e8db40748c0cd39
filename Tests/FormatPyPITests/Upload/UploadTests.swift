import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

/// A form as clients send it.
struct FixtureForm {
    var fields: [(String, String)] = []
    var filename: String? = nil
    var contents: [UInt8] = []
    var contentFirst = false

    init(_ name: String, _ version: String, filetype: String = "bdist_wheel", filename: String, contents: [UInt8]) {
        fields = [
            (":action", "file_upload"), ("protocol_version", "1"), ("name", name), ("version", version), ("filetype", filetype),
            ("sha256_digest", Digest.hex(contents)), ("blake2_256_digest", Digest.hex(contents, .blake2b256)),
            ("requires_python", ""),
            ("classifiers", "A"), ("classifiers", "B"), ("keywords", "UNKNOWN"),
        ]
        self.filename = filename
        self.contents = contents
    }

    mutating func set(_ name: String, _ value: String?) {
        fields.removeAll { $0.0 == name }
        if let value { fields.append((name, value)) }
    }

    var body: [UInt8] {
        let texts = fields.flatMap { Array("--b\r\nContent-Disposition: form-data; name=\"\($0.0)\"\r\n\r\n\($0.1)\r\n".utf8) }
        var file: [UInt8] = []
        if let filename {
            file = Array("--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"\(filename)\"\r\n\r\n".utf8)
            file += contents + [13, 10]
        }
        return (contentFirst ? file + texts : texts + file) + Array("--b--\r\n".utf8)
    }

    func submit(chunk: Int = 65_536, into staging: InMemoryStaging = InMemoryStaging()) async throws -> Submission {
        let upload = UploadRequest(
            plan: UploadPlan(), contentType: "multipart/form-data; boundary=b", body: ByteStream(body, chunk: chunk))
        return try await PyPIFormat(settings: [:]).receive(upload, into: staging)
    }
}

@Suite struct UploadTests {
    private static let wheel = FixtureWheel(name: "Foo.Bar", version: "1.0.0+cu118", requiresPython: ">=3.8")
    private static let form = FixtureForm("foo-bar", "1.0.0+cu118", filename: wheel.filename, contents: wheel.bytes)

    private func refusal(_ form: FixtureForm) async -> SaveError? {
        do {
            _ = try await form.submit()
            return nil
        } catch { return error as? SaveError }
    }

    @Test func `R-65 a wheel is recorded with what its own metadata say, and they beside it`() async throws {
        let submission = try await Self.form.submit()
        #expect(submission.package == PackageSummary(id: PackageID(normalized: "foo-bar"), displayName: "Foo.Bar"))
        let file = try #require(submission.items.first)
        #expect(file.record.path.text == "packages/foo-bar/Foo.Bar-1.0.0+cu118-py3-none-any.whl")
        #expect(file.record.version == "1.0.0+cu118")
        #expect(file.record.attributes["requires-python"] == ">=3.8")
        #expect(file.record.attributes["core-metadata"] == ["sha256": .string(Digest.hex(Self.wheel.metadata))])
        #expect(file.record.checksums.map(\.algorithm) == [.sha256, .md5, .blake2b256])
        #expect(file.record.published == nil)
        #expect(try await file.staged.contents() == Self.wheel.bytes)
        let sidecar = try #require(submission.items.last)
        #expect(submission.items.count == 2)
        #expect(sidecar.record.path.text == file.record.path.text + ".metadata")
        #expect(sidecar.record.sidecarOf == file.record.path)
        #expect(try await sidecar.staged.contents() == Self.wheel.metadata)
    }

    @Test func `R-34 a source archive is recorded without a sidecar that building may change`() async throws {
        for sdist in [FixtureSdist(name: "Foo-Bar", version: "2.0rc1", requiresPython: "~=3.9")] {
            let form = FixtureForm("Foo-Bar", "2.0.rc.1", filetype: "sdist", filename: sdist.filename, contents: sdist.bytes)
            let submission = try await form.submit()
            #expect(submission.items.count == 1)
            #expect(submission.items.first?.record.path.text == "packages/foo-bar/foo_bar-2.0rc1.tar.gz")
            #expect(submission.items.first?.record.attributes["requires-python"] == "~=3.9")
            #expect(submission.items.first?.record.attributes["core-metadata"] == nil)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1000, 1 << 20])
    func `R-61 T7 the order of the fields and the pieces they come in do not matter`(_ chunk: Int) async throws {
        var form = Self.form
        for first in [true, false] {
            form.contentFirst = first
            let submission = try await form.submit(chunk: chunk)
            let whole = try await Self.form.submit()
            #expect(submission.items.map(\.record) == whole.items.map(\.record))
        }
    }

    @Test func `R-71 two spellings of one file have one identity`() async throws {
        let other = FixtureWheel(name: "foo_bar", version: "1+cu118")
        let first = try await Self.form.submit()
        let second = try await FixtureForm("foo-bar", "1+cu118", filename: other.filename, contents: other.bytes).submit()
        #expect(first.items[0].record.path != second.items[0].record.path)
        #expect(first.items[0].record.identity == second.items[0].record.identity)
    }

    @Test(
        arguments: [
            (":action", nil), (":action", "submit"), ("protocol_version", "2"), ("name", nil), ("name", "foo bar"),
            ("name", "UNKNOWN"),
            ("name", "fоо-bar"), ("version", nil), ("version", "one"), ("version", "1.0.1"), ("filetype", "sdist"),
            ("filetype", "bdist_egg"),
            ("sha256_digest", "zz"), ("md5_digest", "d41d8cd98f00b204e9800998ecf8427e"),
            ("blake2_256_digest", "0000000000000000000000000000000000000000000000000000000000000000"),
        ] as [(String, String?)])
    func `R-64 R-67 a wrong field is refused by its name`(_ field: String, _ value: String?) async {
        var form = Self.form
        form.set(field, value)
        let error = await refusal(form)
        #expect(error?.details["field"] == field)
        #expect(error?.message.utf8.starts(with: "\(field): ".utf8) == true, "\(error?.message ?? "accepted")")
    }

    @Test func `R-67 a digest may be missing, and is compared in any case`() async throws {
        var form = Self.form
        form.set("sha256_digest", Digest.hex(form.contents).uppercased())
        form.set("blake2_256_digest", nil)
        _ = try await form.submit()
        form.set("sha256_digest", nil)
        _ = try await form.submit()
    }

    @Test(arguments: [
        "../../foo_bar-1.0.0+cu118-py3-none-any.whl", "C:\\a\\foo_bar-1.0.0+cu118-py3-none-any.whl",
        "other-1.0.0+cu118-py3-none-any.whl",
        "foo_bar-1.0.0+cu118-py3-none.whl", "foo_bar-1.0.0+cu118-x-py3-none-any.whl", "foo_bar-1.0.0+cu118.txt", ".whl", "",
        "foo_bar-1.0.0+cu118-py3-none-any.whl.exe", "foo_bar-1.0.0+cu118-py3-none-any\u{202E}.whl",
        "foo_bar-2.0-py3-none-any.whl",
        "foo_bar-1.0.0+cu118-py3-none-any.whl\u{7F}",
        "foo_bar-1.0.0+cu118-py3-none-" + String(repeating: "a", count: 250) + ".whl",
    ])
    func `R-65 a wrong file name is refused`(_ filename: String) async {
        var form = Self.form
        form.filename = filename
        #expect(await refusal(form)?.code == .invalidRequest)
    }

    @Test func `an upload without a file, or with an empty one, is refused`() async {
        var form = Self.form
        form.filename = nil
        #expect(await refusal(form)?.details["field"] == "content")
        form = Self.form
        form.set("sha256_digest", nil)
        form.set("blake2_256_digest", nil)
        form.contents = []
        #expect(await refusal(form)?.details["field"] == "content")
    }

    @Test func `R-65 a file's own metadata must name its package and version`() async {
        for (name, version, field) in [("other", "1.0", "name"), ("foo", "2.0", "version")] {
            let inner = FixtureMetadata.text(name: name, version: version)
            let bytes = FixtureZip([
                FixtureZip.Entry("foo-1.0.dist-info/METADATA", inner),
                FixtureZip.Entry("foo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n"),
                FixtureZip.Entry("foo-1.0.dist-info/RECORD", ""),
            ]).bytes
            let error = await refusal(FixtureForm("foo", "1.0", filename: "foo-1.0-py3-none-any.whl", contents: bytes))
            #expect(error?.details["field"] == field)
        }
    }

    @Test func `R-61 a text field that is a file, and a field sent twice with two meanings, are refused`() async throws {
        var form = Self.form
        form.fields.append(("name", "other"))
        #expect(await refusal(form)?.details["field"] == "name")
        let part = "--b\r\nContent-Disposition: form-data; name=\"summary\"; filename=\"s\"\r\n\r\nx\r\n--b--\r\n"
        let upload = UploadRequest(
            plan: UploadPlan(), contentType: "multipart/form-data; boundary=b", body: ByteStream(Array(part.utf8)))
        let format = try PyPIFormat(settings: [:])
        let error = await #expect(throws: SaveError.self) { try await format.receive(upload, into: InMemoryStaging()) }
        #expect(error?.details["field"] == "summary")
    }

    @Test func `what is to be done may stand behind the URL, and must not be said in two ways`() async throws {
        var form = Self.form
        form.set(":action", nil)
        func submit(_ query: String?) async -> SaveError? {
            do {
                let items = try QueryItems(decoding: query.map { Array($0.utf8)[...] })
                let path = try RequestPath(decoding: Array("/".utf8)[...])
                let format = try PyPIFormat(settings: [:])
                guard case .upload(let plan) = try format.route(FormatRequest(method: .post, path: path, query: items)) else {
                    return SaveError(.notFound, "no upload")
                }
                _ = try await format.receive(
                    UploadRequest(plan: plan, contentType: "multipart/form-data; boundary=b", body: ByteStream(form.body)),
                    into: InMemoryStaging())
                return nil
            } catch { return error as? SaveError ?? SaveError(.internalFailure, "\(error)") }
        }
        #expect(await submit(":action=file_upload") == nil)
        #expect(await submit("%3Aaction=file_upload&x=y") == nil)
        #expect(await submit(":action=submit")?.details["field"] == ":action")
        #expect(await submit(nil)?.details["field"] == ":action")
        form.set(":action", "file_upload")
        #expect(await submit(":action=file_upload") == nil)
        #expect(await submit(":action=submit")?.details["field"] == ":action")
    }
}

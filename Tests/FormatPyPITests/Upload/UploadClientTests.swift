import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

/// Forms with what each client adds to the fields that all of them send.
@Suite struct UploadClientTests {
    private static let wheel = FixtureWheel(name: "foo", version: "1.0")
    private static let sdist = FixtureSdist(name: "foo", version: "1.0")
    private static let md5 = "md5_digest"

    private struct Client: Sendable, CustomTestStringConvertible {
        let name: String
        /// Fields that replace those of the same name, in order; nil leaves one out.
        let fields: [(String, String?)]
        var contentFirst = false
        var testDescription: String { name }
    }

    private static let clients = [
        Client(
            name: "twine 4",
            fields: [
                (md5, Digest.hex(wheel.bytes, .md5)), ("metadata_version", "2.1"), ("pyversion", "py3"), ("comment", "UNKNOWN"),
                ("summary", ""), ("license", "UNKNOWN"), ("platform", "UNKNOWN"),
            ]),
        Client(
            name: "twine 7",
            fields: [
                (md5, nil), ("metadata_version", "2.5"), ("keywords", "a, b"), ("license_expression", "MIT"),
                ("license_file", "LICENSE"), ("license_file", "NOTICE"), ("import_name", "foo"), ("import_namespace", "bar"),
            ]),
        Client(name: "twine without BLAKE2", fields: [("blake2_256_digest", nil)]),
        Client(
            name: "uv",
            fields: [
                (md5, nil), ("requires_python", ""), ("import_names", "foo"), ("import_namespaces", "bar"),
                ("project_urls", "Home, https://example.com/"), ("provides_extra", "x"), ("provides_extra", "y"),
            ], contentFirst: true),
        Client(
            name: "poetry",
            fields: [
                (md5, Digest.hex(wheel.bytes, .md5)), ("requires_dist", "bar (>=1.0)"), ("requires_dist", "baz"),
            ]),
        Client(
            name: "hatch",
            fields: [
                ("license-file", "LICENSE"), ("license_files", "LICENSE"), ("dynamic", "version"),
                ("classifier", "Private :: Do Not Upload"),
            ]),
        Client(name: "flit", fields: [("blake2_256_digest", nil), ("metadata_version", "2.3"), ("pyversion", nil)]),
        Client(
            name: "pdm",
            fields: [
                ("provides_extras", ""), ("summary", ""), ("home_page", ""), ("gpg_signature", ""), ("comment", ""),
                (md5, Digest.hex(wheel.bytes, .md5)),
            ]),
        Client(
            name: "a client of the future",
            fields: [
                ("metadata_version", "9.9"), ("metadata_version", "9.9"), ("never_heard_of", "x"), ("name", "foo"),
            ]),
    ]

    @Test(arguments: clients) private func `R-61 T7 what each client sends is taken`(_ client: Client) async throws {
        var form = FixtureForm("foo", "1.0", filename: Self.wheel.filename, contents: Self.wheel.bytes)
        let plain = try await form.submit()
        for (name, _) in client.fields where name != "name" { form.set(name, nil) }
        form.fields += client.fields.compactMap { name, value in value.map { (name, $0) } }
        form.contentFirst = client.contentFirst
        let submission = try await form.submit(chunk: 100)
        #expect(submission.items.map(\.record) == plain.items.map(\.record))
    }

    @Test func `R-61 the python version of a source archive is "source", and a detached signature is dropped`() async throws {
        var form = FixtureForm("foo", "1.0", filetype: "sdist", filename: Self.sdist.filename, contents: Self.sdist.bytes)
        form.fields.append(("pyversion", "source"))
        #expect(try await form.submit().items.count == 1)
    }

    @Test func `R-61 a text field has a limit, and so have all together`() async {
        var form = FixtureForm("foo", "1.0", filename: Self.wheel.filename, contents: Self.wheel.bytes)
        form.fields.append(("description", String(repeating: "x", count: UploadForm.maxFieldBytes + 1)))
        let error = await #expect(throws: SaveError.self) { try await form.submit() }
        #expect(error?.code == .tooLarge)
        #expect(error?.details["field"] == "description")
        form.set("description", nil)
        for number in 0..<17 { form.fields.append(("f\(number)", String(repeating: "x", count: UploadForm.maxFieldBytes))) }
        #expect(await #expect(throws: SaveError.self) { try await form.submit() }?.code == .tooLarge)
    }

    @Test(arguments: [
        "foo-1.0+cu118-py3-none-linux_x86_64.whl", "foo-1.0-1-cp312-cp312-win_amd64.whl", "Foo-1.0-py2.py3-none-any.whl",
    ])
    func `R-66 local versions, build numbers and any platform are taken`(_ filename: String) async throws {
        let version = filename.contains("+") ? "1.0+cu118" : "1.0"
        let spelled = filename.hasPrefix("F") ? "Foo" : "foo"
        let wheel = FixtureWheel(name: spelled, version: version)
        let submission = try await FixtureForm("foo", version, filename: filename, contents: wheel.bytes).submit()
        #expect(submission.items[0].record.version == version)
    }

    @Test(arguments: ["foo.bar-1.0.tar.gz", "Foo-Bar-1.0.tar.gz", "foo_bar-1.0.tar.gz"])
    func `R-66 the names of legacy source archives are taken`(_ filename: String) async throws {
        let stem = filename.replacing(".tar.gz", with: "")
        let text = FixtureMetadata.text(name: "foo-bar", version: "1.0")
        let bytes = FixtureTar([FixtureTar.Entry("\(stem)/PKG-INFO", text)]).bytes
        let submission = try await FixtureForm("foo-bar", "1.0", filetype: "sdist", filename: filename, contents: bytes).submit()
        #expect(submission.items[0].record.package?.name == "foo-bar")
    }
}

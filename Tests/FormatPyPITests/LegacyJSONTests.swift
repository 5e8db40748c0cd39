import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

@Suite struct LegacyJSONTests {
    private let format: PyPIFormat
    private let package = PackageID(normalized: "foo-bar")

    init() throws { format = try PyPIFormat(settings: [:]) }

    private func record(_ version: String, yanked: String? = nil, metadata: Bool = true) throws -> AssetRecord {
        var record = AssetRecord(
            path: try AssetPath("packages/foo-bar/foo_bar-\(version)-py3-none-any.whl"), package: package, version: version,
            size: 7,
            checksums: [Checksum(.sha256, hex: Digest.hex([1])), Checksum(.md5, hex: Digest.hex([1], .md5))].compactMap(\.self),
            published: Timestamp(microseconds: 1_700_000_000_000_000), withdrawn: yanked.map(Withdrawal.init(reason:)))
        record.attributes["requires-python"] = ">=3.8"
        if metadata { record.attributes["core-metadata"] = true }
        return record
    }

    private func object(
        _ versions: [AssetRecord], version: String? = nil, metadata: String? = nil, origin: String? = nil
    ) throws -> JSONObject {
        let document = try format.render(
            LegacyJSON.index(package, version: version), as: .json, from: Listing(assets: versions),
            context: RenderContext(
                basePath: "/pypi/p/r/", externalOrigin: origin, documents: metadata.map { [Array($0.utf8)] } ?? []))
        #expect(document.type == .json)
        return try #require(try JSONValue(parsing: document.bytes).object)
    }

    private func route(_ path: String) throws -> Route {
        try format.route(FormatRequest(method: .get, path: try RequestPath(decoding: Array(path.utf8)[...])))
    }

    @Test func `R-77 two paths lead to the newest release and to one`() throws {
        #expect(try route("/pypi/foo-bar/json") == .index(LegacyJSON.index(package), offers: [.json]))
        #expect(try route("/pypi/foo-bar/1.0/json") == .index(LegacyJSON.index(package, version: "1.0"), offers: [.json]))
        #expect(try route("/pypi/Foo.Bar/json") == .redirect(to: "../foo-bar/json", permanent: true))
        #expect(try route("/pypi/Foo.Bar/1.0+x/json/") == .redirect(to: "../../../foo-bar/1.0%2Bx/json", permanent: true))
        for path in ["/pypi/", "/pypi/foo/", "/pypi/foo/html", "/pypi/-/json", "/pypi/foo/1/2/json"] {
            #expect(throws: SaveError.self) { try route(path) }
        }
    }

    @Test func `R-77 the newest release is what an installer would take`() throws {
        let records = [try record("1.0"), try record("2.0", yanked: "bad"), try record("3.0rc1"), try record("1.9.dev1")]
        let newest = try object(records)
        #expect(newest["info"]?.object?["version"] == "1.0")
        #expect(newest["releases"]?.object?.keys == ["1.0", "1.9.dev1", "2.0", "3.0rc1"])
        #expect(try object([try record("3.0rc1")])["info"]?.object?["version"] == "3.0rc1")
        #expect(try object([try record("2.0", yanked: "bad")])["info"]?.object?["yanked_reason"] == "bad")
        #expect(throws: SaveError.self) { try object([]) }
    }

    @Test func `R-77 one release is found in any spelling of its version`() throws {
        let records = [try record("1.0"), try record("2.0")]
        let one = try object(records, version: "1.0.0")
        #expect(one["info"]?.object?["version"] == "1.0")
        #expect(one["releases"] == nil)
        #expect(one["urls"]?.array?.count == 1)
        let error = #expect(throws: SaveError.self) { try object(records, version: "4") }
        #expect(error?.code == .packageNotFound)
    }

    @Test func `R-77 a file is told with its digests, its times and where it is`() throws {
        let file = try #require(try object([try record("1.0+cu118", yanked: "")])["urls"]?.array?.first?.object)
        #expect(file["filename"] == "foo_bar-1.0+cu118-py3-none-any.whl")
        #expect(file["url"] == "/pypi/p/r/packages/foo-bar/foo_bar-1.0%2Bcu118-py3-none-any.whl")
        #expect(file["digests"]?.object?["sha256"]?.string == Digest.hex([1]))
        #expect(file["packagetype"] == "bdist_wheel")
        #expect(file["python_version"] == "py3")
        #expect(file["requires_python"] == ">=3.8")
        #expect(file["size"] == 7)
        #expect(file["upload_time"] == "2023-11-14T22:13:20")
        #expect(file["upload_time_iso_8601"]?.string?.hasPrefix("2023-11-14T22:13:20") == true)
        #expect(file["yanked"] == true)
        #expect(file["yanked_reason"] == JSONValue.null)
        let absolute = try object([try record("1.0")], origin: "https://save.example.com")["urls"]?.array?.first?.object?["url"]
        #expect(absolute?.string?.hasPrefix("https://save.example.com/packages/pypi/p/r/packages/") == true)
    }

    @Test func `R-77 what is said of a release comes from its metadata`() throws {
        let metadata = """
            Metadata-Version: 2.4
            Name: Foo.Bar
            Version: 1.0
            Summary: It does things
            Author-email: A <a@example.com>
            License-Expression: MIT
            License: UNKNOWN
            Classifier: Private :: Do Not Upload
            Classifier: Topic :: Utilities
            Requires-Dist: bar>=1
            Requires-Dist: baz; extra == "x"
            Provides-Extra: x
            Project-URL: Home page, https://example.com/a,b

            The description,
            in two lines.

            """
        let info = try #require(try object([try record("1.0")], metadata: metadata)["info"]?.object)
        #expect(info["name"] == "Foo.Bar")
        #expect(info["summary"] == "It does things")
        #expect(info["author_email"] == "A <a@example.com>")
        #expect(info["license"] == JSONValue.null)
        #expect(info["license_expression"] == "MIT")
        #expect(info["classifiers"] == ["Private :: Do Not Upload", "Topic :: Utilities"])
        #expect(info["requires_dist"] == ["bar>=1", "baz; extra == \"x\""])
        #expect(info["requires_python"] == ">=3.8")
        #expect(info["project_urls"] == ["Home page": "https://example.com/a,b"])
        #expect(info["description"] == "The description,\nin two lines.\n")
        let unknown = try #require(try object([try record("1.0")])["info"]?.object)
        #expect(unknown["name"] == "foo-bar")
        #expect(unknown["requires_dist"] == JSONValue.null)
        #expect(unknown["classifiers"] == [])
    }

    @Test func `R-77 the metadata are those of a wheel of the release, where they are to be had`() throws {
        let listing = Listing(assets: [try record("1.0"), try record("2.0", metadata: false)])
        let wanted = try format.documents(for: LegacyJSON.index(package, version: "1.0"), in: listing)
        #expect(wanted.map(\.text) == ["packages/foo-bar/foo_bar-1.0-py3-none-any.whl.metadata"])
        #expect(try format.documents(for: LegacyJSON.index(package), in: listing) == [])
        #expect(try format.documents(for: .package(package), in: listing) == [])
    }

    @Test func `a description in a header is read without its indentation`() {
        let headers = MetadataHeaders(
            Array("Name: a\nDescription: one\n        two\n       |three\r\nnonsense\nName: b\n\nbody".utf8))
        #expect(headers.values("description") == ["one\ntwo\nthree"])
        #expect(headers.values("name") == ["a", "b"])
        #expect(Array(headers.body) == Array("body".utf8))
    }
}

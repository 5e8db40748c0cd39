import SaveDigest
import SavePlatform
import Testing

@testable import FormatPyPI

@Suite struct SimplePageTests {
    private static let package = PackageID(normalized: "foo")
    private static let digest = String(repeating: "ab", count: 32)
    private let format: PyPIFormat
    init() throws { format = try PyPIFormat(settings: [:]) }

    private static func file(_ filename: String, _ version: String, size: Int64? = 10) throws -> AssetRecord {
        AssetRecord(
            path: try AssetPath("packages/foo/\(filename)"), package: package, version: version, size: size,
            checksums: [Checksum(.sha256, hex: digest)].compactMap { $0 })
    }

    private func page(_ listing: Listing, as type: MediaType) throws -> String {
        let document = try format.render(
            .package(Self.package), as: type, from: listing, context: RenderContext(basePath: "/pypi/a/b/"))
        #expect(document.type == type)
        return String(decoding: document.bytes, as: UTF8.self)
    }

    private static func rich() throws -> Listing {
        var wheel = try file("foo-1.10+cu118-py3-none-any.whl", "1.10+cu118")
        wheel.published = Timestamp(rfc3339: "2024-05-06T07:08:09.000010Z")
        wheel.checksums.insert(contentsOf: [Checksum(.md5, hex: String(repeating: "0", count: 32))].compactMap { $0 }, at: 0)
        wheel.attributes = ["requires-python": ">=3.8,<\"4\"", "core-metadata": ["sha256": .string(digest)]]
        wheel.origin = "https://files.example.com/secret/path.whl"
        var yanked = try file("foo-1.9.tar.gz", "1.9")
        yanked.withdrawn = Withdrawal(reason: "it's <b>bad</b> & \"broken\"")
        var sidecar = try file("foo-1.10+cu118-py3-none-any.whl.metadata", "1.10+cu118")
        sidecar.sidecarOf = wheel.path
        return Listing(assets: [wheel, sidecar, yanked])
    }

    @Test func `R-19 R-20 R-22 R-25 T9 the HTML page is exactly this`() throws {
        let expected = """
            <!DOCTYPE html>
            <html>
            <head>
            <meta charset="utf-8">
            <meta name="pypi:repository-version" content="1.4">
            <title>Links for foo</title>
            </head>
            <body>
            <h1>Links for foo</h1>
            <a href="../../packages/foo/foo-1.9.tar.gz#sha256=\(Self.digest)" data-yanked="it&#39;s &lt;b&gt;bad&lt;/b&gt; &amp; &quot;broken&quot;" data-size="10">foo-1.9.tar.gz</a><br>
            <a href="../../packages/foo/foo-1.10%2Bcu118-py3-none-any.whl#sha256=\(Self.digest)" data-requires-python="&gt;=3.8,&lt;&quot;4&quot;" data-core-metadata="sha256=\(Self.digest)" data-dist-info-metadata="sha256=\(Self.digest)" data-size="10" data-upload-time="2024-05-06T07:08:09.000010Z">foo-1.10+cu118-py3-none-any.whl</a><br>
            </body>
            </html>

            """
        #expect(try page(Self.rich(), as: SimpleType.text) == expected)
        #expect(try page(Self.rich(), as: SimpleType.html) == expected)
    }

    @Test func `R-27 R-30 R-32 T8 the JSON page is exactly this`() throws {
        let expected = """
            {"meta":{"api-version":"1.4"},"name":"foo","versions":["1.9","1.10+cu118"],"files":[
            {"filename":"foo-1.9.tar.gz","url":"../../packages/foo/foo-1.9.tar.gz","hashes":{"sha256":"\(Self.digest)"},"size":10,"yanked":"it's <b>bad</b> & \\"broken\\""},
            {"filename":"foo-1.10+cu118-py3-none-any.whl","url":"../../packages/foo/foo-1.10%2Bcu118-py3-none-any.whl","hashes":{"sha256":"\(Self.digest)"},"requires-python":">=3.8,<\\"4\\"","size":10,"upload-time":"2024-05-06T07:08:09.000010Z","yanked":false,"core-metadata":{"sha256":"\(Self.digest)"}}
            ]}

            """
        #expect(try page(Self.rich(), as: SimpleType.json) == expected)
    }

    @Test func `R-29 a page with a file of unknown size claims version 1_0 and has no keys of 1_1`() throws {
        var listing = try Self.rich()
        listing.assets.append(try Self.file("foo-2.0.tar.gz", "2.0", size: nil))
        let text = try page(listing, as: SimpleType.json)
        #expect(text.utf8.starts(with: #"{"meta":{"api-version":"1.0"},"name":"foo","files":["#.utf8))
        for key in ["\"size\"", "\"upload-time\"", "\"versions\"", "null"] { #expect(!text.contains(key), "\(key)") }
    }

    @Test func `R-28 T1 no page ever has a null`() throws {
        let bare = AssetRecord(path: try AssetPath("packages/foo/foo-1.0.tar.gz"), version: "1.0")
        let text = try page(Listing(assets: [bare]), as: SimpleType.json)
        #expect(!text.contains("null"))
        #expect(text.contains(#""hashes":{}"#))
    }

    @Test func `R-30 T8 the one digest shown is SHA-256, wherever it stands among others`() throws {
        var file = try Self.file("foo-1.0.tar.gz", "1.0")
        for other in [DigestAlgorithm.md5, .sha1, .blake2b256] {
            let digest = Checksum(other, hex: String(repeating: "0", count: other.byteCount * 2))
            file.checksums.insert(contentsOf: [digest].compactMap { $0 }, at: 0)
        }
        #expect(try page(Listing(assets: [file]), as: SimpleType.json).contains(#""hashes":{"sha256":"\#(Self.digest)"}"#))
        #expect(try page(Listing(assets: [file]), as: SimpleType.text).contains("foo-1.0.tar.gz#sha256=\(Self.digest)\""))
    }

    @Test func `R-05 R-06 R-07 every link is relative, without a query, and ends in the file's name`() throws {
        let names = ["foo-1.0+cu118-py3-none-any.whl", "foo-1!2.0.tar.gz", "foo-1.0~x.zip"]
        let listing = Listing(assets: try names.map { try Self.file($0, "1.0") })
        let text = try page(listing, as: SimpleType.text)
        #expect(!text.contains("<base"))
        let links = text.split(separator: "href=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(
            Set(links.map { String($0.prefix { $0 != "#" }) }) == [
                "../../packages/foo/foo-1.0%2Bcu118-py3-none-any.whl", "../../packages/foo/foo-1%212.0.tar.gz",
                "../../packages/foo/foo-1.0~x.zip",
            ])
        for (link, name) in try names.map({ ("../../packages/foo/" + ASCII.percentEncoded($0), $0) }) {
            #expect(text.contains("\(link)#"), "\(name)")
        }
    }

    @Test func `R-73 where an upstream keeps provenance is not shown, what is served here is`() throws {
        var file = try Self.file("foo-1.0.tar.gz", "1.0")
        file.attributes = ["provenance-origin": "https://index.example/p"]
        #expect(try !page(Listing(assets: [file]), as: SimpleType.json).contains("provenance"))
        file.attributes = ["provenance": "https://save.example/p?a&b"]
        #expect(try page(Listing(assets: [file]), as: SimpleType.json).contains(#""provenance":"https://save.example/p?a&b""#))
        #expect(
            try page(Listing(assets: [file]), as: SimpleType.text).contains(#"data-provenance="https://save.example/p?a&amp;b""#))
    }

    @Test func `R-23 R-27 a yank without a reason is true in JSON and empty in HTML`() throws {
        var file = try Self.file("foo-1.0.tar.gz", "1.0")
        file.withdrawn = Withdrawal(reason: "")
        #expect(try page(Listing(assets: [file]), as: SimpleType.json).contains("\"yanked\":true"))
        #expect(try page(Listing(assets: [file]), as: SimpleType.text).contains("data-yanked=\"\""))
    }

    @Test func `R-22 T3 metadata without a known digest is advertised as present, and absent metadata not at all`() throws {
        var file = try Self.file("foo-1.0-py3-none-any.whl", "1.0")
        #expect(try !page(Listing(assets: [file]), as: SimpleType.text).contains("metadata"))
        #expect(try !page(Listing(assets: [file]), as: SimpleType.json).contains("metadata"))
        file.attributes = ["core-metadata": true]
        #expect(try page(Listing(assets: [file]), as: SimpleType.text).contains("data-core-metadata=\"true\""))
        #expect(try page(Listing(assets: [file]), as: SimpleType.json).contains("\"core-metadata\":true"))
        file.attributes = ["core-metadata": false]
        #expect(try !page(Listing(assets: [file]), as: SimpleType.text).contains("metadata"))
    }

    @Test func `R-24 R-74 the status of a project is shown, and a quarantined one offers nothing`() throws {
        var listing = try Self.rich()
        listing.attributes = ["project-status": ["status": "archived", "reason": "old & <done>"]]
        let json = try page(listing, as: SimpleType.json)
        #expect(json.contains(#""api-version":"1.4""#))
        #expect(json.contains(#""project-status":{"status":"archived","reason":"old & <done>"}"#))
        let html = try page(listing, as: SimpleType.text)
        #expect(html.contains(#"<meta name="pypi:project-status-reason" content="old &amp; &lt;done&gt;">"#))
        listing.attributes = ["project-status": ["status": "quarantined"]]
        #expect(try page(listing, as: SimpleType.json).contains("\"versions\":[],\"files\":[\n]"))
    }

    @Test func `R-21 T8 equal versions are listed once, in order, and unknown digests stay out of links`() throws {
        var odd = try Self.file("foo-1.0.0.zip", "1.0.0")
        odd.checksums = [Checksum(.sha1, hex: String(repeating: "1", count: 40))].compactMap { $0 }
        let listing = Listing(assets: [
            try Self.file("foo-10.0.tar.gz", "10.0"), odd, try Self.file("foo-1.0.tar.gz", "1.0"),
            try Self.file("foo-2.0rc1.tar.gz", "2.0rc1"),
        ])
        #expect(try page(listing, as: SimpleType.json).contains(#""versions":["1.0","2.0rc1","10.0"]"#))
        #expect(try !page(listing, as: SimpleType.text).contains("sha1"))
        #expect(try page(listing, as: SimpleType.json).contains(#""hashes":{"sha1":"#))
    }

    @Test func `a mirror is told the number of the last change, on pages, in the root and in the field that it compares`() throws
    {
        var listing = Listing(assets: [try Self.file("foo-1.0.tar.gz", "1.0")], serial: 1_800_000_001)
        #expect(
            try page(listing, as: SimpleType.json).hasPrefix(#"{"meta":{"api-version":"1.4","_last-serial":1800000001},"name":"#))
        listing.packages = [
            PackageSummary(id: PackageID(normalized: "foo-bar"), displayName: "Foo.Bar", serial: 7),
            PackageSummary(id: PackageID(normalized: "abc"), displayName: "abc"),
        ]
        let context = RenderContext(basePath: "/pypi/a/b/")
        let root = try format.render(.root, as: SimpleType.json, from: listing, context: context)
        #expect(
            String(decoding: root.bytes, as: UTF8.self)
                == "{\"meta\":{\"api-version\":\"1.4\",\"_last-serial\":1800000001},\"projects\":[\n{\"name\":\"abc\"},\n{\"name\":\"Foo.Bar\",\"_last-serial\":7}\n]}\n"
        )
        let foo = IndexKey.package(PackageID(normalized: "foo"))
        for (index, type) in [(IndexKey.root, SimpleType.text), (.root, SimpleType.json), (foo, SimpleType.text)] {
            let document = try format.render(index, as: type, from: listing, context: context)
            #expect(document.headers == ["X-PyPI-Last-Serial": "1800000001"])
        }
        listing.serial = nil
        #expect(try format.render(foo, as: SimpleType.json, from: listing, context: context).headers.isEmpty)
    }

    @Test func `R-18 the root lists packages by their names`() throws {
        let listing = Listing(packages: [
            PackageSummary(id: PackageID(normalized: "foo-bar"), displayName: "Foo.Bar"),
            PackageSummary(id: PackageID(normalized: "abc"), displayName: "abc"),
        ])
        let context = RenderContext(basePath: "/pypi/a/b/")
        let json = try format.render(.root, as: SimpleType.json, from: listing, context: context).bytes
        #expect(
            String(decoding: json, as: UTF8.self)
                == "{\"meta\":{\"api-version\":\"1.4\"},\"projects\":[\n{\"name\":\"abc\"},\n{\"name\":\"Foo.Bar\"}\n]}\n")
        let html = String(
            decoding: try format.render(.root, as: SimpleType.text, from: listing, context: context).bytes, as: UTF8.self)
        #expect(html.contains("<a href=\"abc/\">abc</a><br>\n<a href=\"foo-bar/\">Foo.Bar</a><br>\n"))
    }
}

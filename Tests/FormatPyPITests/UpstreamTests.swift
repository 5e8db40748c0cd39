import SaveDigest
import SavePlatform
import Testing

@testable import FormatPyPI

@Suite struct UpstreamTests {
    private static let package = PackageID(normalized: "foo")
    private static let hex = String(repeating: "ab", count: 32)
    private let format: PyPIFormat
    init() throws { format = try PyPIFormat(settings: [:]) }

    private func read(
        _ text: String, type: String? = "text/html", url: String = "https://index.example.com/simple/foo/",
        for index: IndexKey = .package(package)
    ) throws -> Listing {
        try format.listing(from: UpstreamDocument(url: url, contentType: type, bytes: Array(text.utf8)), for: index)
    }

    private func origins(_ listing: Listing) -> [String?] { listing.assets.filter { $0.sidecarOf == nil }.map(\.origin) }
    private static let json = "application/vnd.pypi.simple.v1+json"

    /// What a page can carry of a record.
    private static func shown(_ record: AssetRecord) -> AssetRecord {
        var attributes = record.attributes
        attributes["identity"] = nil
        return AssetRecord(
            path: record.path, package: record.package, version: record.version, size: record.size, checksums: record.checksums,
            published: record.published, withdrawn: record.withdrawn, attributes: attributes)
    }

    @Test func `R-27 what a page says is what a page of ours says again`() throws {
        var wheel = AssetRecord(
            path: try AssetPath("packages/foo/foo-1.10+cu118-py3-none-any.whl"), package: Self.package, version: "1.10+cu118",
            size: 12, checksums: [Checksum(.sha256, hex: Self.hex)].compactMap { $0 },
            published: Timestamp(rfc3339: "2024-05-06T07:08:09.000010Z"),
            attributes: ["requires-python": ">=3.8,<\"4\" & é", "core-metadata": ["sha256": .string(Self.hex)]])
        wheel.withdrawn = Withdrawal(reason: "no <good> & \"why\"")
        var sdist = AssetRecord(
            path: try AssetPath("packages/foo/foo-1.9.tar.gz"), package: Self.package, version: "1.9", size: 0,
            checksums: [Checksum(.md5, hex: String(repeating: "0", count: 32))].compactMap { $0 })
        sdist.withdrawn = Withdrawal(reason: "")
        let listing = Listing(
            assets: [sdist, wheel], attributes: ["project-status": ["status": "deprecated", "reason": "use 'bar' <instead>"]])
        for type in SimpleType.all {
            let page = try format.render(
                .package(Self.package), as: type, from: listing, context: RenderContext(basePath: "/pypi/a/b/"))
            let document = UpstreamDocument(
                url: "https://save.example.com/pypi/a/b/simple/foo/", contentType: type.value, bytes: page.bytes)
            var again = try format.listing(from: document, for: .package(Self.package))
            #expect(again.assets.map(\.origin).first == "https://save.example.com/pypi/a/b/packages/foo/foo-1.9.tar.gz")
            let sidecar = try #require(again.assets.last)
            #expect(sidecar.sidecarOf == wheel.path)
            #expect(sidecar.checksums.map(\.hex) == [Self.hex])
            #expect(
                sidecar.origin == "https://save.example.com/pypi/a/b/packages/foo/foo-1.10%2Bcu118-py3-none-any.whl.metadata")
            again.assets = again.assets.filter { $0.sidecarOf == nil }.map(Self.shown)
            #expect(again == listing, "\(type)")
        }
    }

    @Test func `R-05 links are relative to where the page came from in the end`() throws {
        let nexus = try read(
            "<a href='../../packages/foo/1.0/foo-1.0.tar.gz#md5=\(String(repeating: "0", count: 32))'>x</a>",
            url: "https://nexus.example.com/repository/p/simple/foo/")
        #expect(origins(nexus) == ["https://nexus.example.com/repository/p/packages/foo/1.0/foo-1.0.tar.gz"])
        #expect(nexus.assets.first?.checksums.map(\.algorithm) == [.md5])
        let flat = try read(
            "<base href='https://cdn.example.com/whl/'><a href='foo-1.0.tar.gz'>x</a><a href='bar-1.0.tar.gz'>y</a>")
        #expect(origins(flat) == ["https://cdn.example.com/whl/foo-1.0.tar.gz"])
        let noSlash = try read("<a href='foo/foo-1.0.tar.gz'>x</a>", url: "https://x.example.com/pypi/r/simple/foo")
        #expect(origins(noSlash) == ["https://x.example.com/pypi/r/simple/foo/foo-1.0.tar.gz"])
        let absolute = try read("<a href='/whl/cu118/foo-2.0.1%2Bcu117-cp310-cp310-linux_x86_64.whl'>x</a>")
        #expect(origins(absolute) == ["https://index.example.com/whl/cu118/foo-2.0.1%2Bcu117-cp310-cp310-linux_x86_64.whl"])
        #expect(absolute.assets.first?.path.filename == "foo-2.0.1+cu117-cp310-cp310-linux_x86_64.whl")
        #expect(absolute.assets.first?.version == "2.0.1+cu117")
    }

    @Test func `R-26 only well-formed files of this package are taken, each once`() throws {
        let listing = try read(
            """
            <html><head><meta name=generator content=x><script>alert(1)</script></head>
            <a href="javascript:alert(1)/foo-1.0.tar.gz">a</a><a href="data:foo-1.0.tar.gz">b</a><a href="file:///foo-1.0.tar.gz">c</a>
            <a href="foo-1.0.tar.gz#sha256=\(Self.hex)">first</a><a href="other/foo-1.0.tar.gz#sha256=\(String(repeating: "cd", count: 32))">second</a>
            <a href="foo_bar-1.0.tar.gz">d</a><a href="foo-1.0.txt">e</a><a href="..">f</a><a>g</a><a href="foo-1.0%2f..%2f-py3-none-any.whl">h</a>
            <a href="foo-1.1.tar.gz#sha256-zz" onclick=x>i</a><a href="foo-1.2.tar.gz#sha1=abc">j</a><a href='foo-1.0"><b>.zip'>k</a>
            <a href="FOO-1.3-py2.7.egg">l</a><a href="foo-1.4.win32-py2.7.exe">m</a><a href="foo-2004d.zip">n</a>
            """)
        #expect(
            listing.assets.map(\.path.filename) == [
                "foo-1.0.tar.gz", "foo-1.1.tar.gz", "foo-1.2.tar.gz", "FOO-1.3-py2.7.egg", "foo-1.4.win32-py2.7.exe",
                "foo-2004d.zip",
            ])
        #expect(listing.assets.map { $0.checksums.first?.hex } == [Self.hex, nil, nil, nil, nil, nil])
        #expect(listing.assets.map(\.version) == ["1.0", "1.1", "1.2", "1.3", "1.4", "2004d"])
    }

    @Test func `R-22 metadata is announced in several ways, and in some that mean there is none`() throws {
        let values: [(String, CoreMetadata?)] = [
            ("data-core-metadata='sha256=\(Self.hex)'", Checksum(.sha256, hex: Self.hex).map { .sha256($0) }),
            ("data-dist-info-metadata='true'", .unverified), ("data-core-metadata='md5=1'", .unverified),
            ("data-core-metadata='false'", nil), ("data-core-metadata=''", nil), ("data-core-metadata", nil), ("", nil),
        ]
        for (attribute, expected) in values {
            let listing = try read("<a href='foo-1.0-py3-none-any.whl' \(attribute)>x</a>")
            #expect(CoreMetadata(listing.assets.first?.attributes["core-metadata"]) == expected, "\(attribute)")
            #expect(listing.assets.count == (expected == nil ? 1 : 2))
        }
    }

    @Test func `R-32a JSON in the ways of other servers is understood`() throws {
        let listing = try read(
            """
            {"meta":{"api-version":"1.4","_last-serial":7},"name":"foo","files":[
            {"filename":"foo-1.0.tar.gz","url":"https://f.example.com/a/foo-1.0.tar.gz","hashes":{"blake2b":"00","sha256":"\(Self.hex.uppercased())"},
             "requires-python":null,"size":5,"upload-time":"2024-01-01T00:00:00+00:00","yanked":"","core-metadata":false,"data-dist-info-metadata":false,"provenance":null},
            {"filename":"foo-1.1-py3-none-any.whl","url":"foo-1.1-py3-none-any.whl","hashes":{},"yanked":true,"data-dist-info-metadata":{"sha256":"\(Self.hex)"},
             "provenance":"https://i.example.com/p","size":null,"upload-time":"soon"},
            {"filename":"foo-1.2.tar.gz","url":"https://f.example.com/other-name-1.2.tar.gz","hashes":{}},
            {"filename":7,"url":"foo-1.3.tar.gz","hashes":[],"size":-1,"yanked":"bad","upload-time":"2024-01-01T00:00:00.5Z"},
            {"url":7},{},"x",null],"project-status":{"status":"someday"}}
            """, type: Self.json)
        #expect(listing.attributes.isEmpty)
        let files = listing.assets.filter { $0.sidecarOf == nil }
        #expect(files.map(\.path.filename) == ["foo-1.0.tar.gz", "foo-1.1-py3-none-any.whl", "foo-1.3.tar.gz"])
        #expect(files[0].checksums == [Checksum(.sha256, hex: Self.hex)].compactMap { $0 })
        #expect(files[0].published == Timestamp(rfc3339: "2024-01-01T00:00:00Z"))
        #expect(files.map(\.withdrawn) == [nil, Withdrawal(reason: ""), Withdrawal(reason: "bad")])
        #expect(files.map(\.size) == [5, nil, nil])
        #expect(files[1].attributes["provenance-origin"] == "https://i.example.com/p")
        #expect(listing.assets.count == 4)
    }

    @Test func `R-74 a quarantined project offers no files`() throws {
        let page = #"{"meta":{"api-version":"1.4"},"files":[{"url":"foo-1.0.tar.gz"}],"project-status":{"status":"quarantined"}}"#
        let listing = try read(page, type: Self.json)
        #expect(listing.assets.isEmpty)
        #expect(listing.attributes["project-status"] == ["status": "quarantined"])
        let html = try read("<meta name='pypi:project-status' content='quarantined'><a href=foo-1.0.tar.gz>x</a>")
        #expect(html.assets.isEmpty)
    }

    @Test(arguments: [
        ("<html>login</html>", "image/png"), ("[]", json), ("{}", json), ("{\"files\":{}}", json), ("{", json), ("", json),
        ("{\"meta\":{\"api-version\":\"2.0\"},\"files\":[]}", json),
        ("<meta name='pypi:repository-version' content='2.0'>", "text/html"),
        ("hello", "text/plain"), ("", "application/octet-stream"),
    ])
    func `what is not an index is refused`(_ text: String, _ type: String) {
        let error = #expect(throws: SaveError.self) { try read(text, type: type) }
        #expect(error?.code == .upstreamInvalid)
    }

    @Test(arguments: [
        "<html><body>Please <a href='/login'>sign in</a></body></html>",
        "<html><body>Please <a href='https://portal.example.net/?back=1'>sign in</a> or <a href='/'>go home</a></body></html>",
        "<title>Sign in</title><h1>Welcome</h1>", "<p>Service unavailable", "OK", "", " \n ",
        "<html><head><meta http-equiv='Refresh' content='0; url=/login'></head></html>",
        "<html><head><script>location = '/login'</script></head></html>", "<iframe src='/portal'></iframe>",
        "<form action='/login'></form>", "<form><input type=password></form><a href=/login>login</a>",
    ])
    func `R-59 a page without files is an index only where it looks like one`(_ page: String) {
        for index in [IndexKey.package(Self.package), .root] {
            let error = #expect(throws: SaveError.self) { try read(page, for: index) }
            #expect(error?.code == .upstreamInvalid)
        }
    }

    @Test func `R-59 a page that came from another place than the package's is not the package's`() {
        let error = #expect(throws: SaveError.self) {
            try read("<title>Links</title>", url: "https://i.example.com/login/?next=/simple/foo/")
        }
        #expect(error?.code == .upstreamInvalid)
    }

    @Test(arguments: [
        "<!DOCTYPE html><html><body></body></html>", "<title>Links for foo</title><h1>Links for foo</h1>",
        "<title>Links</title>", "<h1>Index of /simple/foo/</h1><pre><a href='../'>../</a></pre><a href='?C=N;O=D'>Name</a>",
        "<h1>root/dev: links for foo</h1>no such project 'Foo'", "<meta name='pypi:repository-version' content='1.1'>",
        "<a href='bar-1.0.tar.gz'>of another package</a>", "<a href='/f/foo-1.0.x86_64.rpm'>of another kind</a>",
        "<a href='/f/foo#sha256=abab'>without an ending</a>",
    ])
    func `R-58 a page of no files that looks like an index lists none`(_ page: String) throws {
        #expect(try read(page).assets.isEmpty)
    }

    @Test(arguments: [
        "{\"files\":[{\"url\":\"/login\"}]}", "{\"files\":[\"sign in\"]}", "{\"files\":[{\"message\":\"sign in\"}]}",
    ])
    func `R-59 a list in JSON of what are no files is no index`(_ text: String) {
        let error = #expect(throws: SaveError.self) { try read(text, type: Self.json) }
        #expect(error?.code == .upstreamInvalid)
    }

    @Test func `static servers with wrong types are understood`() throws {
        #expect(try read("{\"files\":[{\"url\":\"foo-1.0.tar.gz\"}]}", type: "application/json").assets.count == 1)
        #expect(try read("\n <a href=foo-1.0.tar.gz>x</a>", type: "binary/octet-stream").assets.count == 1)
        #expect(try read("<a href=foo-1.0.tar.gz>x</a>", type: nil).assets.count == 1)
    }

    @Test func `the numbers of changes are an upstream's, where they are numbers`() throws {
        let root = try read(
            #"{"meta":{"_last-serial":9,"api-version":"1.1"},"projects":[{"_last-serial":7,"name":"a"},{"name":"b","_last-serial":"8"},{"name":"c","_last-serial":-1},{"name":"d","_last-serial":[]},{"name":"e"}]}"#,
            type: Self.json, for: .root)
        #expect(root.serial == 9)
        #expect(root.packages.map(\.serial) == [7, 8, nil, nil, nil])
        let page = #"{"meta":{"_last-serial":"12"},"files":[]}"#
        #expect(try read(page, type: Self.json).serial == 12)
        #expect(try read(#"{"meta":{"_last-serial":0},"files":[]}"#, type: Self.json).serial == nil)
    }

    @Test func `a root index gives names`() throws {
        let json = try read(
            "{\"projects\":[{\"name\":\"Foo.Bar\"},{\"name\":\"foo_bar\"},{\"name\":\"<x>\"},{}]}", type: Self.json, for: .root)
        #expect(json.packages == [PackageSummary(id: PackageID(normalized: "foo-bar"), displayName: "Foo.Bar")])
        let html = try read(
            "<a href='/simple/foo/'>Foo</a>\n<a href='bar-baz/'> bar-baz/ </a><a href='q_x/'>&rarr;</a>",
            for: .root)
        #expect(html.packages.map(\.id.name) == ["bar-baz", "foo", "q-x"])
    }

    @Test(arguments: [
        (json, "{\"meta\":{\"api-version\":\"1.1\"},\"projects\":[{\"name\":\"Foo.Bar\"},{\"x\":[1,{}],\"name\":\"a\"}]}"),
        (json, "\u{FEFF}{\"projects\":[{\"name\":\"b\\u0061\"}]}"), ("application/json", " {\"projects\":[]}"),
        ("text/html", "<a href='/simple/foo/'>Foo</a><a href='b/'>b</a>"), (json, "{\"projects\":[{\"name\":\"a\"}"),
        (json, "[]"),
        (json, "{}"), (json, "{\"meta\":{\"api-version\":\"2.0\"},\"projects\":[]}"), ("image/png", "x"), (json, "\u{1F}\u{8B}"),
    ])
    func `R-18 a root index in a file is read as one in memory`(type: String, text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try? read(text, type: type, for: .root).packages
        let file = FileBytes(size: Int64(bytes.count)) { Array(bytes[Int($0)..<Int($0) + $1]) }
        let format = try PyPIFormat(settings: [:])
        #expect((try? format.root(from: file, url: "https://i.example.com/simple/", contentType: type).packages) == whole)
        guard type == Self.json, bytes.first == UInt8(ascii: "{") else { return }
        // A byte or three at a time: every text and number lies across the end of a window once.
        for window in [1, 3] {
            let slow = FileBytes(size: Int64(bytes.count)) { Array(bytes[Int($0)..<Int($0) + min(window, $1)]) }
            #expect((try? UpstreamJSON.root(slow, from: 0).packages) == whole)
        }
    }

    @Test(arguments: [
        (
            "https://i.example.com",
            ["https://i.example.com/simple/", "https://i.example.com/+simple/", "https://i.example.com/"]
        ),
        (
            "https://i.example.com/root/dev/",
            [
                "https://i.example.com/root/dev/simple/", "https://i.example.com/root/dev/+simple/",
                "https://i.example.com/root/dev/",
            ]
        ),
        ("https://i.example.com/root/dev/+simple", ["https://i.example.com/root/dev/+simple/"]),
        ("https://i.example.com/simple", ["https://i.example.com/simple/"]),
        ("https://i.example.com/simple/", ["https://i.example.com/simple/"]),
        ("http://n.example.com/repository/p/simple?x#y", ["http://n.example.com/repository/p/simple/"]),
        (
            "https://p.example.com/notsimple",
            [
                "https://p.example.com/notsimple/simple/", "https://p.example.com/notsimple/+simple/",
                "https://p.example.com/notsimple/",
            ]
        ),
    ])
    func `an index is looked for where the remote URL may mean it`(_ remote: String, _ candidates: [String]) throws {
        for (attempt, url) in candidates.enumerated() {
            let request = try format.upstreamRequest(for: .probe(attempt: attempt), base: remote)
            #expect(request.url == url)
            #expect(request.resolvedBase == url)
            #expect(try format.upstreamRequest(for: .index(.package(Self.package)), base: url).url == url + "foo/")
        }
        let error = #expect(throws: SaveError.self) {
            try format.upstreamRequest(for: .probe(attempt: candidates.count), base: remote)
        }
        #expect(error?.code == .unsupported)
    }

    @Test(arguments: [
        ("", "https://i.example.com/team/"), ("simple", "https://i.example.com/team/simple/"),
        ("+simple/", "https://i.example.com/team/+simple/"), ("a/b/", "https://i.example.com/team/a/b/"),
    ])
    func `a setting says where the index is`(_ path: String, _ expected: String) throws {
        let format = try PyPIFormat(settings: ["index_path": .string(path)])
        let request = try format.upstreamRequest(for: .probe(attempt: 0), base: "https://i.example.com/team")
        #expect(request.isCertain)
        #expect(request.resolvedBase == expected)
        #expect(throws: SaveError.self) {
            try format.upstreamRequest(for: .probe(attempt: 1), base: "https://i.example.com/team")
        }
    }

    @Test(arguments: [
        "/simple/", "../simple/", "a/../../b", "//evil.example.com/", "https://evil.example.com/", "a?b", "a#b", "a b", "a/./b",
        "%2e%2e/x", "a\\b", "ü",
    ])
    func `a setting for the index that leaves the remote URL is refused`(_ path: String) {
        let error = #expect(throws: SaveError.self) { try PyPIFormat(settings: ["index_path": .string(path)]) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func `the beginning of a list gives the packages that are in it`() throws {
        for (type, text) in [
            (Self.json, "{\"meta\":{},\"projects\":[{\"name\":\"foo\"},{\"name\":\"ba"),
            ("text/html", "<html><a href='/simple/foo/'>foo</a><a href='/simple/ba"),
        ] {
            let document = UpstreamDocument(
                url: "https://i.example.com/simple/", contentType: type, bytes: Array(text.utf8), isWhole: false)
            #expect(try format.listing(from: document, for: .root).packages.map(\.id.name) == ["foo"])
        }
    }

    @Test func `nothing but checked names reaches an upstream`() {
        for name in ["../x", "a/b", "Foo", "", "a b", "a%2f"] {
            let error = #expect(throws: SaveError.self) {
                try format.upstreamRequest(
                    for: .index(.package(PackageID(normalized: name))), base: "https://i.example.com/simple/")
            }
            #expect(error?.code == .packageNotFound)
        }
        for base in ["file:///etc", "ftp://x.example.com/", "//x.example.com", "x", ""] {
            #expect(throws: SaveError.self) { try format.upstreamRequest(for: .index(.root), base: base) }
        }
    }

    @Test func `wheel variants and what describes them are passed on`() throws {
        let names = [
            "foo-1.0-cp313-cp313-linux_x86_64-x86_64_v3.whl", "foo-1.0-1a-cp313-cp313-linux_x86_64-null.whl",
            "foo-1.0-cp313-cp313-linux_x86_64.whl", "foo-1.0-variants.json", "foo-1.0-1-cp313-cp313-linux_x86_64.whl",
        ]
        let wrong = [
            "foo-1.0-cp313-cp313-linux_x86_64-UPPER.whl", "foo-1.0-cp313-cp313-linux_x86_64-a_label_too_long_.whl",
            "foo-x-variants.json", "bar-1.0-variants.json", "foo-1.0-1-cp313-cp313-linux-a-b.whl", "foo-1.0-other.json",
            "foo-1.0-cp313-cp313-linux_x86_64-a+b.whl",
        ]
        let page = (names + wrong).map { "<a href=\"/files/\($0)\">\($0)</a>" }.joined()
        let listing = try read(page)
        #expect(listing.assets.map(\.path.filename) == names)
        #expect(Set(listing.assets.map(\.identity)).count == names.count)
        #expect(listing.assets.allSatisfy { $0.version == "1.0" })
        for name in names {
            let path = try RequestPath(decoding: Array("/packages/foo/\(name)".utf8)[...])
            #expect(
                try format.route(FormatRequest(method: .get, path: path))
                    == .asset(
                        try AssetPath("packages/foo/\(name)"), package: Self.package))
        }
    }
}

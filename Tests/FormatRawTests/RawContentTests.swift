import FormatRaw
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@Suite struct RawContentTests {
    private let format: RawFormat
    init() throws { format = try RawFormat(settings: [:]) }

    private static func listing() throws -> Listing {
        let name = "<img src=x onerror=alert(1)>.txt"
        let record = AssetRecord(
            path: try AssetPath("d & e/\(name)"), size: 5, checksums: [Checksum(.sha256, hex: Digest.hex([1]))].compactMap { $0 },
            published: Timestamp(seconds: 0), origin: "https://upstream.example.com/secret")
        return Listing(assets: [record], directories: ["z", "<b>", "javascript:x"])
    }

    private func page(_ type: MediaType) throws -> String {
        let document = try format.render(
            .directory(AssetPath("d & e")), as: type, from: Self.listing(), context: RenderContext(basePath: "/raw/a/b/"))
        return String(decoding: document.bytes, as: UTF8.self)
    }

    @Test func `the format keeps the rules of all formats`() async throws {
        let conformance = FormatConformance(
            RawFormat.self, paths: ["/", "/a", "/a/b.txt", "/d%20%26%20e/"],
            indexes: [(.directory(try AssetPath("d & e")), try Self.listing()), (.directory(nil), Listing())],
            uploads: [SampleUpload(.put, "/a/b.txt", body: Array("contents".utf8))])
        #expect(try await conformance.violations() == [])
    }

    @Test func `names on a directory's page are text and nothing else`() throws {
        let html = try page(.html)
        #expect(!html.contains("<img") && !html.contains("<b>"))
        #expect(html.contains("<title>/d &amp; e/</title>"))
        #expect(html.contains("href=\"%3Cimg%20src=x%20onerror=alert(1)%3E.txt\""))
        #expect(html.contains("href=\"./javascript:x/\""))
        #expect(html.contains("<a href=\"../\">"))
    }

    @Test func `a directory in JSON has directories and files in order`() throws {
        let json = try #require(try JSONValue(parsing: Array(try page(.json).utf8)).object)
        #expect(json["path"] == "d & e/")
        #expect(json["directories"] == ["<b>", "javascript:x", "z"])
        #expect(
            json["files"] == [
                [
                    "name": "<img src=x onerror=alert(1)>.txt", "href": "%3Cimg%20src=x%20onerror=alert(1)%3E.txt", "size": 5,
                    "sha256": .string(Digest.hex([1])),
                    "published": "1970-01-01T00:00:00Z",
                ]
            ])
    }

    @Test(arguments: [
        ("a.txt", "text/plain; charset=utf-8"), ("a.PNG", "image/png"), ("a.tar.gz", "application/gzip"),
        ("a.json", "application/json"),
        ("a.html", "application/octet-stream"), ("a.svg", "application/octet-stream"), ("a.xml", "application/octet-stream"),
        ("a.xhtml", "application/octet-stream"), ("a.js", "application/octet-stream"), ("a.pdf", "application/octet-stream"),
        ("a.css", "application/octet-stream"), ("a", "application/octet-stream"), ("txt", "application/octet-stream"),
    ])
    func `an upload is stored as it is, under a type that no browser runs`(_ name: String, _ type: String) async throws {
        let upload = UploadRequest(
            plan: UploadPlan(path: try AssetPath("x/\(name)"), status: 201), contentType: "text/html",
            body: ByteStream([1, 2, 3]))
        let submission = try await format.receive(upload, into: InMemoryStaging())
        let item = try #require(submission.items.first)
        #expect(submission.items.count == 1)
        #expect(submission.package == nil)
        #expect(item.record.path.text == "x/\(name)")
        #expect(item.record.contentType == type)
        #expect(try await item.staged.contents() == [1, 2, 3])
    }

    @Test func `an empty file is a file`() async throws {
        let upload = UploadRequest(plan: UploadPlan(path: try AssetPath("x")), contentType: nil, body: .empty)
        #expect(try await format.receive(upload, into: InMemoryStaging()).items.first?.staged.size == 0)
    }

    @Test func `a file's place upstream is below the remote URL, whatever its name`() throws {
        let path = try AssetPath("a b/%2e%2e/c?d#e.txt")
        for base in ["https://x.example.com/files", "https://x.example.com/files/", "https://x.example.com/files?q#f"] {
            #expect(
                try format.upstreamRequest(for: .asset(path), base: base).url
                    == "https://x.example.com/files/a%20b/%252e%252e/c%3Fd%23e.txt")
        }
        let error = #expect(throws: SaveError.self) {
            try format.upstreamRequest(for: .index(.directory(nil)), base: "https://x.example.com/")
        }
        #expect(error?.code == .unsupported)
    }
}

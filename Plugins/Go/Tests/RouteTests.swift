import SavePlatform
import Testing

@testable import FormatGo

@Suite struct RouteTests {
    private func route(_ method: HTTPMethod, _ path: String) throws -> Route {
        try GoFormat(settings: [:]).route(FormatRequest(method: method, path: RequestPath(decoding: Array(path.utf8)[...])))
    }

    private func refusal(_ method: HTTPMethod, _ path: String) -> SaveError.Code? {
        do {
            _ = try route(method, path)
            return nil
        } catch { return (error as? SaveError)?.code }
    }

    @Test func `each path of the protocol has its meaning`() throws {
        let package = PackageID(normalized: "example.com/Acme/lib")
        let below = "/example.com/!acme/lib"
        #expect(try route(.get, "\(below)/@v/list") == .index(.package(package), offers: [MediaType.text.given]))
        #expect(
            try route(.head, "\(below)/@latest") == .index(.custom("latest", package: package), offers: [MediaType.json.given]))
        let info = IndexKey.custom("info/v1.0.0-RC1", package: package)
        #expect(try route(.get, "\(below)/@v/v1.0.0-!r!c1.info") == .index(info, offers: [MediaType.json.given]))
        let zip = try AssetPath("example.com/!acme/lib/@v/v1.0.0.zip")
        #expect(
            try route(.get, "\(below)/@v/v1.0.0.mod")
                == .asset(try AssetPath("example.com/!acme/lib/@v/v1.0.0.mod"), package: package))
        #expect(try route(.get, "\(below)/@v/v1.0.0.zip") == .asset(zip, package: package))
        #expect(try route(.put, "\(below)/@v/v1.0.0.zip") == .upload(UploadPlan(path: zip, package: package, status: 201)))
        #expect(try route(.delete, "\(below)/@v/v1.0.0.zip") == .delete(zip))
        #expect(try route(.get, "/") == .index(.root, offers: [.text]))
    }

    @Test(arguments: [
        "/example.com/a/@v/v1.0.zip", "/example.com/a/@v/1.0.0.zip", "/example.com/a/@v/v2.0.0.zip",
        "/example.com/a/v2/@v/v1.0.0.zip",
        "/example.com/a/@v/v1.0.0+build.zip", "/example.com/Acme/@v/v1.0.0.zip", "/example.com/!Acme/@v/v1.0.0.zip",
        "/example/a/@v/v1.0.0.zip", "/example.com/a/v1/@v/v1.0.0.zip", "/Example.com/@v/v1.0.0.zip",
    ]) func `a version that no module can have is missing, and is told what is wrong when it is published`(path: String) {
        #expect(refusal(.get, path) == .packageNotFound)
        #expect(refusal(.put, path) == .invalidRequest)
    }

    @Test(arguments: [
        "/example.com/a/@v/master.zip", "/example.com/a/@v/abcdef.mod", "/example.com/a/@v/a*b.info", "/example.com/a",
        "/example.com/a/@v/v1.0.0.txt",
        "/example.com/a/@v/", "/@v/list", "/@latest", "/sumdb/sum.example.com/supported", "/sumdb/sum.example.com/latest",
        "/sumdb/sum.example.com/lookup/example.com/a@v1.0.0",
    ]) func `what is not served is missing, so that the go command can go on`(path: String) {
        #expect([.notFound, .packageNotFound].contains(refusal(.get, path)))
    }

    @Test(arguments: [
        ("master", "master"), ("v1.2", "v1.2"), ("abcdef012345", "abcdef012345"), ("v2.0.0", "v2.0.0"),
        ("!feature+x", "Feature+x"),
    ]) func `what is no version of the module asks which version it is`(name: String, query: String) throws {
        let index = IndexKey.custom("query:\(query)", package: PackageID(normalized: "example.com/a"))
        #expect(try route(.get, "/example.com/a/@v/\(name).info") == .index(index, offers: [MediaType.json.given]))
        #expect(refusal(.put, "/example.com/a/@v/\(name).info") == .invalidRequest)
    }

    @Test func `a checksum database is passed through where the setting names it`() throws {
        let format = try GoFormat(settings: ["sumdb": ["sum.example.com"]])
        func index(_ path: String) throws -> IndexKey? {
            let request = FormatRequest(method: .get, path: try RequestPath(decoding: Array(path.utf8)[...]))
            guard case .index(let key, _) = try format.route(request) else { return nil }
            return key
        }
        let below = "/sumdb/sum.example.com"
        let lookup = try #require(try index("\(below)/lookup/example.com/!a/v2@v2.0.0-!r!c1"))
        // Reserved names and ownership decide by the module.
        #expect(lookup.package?.name == "example.com/A/v2")
        func place(_ index: IndexKey) throws -> String {
            try format.upstreamRequest(for: .index(index), base: "http://up.example.com/x").url
        }
        #expect(try place(lookup) == "http://up.example.com/x\(below)/lookup/example.com/!a/v2@v2.0.0-!r!c1")
        for path in ["\(below)/supported", "\(below)/latest", "\(below)/tile/8/0/x001/067.p/5", "\(below)/tile/8/data/000"] {
            #expect(try place(#require(try index(path))) == "http://up.example.com/x" + path)
        }
        let bytes = (0...255).map { UInt8($0) }
        let listing = try format.listing(from: UpstreamDocument(url: "http://up", contentType: nil, bytes: bytes), for: lookup)
        let shown = try format.render(lookup, as: .bytes, from: listing, context: RenderContext(basePath: "/"))
        #expect(shown.bytes == bytes)
        #expect(throws: SaveError.self) {
            try format.render(lookup, as: .bytes, from: Listing(), context: RenderContext(basePath: "/"))
        }
        for path in [
            "/sumdb", "/sumdb/other.example.com/supported", "\(below)/", "\(below)/lookup", "\(below)/lookup/example.com/a",
            "\(below)/lookup/example.com/a@main", "\(below)/lookup/a@v1.0.0", "\(below)/tile/8/0/../../../secret",
            "\(below)/tile/8/0/a", "\(below)/tile/8", "\(below)/supported/x", "\(below)/lookup/example.com/A@v1.0.0",
        ] {
            #expect(throws: SaveError.self) { try index(path) }
        }
    }

    @Test(arguments: [
        #"{"sumdb":"sum.example.com"}"#, #"{"sumdb":["a/b"]}"#, #"{"sumdb":[1]}"#, #"{"sumdb":["localhost"]}"#, #"{"sum":[]}"#,
    ])
    func `a setting that names no database is refused by its name`(text: String) throws {
        let settings = try #require(JSONValue(parsing: Array(text.utf8)).object)
        let error = #expect(throws: SaveError.self) { try GoFormat(settings: settings) }
        #expect(error?.details["field"] == settings.keys.first)
    }

    @Test func `only zips are published and deleted`() {
        for path in [
            "/example.com/a/@v/v1.0.0.mod", "/example.com/a/@v/v1.0.0.info", "/example.com/a/@v/list", "/example.com/a/@latest",
        ] {
            #expect(refusal(.put, path) == .methodNotAllowed)
            #expect(refusal(.delete, path) == .methodNotAllowed)
        }
    }
}

import SavePlatform
import Testing

@testable import FormatPyPI

@Suite struct RouteTests {
    private let format: PyPIFormat
    init() throws { format = try PyPIFormat(settings: [:]) }

    private func route(_ method: HTTPMethod, _ target: String) throws -> Route {
        let parts = target.split(separator: "?", maxSplits: 1).map { Array($0.utf8)[...] }
        return try format.route(
            FormatRequest(
                method: method, path: RequestPath(decoding: parts.first ?? []),
                query: QueryItems(decoding: parts.count > 1 ? parts[1] : nil)))
    }

    private func code(_ method: HTTPMethod, _ target: String) -> SaveError.Code? {
        do {
            _ = try route(method, target)
            return nil
        } catch { return (error as? SaveError)?.code }
    }

    private static let foo = IndexKey.package(PackageID(normalized: "foo-bar"))

    @Test func `XML-RPC is refused with what to read instead`() {
        for path in ["/pypi", "/pypi/"] {
            let error = #expect(throws: SaveError.self) { try route(.post, path) }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("XML-RPC") == true)
        }
    }

    @Test func `R-01 R-10 the repository itself takes uploads and leads to the index`() throws {
        #expect(try route(.get, "/") == .redirect(to: "simple/", permanent: false))
        #expect(try route(.post, "/") == .upload(UploadPlan(path: nil, status: 200)))
        let bare = RequestPath(segments: [], endsInSlash: false)
        #expect(try format.route(FormatRequest(method: .post, path: bare)) == .upload(UploadPlan(path: nil, status: 200)))
        #expect(code(.put, "/") == .methodNotAllowed)
    }

    @Test func `R-02 R-03 R-09 pages have a slash at the end and a normalized name`() throws {
        #expect(try route(.get, "/simple/") == .index(.root, offers: SimpleType.all))
        #expect(try route(.get, "/simple") == .redirect(to: "simple/", permanent: true))
        #expect(try route(.get, "/simple/foo-bar/") == .index(Self.foo, offers: SimpleType.all))
        #expect(try route(.head, "/+simple/foo-bar/") == .index(Self.foo, offers: SimpleType.all))
        #expect(try route(.get, "/simple/foo-bar") == .redirect(to: "foo-bar/", permanent: true))
        #expect(try route(.get, "/simple/Foo__.Bar/") == .redirect(to: "../foo-bar/", permanent: true))
        #expect(try route(.get, "/simple/Foo_Bar") == .redirect(to: "foo-bar/", permanent: true))
    }

    @Test(arguments: [
        "/simple/-foo/", "/simple/foo-/", "/simple/f%20o/", "/simple/f%C3%B6o/", "/simple/%E2%84%AAelvin/", "/simple/foo%3C/",
        "/simple/_/", "/simple/f%D0%B0/",
    ])
    func `R-04 what cannot be a name is not found`(_ target: String) {
        #expect(code(.get, target) == .packageNotFound)
    }

    @Test func `R-10 an upload to the index says what it answers`() {
        let error = #expect(throws: SaveError.self) { try route(.post, "/simple/") }
        #expect(error?.code == .methodNotAllowed)
        #expect(error?.details["allow"] == "GET, HEAD")
        #expect(code(.post, "/simple/foo/") == .methodNotAllowed)
    }

    @Test func `R-06 R-08 files are below one prefix, in the folder of their package`() throws {
        let id = PackageID(normalized: "foo-bar")
        let wheel = "packages/foo-bar/Foo_Bar-1.0+cu118-py3-none-any.whl"
        #expect(
            try route(.get, "/packages/foo-bar/Foo_Bar-1.0%2Bcu118-py3-none-any.whl") == .asset(AssetPath(wheel), package: id))
        #expect(try route(.get, "/" + wheel) == .asset(AssetPath(wheel), package: id))
        #expect(try route(.head, "/\(wheel).metadata") == .asset(AssetPath(wheel + ".metadata"), package: id))
        #expect(try route(.delete, "/" + wheel) == .delete(AssetPath(wheel)))
        #expect(code(.delete, "/\(wheel).metadata") == .methodNotAllowed)
        #expect(try route(.put, "/" + wheel) == .upload(UploadPlan(path: AssetPath(wheel), status: 201)))
        #expect(code(.patch, "/" + wheel) == .methodNotAllowed)
    }

    @Test(arguments: [
        "/packages/", "/packages/foo/", "/packages/foo/other-1.0.tar.gz", "/packages/Foo/foo-1.0.tar.gz",
        "/packages/foo/foo-1.0.txt",
        "/packages/foo/.metadata", "/packages/foo/foo-1.0.tar.gz/", "/packages/foo/foo-1.0.tar.gz/x", "/x/not-a-version/",
        "/-x-/", "/x/1.0/y/", "/simple/a/b/",
        "/packages/foo/foo-1.0%3Fx.tar.gz", "/packages/foo/foo-1.0.tar.gz%3Bx", "/packages/foo/foo-1.0.tar.gz%23x",
    ])
    func `everything else is not found`(_ target: String) {
        #expect([.notFound, .assetNotFound].contains(code(.get, target)))
    }

    @Test(arguments: [
        ("/Foo.Bar", "simple/foo-bar/"), ("/foo/", "../simple/foo/"), ("/foo/1.0", "../simple/foo/"),
        ("/foo/1.0/", "../../simple/foo/"), ("/Foo/1.0rc1/", "../../simple/foo/"),
    ]) func `what hatch prints, and what pip asks for without simple, leads to the package's page`(target: String, to: String)
        throws
    {
        for method in [HTTPMethod.get, .head] { #expect(try route(method, target) == .redirect(to: to, permanent: false)) }
        #expect(code(.post, target) == .methodNotAllowed)
    }

    @Test func `R-14 the query may name a format, in any spelling of its plus sign`() throws {
        for name in [
            "application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1%2Bjson",
            "application/vnd.pypi.simple.latest+json",
        ] {
            #expect(try route(.get, "/simple/foo-bar/?format=\(name)") == .index(Self.foo, offers: [SimpleType.json.given]))
        }
        #expect(try route(.get, "/simple/?format=text/html") == .index(.root, offers: [SimpleType.text.given]))
        #expect(code(.get, "/simple/?format=application/json") == .notAcceptable)
    }

    @Test func `settings are refused by name`() {
        let error = #expect(throws: SaveError.self) { try PyPIFormat(settings: ["colour": "red"]) }
        #expect(error?.code == .unknownField)
        #expect(error?.details["field"] == "colour")
    }
}

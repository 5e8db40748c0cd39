import FormatRaw
import SavePlatform
import Testing

@Suite struct RawRouteTests {
    private let format: RawFormat
    init() throws { format = try RawFormat(settings: [:]) }

    private func route(_ method: HTTPMethod, _ path: String) throws -> Route {
        try format.route(FormatRequest(method: method, path: RequestPath(decoding: Array(path.utf8)[...])))
    }

    @Test func `each method on a file has its meaning`() throws {
        let path = try AssetPath("a/b c.txt")
        #expect(try route(.get, "/a/b%20c.txt") == .asset(path, package: nil))
        #expect(try route(.head, "/a/b%20c.txt") == .asset(path, package: nil))
        #expect(try route(.put, "/a/b%20c.txt") == .upload(UploadPlan(path: path, status: 201)))
        #expect(try route(.delete, "/a/b%20c.txt") == .delete(path))
    }

    @Test func `a path that ends in a slash is a directory`() throws {
        #expect(try route(.get, "/") == .index(.directory(nil), offers: [.html, .json]))
        #expect(try route(.get, "/a/b/") == .index(.directory(AssetPath("a/b")), offers: [.html, .json]))
        #expect(throws: SaveError.self) { try route(.put, "/a/") }
        #expect(throws: SaveError.self) { try route(.delete, "/a/") }
    }

    @Test func `a directory is deleted with everything in it, where the request says so`() throws {
        func delete(_ path: String, _ query: String) throws -> Route {
            try format.route(
                FormatRequest(
                    method: .delete, path: RequestPath(decoding: Array(path.utf8)[...]),
                    query: QueryItems(decoding: Array(query.utf8)[...])))
        }
        #expect(try delete("/a/b/", "recursive=true") == .deleteAll(under: AssetPath("a/b")))
        #expect(try delete("/", "recursive=true") == .deleteAll(under: nil))
        for query in ["", "recursive", "recursive=", "recursive=false", "recursive=1"] {
            let error = #expect(throws: SaveError.self) { try delete("/a/b/", query) }
            #expect(error?.code == .invalidRequest && error?.message.contains("?recursive=true") == true)
        }
    }

    @Test func `other methods are named in the refusal`() throws {
        let error = #expect(throws: SaveError.self) { try route(.post, "/a") }
        #expect(error?.code == .methodNotAllowed)
        #expect(error?.details["allow"] == "GET, HEAD, PUT, DELETE")
    }

    @Test func `the repository without its slash leads to the one with it`() throws {
        let request = FormatRequest(method: .get, path: RequestPath(segments: [], endsInSlash: false))
        #expect(try format.route(request) == .redirect(to: "./", permanent: true))
    }
}

import SavePlatform
import Testing

@testable import FormatCargo

@Suite struct RouteTests {
    private func route(_ method: HTTPMethod = .get, _ path: String) throws -> Route {
        let segments = path.split(separator: "/").map { String($0) }
        return try CargoFormat(settings: [:]).route(
            FormatRequest(method: method, path: RequestPath(segments: segments, endsInSlash: path.hasSuffix("/"))))
    }

    @Test func `index, crates and changes are where cargo looks for them`() throws {
        let package = PackageID(normalized: "my-crate")
        let file = try AssetPath("my-crate/my-crate-1.0.0+x.crate")
        for (path, name) in [
            ("1/a", "a"), ("2/ab", "ab"), ("3/a/abc", "abc"), ("ca/rg/cargo", "cargo"), ("my/_c/my_crate", "my-crate"),
            ("my/-c/my-crate", "my-crate"), ("_a/bc/_abcd", "-abcd"),
        ] { #expect(try route(.get, path) == .index(.package(PackageID(normalized: name)), offers: [MediaType.text.given])) }
        #expect(try route(.get, "config.json") == .index(.document("config.json"), offers: [MediaType.json.given]))
        #expect(try route(.get, "api/v1/crates/My_Crate/1.0.0+x/download") == .asset(file, package: package))
        #expect(try route(.delete, "api/v1/crates/my-crate/1.0.0+x/download") == .delete(file))
        #expect(try route(.put, "api/v1/crates/new") == .upload(UploadPlan()))
        let version = "1.0.0"
        #expect(
            try route(.delete, "api/v1/crates/my_crate/1.0.0/yank")
                == .upload(UploadPlan(package: package, purpose: version, action: "yank")))
        #expect(
            try route(.put, "api/v1/crates/my_crate/1.0.0/unyank")
                == .upload(UploadPlan(package: package, purpose: version, action: "unyank")))
        #expect(try route(.get, "") == .redirect(to: "config.json", permanent: false))
    }

    @Test(arguments: [
        "cargo", "ca/cargo", "ca/rg/other", "Ca/Rg/Cargo", "ca/rg/Cargo", "1/ab", "3/b/abc", "ca/rg/cargo/x", "index/ca/rg/cargo",
        "9a/bc/9abc", "api/v1/crates/my_crate", "api/v1/crates/my_crate/1.0/download", "api/v1/crates/my.crate/1.0.0/download",
        "api/v2/crates/new", "api/v1/crates/my_crate/1.0.0/x", "me/x",
    ])
    func `what a registry does not have is not found`(_ path: String) {
        let error = #expect(throws: SaveError.self) { try route(.get, path) }
        #expect(error?.code == .notFound || error?.code == .packageNotFound)
    }

    @Test func `a method that a path does not have is named with those that it has`() {
        for (method, path, allow) in [
            (HTTPMethod.get, "api/v1/crates/new", "PUT"), (.put, "api/v1/crates/a/1.0.0/yank", "DELETE"),
            (.delete, "api/v1/crates/a/1.0.0/unyank", "PUT"), (.post, "api/v1/crates/a/1.0.0/download", "GET, HEAD, DELETE"),
            (.post, "1/a", "GET, HEAD"), (.put, "config.json", "GET, HEAD"),
        ] {
            let error = #expect(throws: SaveError.self) { try route(method, path) }
            #expect(error?.details["allow"] == allow, "\(path)")
        }
    }

    @Test func `cargo owner is told who decides`() {
        for method in [HTTPMethod.put, .delete] {
            let error = #expect(throws: SaveError.self) { try route(method, "api/v1/crates/a/owners") }
            #expect(error?.code == .invalidRequest && error?.message.contains("/members") == true)
        }
    }
}

@Suite struct CrateNameTests {
    @Test func `names that differ in hyphens, underscores and capitals are one`() {
        let keys = ["My_Crate", "my-crate", "MY_CRATE", "my_crate"].map { CrateName($0)?.package.name }
        #expect(keys.allSatisfy { $0 == "my-crate" })
    }

    @Test(arguments: ["", "1a", "-a", "a.b", "a b", "ä", "a/b", String(repeating: "a", count: 65), "a\r\n"])
    func `what is no name is none`(_ text: String) { #expect(CrateName(text) == nil) }

    @Test func `an upstream is asked for the spellings of a name, the likeliest first, and never for more than eight`() throws {
        let format = try CargoFormat(settings: [:])
        func places(_ key: String) throws -> [String] {
            let request = try format.upstreamRequest(
                for: .index(.package(PackageID(normalized: key))), base: "https://upstream.example.com/i")
            return request.places(last: nil).map { String($0.dropFirst("https://upstream.example.com/i/".count)) }
        }
        #expect(try places("cargo") == ["ca/rg/cargo"])
        #expect(try places("serde-json") == ["se/rd/serde-json", "se/rd/serde_json"])
        #expect(try places("ab-c") == ["ab/-c/ab-c", "ab/_c/ab_c"])
        #expect(try places("aa-b-c") == ["aa/-b/aa-b-c", "aa/_b/aa_b_c", "aa/_b/aa_b-c", "aa/-b/aa-b_c"])
        #expect(try places("a-b-c-d").count == 8)
        #expect(try places("a-b-c-d-e-f-g") == ["a-/b-/a-b-c-d-e-f-g", "a_/b_/a_b_c_d_e_f_g"])
        // No name begins with a hyphen.
        #expect(try places("-abc") == ["_a/bc/_abc"])
    }
}

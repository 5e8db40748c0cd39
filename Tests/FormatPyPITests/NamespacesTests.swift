import SavePlatform
import Testing

@testable import FormatPyPI

/// PEP 752: what a repository says of the names that it reserves.
@Suite struct NamespacesTests {
    private static let names: JSONObject = [
        "acme-*": ["project": "backend", "owned": true], "acme-web-*": ["project": "frontend", "owned": false],
        "tool*": ["project": "backend", "owned": true], "single": ["project": "backend", "owned": true],
        "*": ["project": "backend", "owned": true],
    ]

    private func render(_ index: IndexKey, _ names: JSONObject = names, sizes: Bool = true) throws -> JSONObject {
        let package = index.package ?? PackageID(normalized: "x")
        let file = AssetRecord(
            path: try AssetPath("packages/\(package)/\(package)-1.0.tar.gz"), package: package, version: "1.0",
            size: sizes ? 3 : nil)
        let document = try PyPIFormat(settings: [:]).render(
            index, as: SimpleType.json, from: Listing(assets: [file]),
            context: RenderContext(basePath: "/pypi/backend/pypi/", reservedNames: names))
        return try #require(JSONValue(parsing: document.bytes).object)
    }

    private func namespaces(of name: String, _ names: JSONObject = names) throws -> JSONValue? {
        try render(.package(PackageID(normalized: name)), names)["namespaces"]
    }

    @Test func `R-76 a project's page names its namespaces, and null where it is in none`() throws {
        #expect(try namespaces(of: "acme-lib") == [["name": "acme", "owned": true]])
        #expect(try namespaces(of: "acme-web-ui") == [["name": "acme", "owned": true], ["name": "acme-web", "owned": false]])
        #expect(try namespaces(of: "tool") == [["name": "tool", "owned": true]])
        #expect(try namespaces(of: "tool-box") == [["name": "tool", "owned": true]])
        for name in ["acmelib", "single", "other"] { #expect(try namespaces(of: name) == .null, "\(name)") }
        // The name itself belongs to the namespace where it is reserved as well.
        #expect(try namespaces(of: "acme") == .null)
        let both: JSONObject = ["acme-*": ["project": "b", "owned": true], "acme": ["project": "b", "owned": true]]
        #expect(try namespaces(of: "acme", both) == [["name": "acme", "owned": true]])
    }

    @Test func `R-76 a repository has API 1_5 with namespaces and as a whole, or not at all`() throws {
        let page = IndexKey.package(PackageID(normalized: "acme-lib"))
        #expect(try render(page)["meta"]?.object?["api-version"] == "1.5")
        #expect(try render(.root)["meta"]?.object?["api-version"] == "1.5")
        for names in [[:], ["single": ["project": "b", "owned": true]], ["*": ["project": "b", "owned": true]]] as [JSONObject] {
            #expect(try render(page, names)["meta"]?.object?["api-version"] == "1.4")
            #expect(try render(page, names)["namespaces"] == nil)
            #expect(try render(.root, names)["meta"]?.object?["api-version"] == "1.4")
            for index in [Namespaces.list, Namespaces.detail("acme")] {
                #expect(throws: SaveError.self) { _ = try render(index, names) }
            }
        }
        // A page that lacks what 1.1 wants claims nothing that came later.
        let sizeless = try render(page, sizes: false)
        #expect(sizeless["meta"]?.object?["api-version"] == "1.0" && sizeless["namespaces"] == nil)
    }

    @Test func `HTML stays as it was frozen`() throws {
        let document = try PyPIFormat(settings: [:]).render(
            .package(PackageID(normalized: "acme-lib")), as: SimpleType.html, from: Listing(),
            context: RenderContext(basePath: "/x/", reservedNames: Self.names))
        let text = String(decoding: document.bytes, as: UTF8.self)
        #expect(text.contains("content=\"1.4\"") && !text.contains("namespace"))
    }

    @Test func `R-76 a namespace tells its parent, its children and its owner`() throws {
        #expect(
            try render(Namespaces.detail("acme"))
                == [
                    "meta": ["api-version": "1.5"], "name": "acme", "parent": .null, "children": ["acme-web"], "owner": "backend",
                ])
        let child = try render(Namespaces.detail("acme-web"))
        #expect(child["parent"] == "acme" && child["owner"] == "frontend" && child["children"] == [])
        let listed = try render(Namespaces.list)["namespaces"]?.array?.map { $0.object?["name"]?.string }
        #expect(listed == ["acme", "acme-web", "tool"])
        #expect {
            _ = try render(Namespaces.detail("acm"))
        } throws: { ($0 as? SaveError)?.code == .notFound }
    }

    private func route(_ path: [String], slash: Bool, _ method: HTTPMethod = .get) throws -> Route {
        try PyPIRoutes.route(FormatRequest(method: method, path: RequestPath(segments: path, endsInSlash: slash)))
    }

    @Test func `R-76 namespaces are read below the index, and a project of that name has its page behind a slash`() throws {
        for simple in ["simple", "+simple"] {
            #expect(
                try route([simple, "namespaces"], slash: false) == .index(Namespaces.list, offers: [SimpleType.json, .json]))
            #expect(
                try route([simple, "namespace", "Acme.Web"], slash: false)
                    == .index(Namespaces.detail("acme-web"), offers: [SimpleType.json, .json]))
            #expect(
                try route([simple, "namespaces"], slash: true)
                    == .index(.package(PackageID(normalized: "namespaces")), offers: SimpleType.all))
        }
        #expect(throws: SaveError.self) { _ = try route(["simple", "namespace", "a b"], slash: false) }
        #expect(throws: SaveError.self) { _ = try route(["simple", "namespaces"], slash: false, .post) }
    }
}

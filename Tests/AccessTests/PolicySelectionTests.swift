import SaveAccess
import SavePlatform
import SaveStorage
import Testing

@Suite struct PolicySelectionTests {
    private func selected(_ patterns: [[String]?], _ name: String?) -> [String] {
        let now = Timestamp(seconds: 0)
        let policies = patterns.enumerated().map { number, names in
            RepositoryPolicy(PolicyRecord(name: String(number), action: .deny, created: now, updated: now), packages: names)
        }
        return PolicySelection(policies).about(name.map(PackageID.init(normalized:))).map(\.record.name)
    }

    @Test func `the policies about a package are found by its name and by what it begins with, in their order`() {
        let patterns: [[String]?] = [["b*"], nil, ["foo"], ["fo*", "foo"], ["*"], ["foo-*"], [], ["é*"]]
        #expect(selected(patterns, "foo") == ["1", "2", "3", "4"])
        #expect(selected(patterns, "foo-bar") == ["1", "3", "4", "5"])
        #expect(selected(patterns, "f") == ["1", "4"])
        #expect(selected(patterns, "b") == ["0", "1", "4"])
        #expect(selected(patterns, nil) == ["1"])
        // Names are bytes: the same letter in two pieces is another name.
        #expect(selected(patterns, "e\u{301}x") == ["1", "4"] && selected(patterns, "éx") == ["1", "4", "7"])
        #expect(selected([], "foo") == [])
    }

    /// A format that others call by another word than its id.
    private struct Modules: RepositoryFormat, PackageVersioning {
        static let descriptor = FormatDescriptor(id: "mod", displayName: "Modules", abilities: [.hosted])
        static let ecosystem = "Modules"
        static let purlType = "modules"
        init(settings: JSONObject) {}
        func route(_: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing here") }
        func package(named name: String) -> PackageID? { PackageID(normalized: name) }
        func sortKey(of version: String) -> [UInt8]? { nil }
        func range(_ range: String, contains version: String) -> Bool { false }
    }

    @Test func `a pattern names its format by the id or by the type of package URLs`() async throws {
        let format = IsolatedFormat<any RepositoryFormat>(compiledIn: Modules(settings: [:]))
        let written = ["pkg:mod/a", "pkg:modules/b", "pkg:modules/c/*", "pkg:modulesd", "pkg:npm/e", "f"]
        #expect(try await RepositoryPolicy.patterns(written, "mod", format) == ["a", "b", "c/*", "f"])
    }
}

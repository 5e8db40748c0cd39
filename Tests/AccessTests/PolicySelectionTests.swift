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
}

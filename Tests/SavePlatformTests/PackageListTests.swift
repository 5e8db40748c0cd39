import SavePlatform
import Testing

@Suite struct PackageListTests {
    private func list(_ names: String...) -> PackageList {
        PackageList(names.map { PackageSummary(id: PackageID(normalized: ASCII.lowercased($0)), displayName: $0) })
    }

    @Test func `packages are in order and each is there once, spelled as by the first`() {
        let packages = list("b", "A", "a", "C", "B", "ab", "a-b")
        #expect(packages.map(\.id.name) == ["a", "a-b", "ab", "b", "c"])
        #expect(packages.map(\.displayName) == ["A", "a-b", "ab", "b", "C"])
    }

    @Test func `two lists merge, and the first one's spelling counts`() {
        #expect(list("a", "C", "e").merging(list("B", "c", "f")).map(\.displayName) == ["a", "B", "C", "e", "f"])
        #expect(list("a").merging([]) == list("a"))
        #expect(PackageList().merging(list("a")) == list("a"))
    }

    @Test func `packages can be left out`() {
        var packages = list("a", "B", "c")
        packages.removeAll { $0.id.name == "b" }
        #expect(packages == list("a", "c"))
    }

    @Test func `an order that was not there is the same as one that was`() {
        let numbers = (0..<500).map { "p\($0 * 7919 % 500)" }
        let sorted = numbers.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let summaries = numbers.map { PackageSummary(id: PackageID(normalized: $0), displayName: $0) }
        #expect(PackageList(summaries + summaries).map(\.id.name) == sorted)
    }
}

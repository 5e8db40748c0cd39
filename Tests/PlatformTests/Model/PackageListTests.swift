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

    private func numbered(_ packages: (String, Int64?)...) -> PackageList {
        PackageList(packages.map { PackageSummary(id: PackageID(normalized: $0), displayName: $0, serial: $1) })
    }

    @Test func `the number of the last change stays with its package, and may be as large as a number is`() {
        var packages = numbered(("b", 2), ("a", .max), ("c", nil), ("d", -1))
        #expect(packages.map(\.serial) == [.max, 2, nil, nil])
        packages.removeAll { $0.id.name == "a" }
        #expect(packages.map(\.serial) == [2, nil, nil])
        packages.removeSerials()
        #expect(packages == list("b", "c", "d"))
    }

    @Test func `of two lists the first one's number counts, or the larger where both are shown`() {
        let (left, right) = (numbered(("a", 5), ("b", 7), ("c", nil)), numbered(("b", 9), ("c", 3), ("d", 1)))
        #expect(left.merging(right).map(\.serial) == [5, 7, nil, 1])
        #expect(left.merging(right, areShared: true).map(\.serial) == [5, 9, nil, 1])
        #expect(right.merging(left, areShared: true).map(\.serial) == [5, 9, nil, 1])
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

import SavePlatform
import SaveRepositories
import Testing

@Suite struct ChangeCountersTests {
    private let board = ChangeCounters()
    private let package = PackageID(normalized: "flask")

    @Test func `a stamp holds until its subject changes`() {
        let stamp = board.stamp(1, .index(.package(package)))
        #expect(board.isCurrent(stamp))
        board.invalidate(1, package: package, paths: [])
        #expect(!board.isCurrent(stamp))
    }

    @Test func `another index of a package depends on the package`() {
        let stamp = board.stamp(1, .index(.custom("json", package: package)))
        board.invalidate(1, package: package, paths: [])
        #expect(!board.isCurrent(stamp))
    }

    @Test func `a new file changes the listing of every directory above it`() throws {
        let stamps =
            try ["a/b", "a"].map { board.stamp(1, .index(.directory(try AssetPath($0)))) }
            + [
                board.stamp(1, .index(.directory(nil))), board.stamp(1, .index(.root)),
                board.stamp(1, .asset(try AssetPath("a/b/c"))),
            ]
        board.invalidate(1, package: nil, paths: [try AssetPath("a/b/c")])
        #expect(stamps.allSatisfy { !board.isCurrent($0) })
    }

    @Test func `changes of one repository leave most of another alone`() {
        let stamps = (0..<100).map { board.stamp(2, .index(.package(PackageID(normalized: "p\($0)")))) }
        board.invalidate(1, package: package, paths: [])
        #expect(stamps.filter { board.isCurrent($0) }.count >= 95)
    }
}

import SavePlatform
import SaveRepositories
import Testing

@Suite struct ChangeCountersTests {
    private let counters = ChangeCounters()
    private let package = PackageID(normalized: "flask")

    @Test func `a version holds until its subject changes`() {
        let version = counters.version(1, .index(.package(package)))
        #expect(counters.isCurrent(version))
        counters.invalidate(1, package: package, paths: [])
        #expect(!counters.isCurrent(version))
    }

    @Test func `another index of a package depends on the package`() {
        let version = counters.version(1, .index(.custom("json", package: package)))
        counters.invalidate(1, package: package, paths: [])
        #expect(!counters.isCurrent(version))
    }

    @Test func `a new file changes the listing of every directory above it`() throws {
        let versions =
            try ["a/b", "a"].map { counters.version(1, .index(.directory(try AssetPath($0)))) }
            + [
                counters.version(1, .index(.directory(nil))), counters.version(1, .index(.root)),
                counters.version(1, .asset(try AssetPath("a/b/c"))),
            ]
        counters.invalidate(1, package: nil, paths: [try AssetPath("a/b/c")])
        #expect(versions.allSatisfy { !counters.isCurrent($0) })
    }

    @Test func `changes of one repository leave most of another alone`() {
        let versions = (0..<100).map { counters.version(2, .index(.package(PackageID(normalized: "p\($0)")))) }
        counters.invalidate(1, package: package, paths: [])
        #expect(versions.filter { counters.isCurrent($0) }.count >= 95)
    }
}

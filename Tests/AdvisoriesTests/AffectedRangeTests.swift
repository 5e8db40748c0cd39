import FormatNpm
import FormatPyPI
import SavePlatform
import Testing

@testable import SaveAdvisories

/// The evaluation of the OSV schema.
@Suite struct AffectedRangeTests {
    private typealias Event = OSVRange.Event
    private let pypi: PyPIFormat
    private let npm: NpmFormat

    init() throws {
        pypi = try PyPIFormat(settings: [:])
        npm = try NpmFormat(settings: [:])
    }

    private func affected(
        _ versions: [String] = [], _ kind: OSVRange.Kind = .ecosystem, _ events: [(Event.Kind, String)] = [],
        _ format: any PackageVersioning
    ) -> (String) -> Bool {
        let affected = AffectedVersions(
            versions: versions, ranges: [OSVRange(kind, events.map { Event($0.0, $0.1) })], key: format.sortKey)
        return { affected.contains(KeyedVersion($0, key: format.sortKey(of: $0))) }
    }

    @Test func `a version is affected from where it was introduced to where it is fixed`() {
        let isAffected = affected(
            [], .ecosystem, [(.introduced, "1.0"), (.fixed, "1.0.2"), (.introduced, "3"), (.fixed, "3.2.5")], pypi)
        let inside = ["1.0", "1", "1.0.0", "1.0.1", "1.0.2rc1", "3.0", "3.2.4.post1", "1.0+local"]
        let outside = ["0.9", "1.0rc1", "1.0.2", "1.0.2.0", "2", "3.0.dev1", "3.2.5", "3.2.5+local", "1!1.0"]
        #expect(inside.allSatisfy(isAffected))
        #expect(outside.filter(isAffected) == [])
    }

    @Test func `zero is below every version, and what is not fixed is affected for ever`() {
        let isAffected = affected([], .ecosystem, [(.introduced, "0")], pypi)
        #expect(["0.dev0", "0a1", "0", "1", "9!9"].allSatisfy(isAffected))
        let isAffectedNpm = affected([], .semantic, [(.introduced, "0")], npm)
        #expect(["0.0.0-0", "0.0.0-alpha", "0.0.0", "99.0.0"].allSatisfy(isAffectedNpm))
    }

    @Test func `the last affected version is affected, and what comes after it is not`() {
        let isAffected = affected([], .semantic, [(.introduced, "1.0.0"), (.lastAffected, "2.0.0")], npm)
        #expect(["1.0.0", "2.0.0", "2.0.0+build", "2.0.0-rc.1"].allSatisfy(isAffected))
        #expect(["1.0.0-rc.1", "2.0.1-0", "2.0.1"].filter(isAffected) == [])
        #expect(affected([], .semantic, [(.introduced, "1.0.0"), (.lastAffected, "1.0.0")], npm)("1.0.0"))
    }

    @Test func `events count by their order and not by their place`() {
        let isAffected = affected(
            [], .semantic, [(.fixed, "2.0.0"), (.introduced, "3.0.0"), (.introduced, "1.0.0"), (.fixed, "3.1.0")], npm)
        #expect(["1.5.0", "3.0.5"].allSatisfy(isAffected))
        #expect(["0.9.0", "2.5.0", "3.1.0"].filter(isAffected) == [])
    }

    @Test func `what is fixed and introduced by one version counts in the record's order`() {
        #expect(affected([], .semantic, [(.introduced, "0"), (.fixed, "1.0.0"), (.introduced, "1.0.0")], npm)("1.0.0"))
        #expect(!affected([], .semantic, [(.introduced, "1.0.0"), (.fixed, "1.0.0")], npm)("1.0.0"))
    }

    @Test func `a version is below one of the limits`() {
        let isAffected = affected([], .semantic, [(.introduced, "0"), (.limit, "1.0.0"), (.limit, "2.0.0")], npm)
        #expect(isAffected("1.9.0") && !isAffected("2.0.0"))
        #expect(affected([], .semantic, [(.introduced, "0"), (.limit, "1.0.0"), (.limit, "*")], npm)("3.0.0"))
    }

    @Test func `a listed version is affected in every spelling, whatever the ranges say`() {
        let isAffected = affected(["1.0", "2004d", "1.5RC1"], .ecosystem, [(.introduced, "3"), (.fixed, "4")], pypi)
        #expect(["1.0", "1.0.0", "v1", "2004d", "1.5rc1", "3.5"].allSatisfy(isAffected))
        #expect(["1.1", "2004e", "1.5", "1.0.post1", "1.0+local"].filter(isAffected) == [])
    }

    @Test func `an end that cannot be placed ends nothing`() {
        for end in [Event.Kind.fixed, .lastAffected, .limit] {
            let isAffected = affected([], .ecosystem, [(.introduced, "1.0"), (end, "no version")], pypi)
            #expect(["1.0", "5", "9!9"].allSatisfy(isAffected), "\(end)")
            #expect(!isAffected("0.9"), "\(end)")
        }
        let isAffected = affected([], .semantic, [(.introduced, "0"), (.fixed, ""), (.fixed, "2.0.0")], npm)
        #expect(isAffected("1.0.0") && !isAffected("2.0.0"))
    }

    @Test func `what is no version is affected where every version is, or where it is listed`() {
        #expect(affected([], .ecosystem, [(.introduced, "0")], pypi)("no version"))
        #expect(affected([], .semantic, [(.introduced, "0"), (.fixed, "unknown")], npm)("latest"))
        #expect(affected(["no version"], .ecosystem, [(.introduced, "1"), (.fixed, "2")], pypi)("no version"))
        for events in [
            [(.introduced, "0"), (.fixed, "2")], [(.introduced, "0"), (.lastAffected, "2")], [(.introduced, "0"), (.limit, "2")],
            [(.introduced, "1")], [],
        ] as [[(Event.Kind, String)]] {
            #expect(!affected(["other"], .ecosystem, events, pypi)("no version"), "\(events)")
        }
        #expect(!affected([], .git, [(.introduced, "0")], pypi)("no version"))
    }

    @Test func `ranges of commits say nothing of versions`() {
        #expect(!affected([], .git, [(.introduced, "0")], pypi)("1.0"))
    }

    @Test func `a semantic version may lack its last numbers`() {
        let isAffected = affected([], .semantic, [(.introduced, "1"), (.fixed, "2.1")], npm)
        #expect(isAffected("2.0.9") && !isAffected("2.1.0") && !isAffected("0.9.0"))
    }

    @Test func `a hundred thousand events are one look`() {
        let events = (0..<100_000).map { ($0 % 2 == 0 ? Event.Kind.introduced : .fixed, "1.\($0).0") }
        let isAffected = affected([], .semantic, events, npm)
        #expect((0..<20_000).allSatisfy { isAffected("1.\($0 * 5).1") == ($0 * 5 % 2 == 0) })
    }
}

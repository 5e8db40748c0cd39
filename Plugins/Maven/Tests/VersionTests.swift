import SavePlatform
import Testing

@testable import FormatMaven

@Suite struct VersionTests {
    /// From the POM Reference ("Version Order Specification") and the tables of Maven's own `ComparableVersionTest`.
    static let ascending: [[String]] = [
        ["1-alpha2snapshot", "1-alpha2-snapshot"], ["1-alpha2", "1-a2", "1-alpha-2", "1a2"], ["1-alpha-123"],
        ["1-beta-2", "1.b2"],
        ["1-beta123"], ["1-m2", "1-milestone-2", "1M2"], ["1-m11"], ["1-rc", "1-cr", "1.RC"], ["1-cr2", "1-rc-2"], ["1-rc123"],
        ["1-SNAPSHOT", "1.0.0-snapshot", "1.0.SNAPSHOT"],
        [
            "1", "1.0", "1.0.0", "1-0", "1.ga", "1-final", "1.Final", "1-release", "1.", "1-", "1.0.0-0.0.0", "1-ga-0", "01",
            "1.00",
        ],
        ["1-sp", "1.SP"], ["1-sp2"], ["1-sp123"], ["1-abc", "1.abc"], ["1-def"], ["1-foo", "1.foo", "1.0.0-foo.0.0"], ["1-foo2"],
        ["1-foo10"], ["1-pom-1"], ["1-1-snapshot"], ["1-1", "1-ga-1", "1-0-1"], ["1-2"], ["1-123"], ["1.0.1"], ["1.1", "1.1.0"],
        ["2"], ["2.0.a", "2-a"], ["2-1"], ["2.0.2"], ["2.0.123"], ["2.1-a"], ["2.1b", "2.1-b"], ["2.1-c"], ["2.1-1"], ["2.1.0.1"],
        ["2.2"], ["2.123"], ["11.a2"], ["11.a11"], ["11.b2"], ["11.b11"], ["11.m2"], ["11.m11"], ["11"], ["11.a", "11a"], ["11b"],
        ["11c"], ["11m"], ["20260101"], ["20261127191122"], ["999999999999999999999999999999999"],
        ["1000000000000000000000000000000000"],
    ]

    private func key(_ version: String) -> [UInt8]? { ComparableVersion(version)?.key }

    @Test func `versions have the order of the specification`() throws {
        for (low, high) in zip(Self.ascending, Self.ascending.dropFirst()) {
            let (left, right) = (try #require(key(low[0])), try #require(key(high[0])))
            #expect(left.lexicographicallyPrecedes(right), "\(low[0]) < \(high[0])")
        }
        for spellings in Self.ascending { #expect(Set(spellings.map(key)).count == 1, "\(spellings)") }
    }

    @Test(arguments: [
        ("1-sp.1", ">", "1-ga.1"), ("1-sp-1", "<", "1-ga-1"), ("1-snapshot", "<", "1"), ("1", "<", "1-sp"),
        ("1.7", ">", "1.7-beta"),
        ("6.1.0", ">", "6.1.0rc3"), ("6.1H.5-beta", ">", "6.1.0"), ("1.0-alpha-1", "<", "1.0-beta"), ("1-0.alpha", "<", "1"),
        ("1.0.0.RC1", "<", "1.0.0-RC2"), ("1.0.0.RC2", "<", "1.0.0.RC3"), ("4.0.0.Beta3", "<", "4.0.0-RC1"),
        ("0.0-1552", "<", "1.520"), ("0.0.1", ">", "0.0.0.2013"), ("2.0.1-xyz", "<", "2.0.1-123"),
        ("1-1.foo-bar1baz-.1", "=", "1-1.foo-bar-1-baz-0.1"),
    ]) func `one version comes before another`(left: String, order: String, right: String) throws {
        let (low, high) = (try #require(key(left)), try #require(key(right)))
        switch order {
        case "<": #expect(low.lexicographicallyPrecedes(high))
        case ">": #expect(high.lexicographicallyPrecedes(low))
        default: #expect(low == high)
        }
    }

    @Test(arguments: ["", " ", "1 0", "1/2", "1:2", "a\\b", "é", String(repeating: "1", count: 300)])
    func `what no file can be named after is no version`(text: String) {
        #expect(ComparableVersion(text) == nil)
    }

    @Test(arguments: [
        ("[1.0,2.0)", ["1.0", "1.5", "1"], ["2.0", "0.9", "1.0-rc1"]), ("(,1.0]", ["1.0", "0.1", "1-alpha"], ["1.0.1"]),
        ("[1.2]", ["1.2", "1.2.0"], ["1.2.1", "1.1"]), ("(,1.0],[1.2,)", ["1", "1.2", "9"], ["1.1"]),
        ("1.2", ["1.2", "1.2-ga"], ["1.3"]),
        ("(1.0, 1.1)", ["1.0.5"], ["1.0", "1.1"]),
    ]) func `a range has the versions between its bounds`(range: String, within: [String], outside: [String]) throws {
        for version in within { #expect(try VersionRange(range).contains(version), "\(version)") }
        for version in outside { #expect(try !VersionRange(range).contains(version), "\(version)") }
    }

    @Test(arguments: ["", "[", "[1", "[]", "(1.0)", "[1,2,3]", "[,]", "[1,2],", "1,2", "no range", ">=1", "[1,2]x"])
    func `what is no range is refused with how to write one`(range: String) {
        let error = #expect(throws: SaveError.self) { try VersionRange(range) }
        #expect(error?.code == .invalidRequest && error?.message.contains("[1.0,2.0)") == true)
    }
}

import SaveVersions
import Synchronization
import Testing

@Suite struct VersionsTests {
    /// Semantic Versioning 2.0.0, 11.
    private static let ascending = [
        "0.0.0-0", "0.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
        "1.0.0-beta.99999999999999999999", "1.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0", "2.0.0", "10.0.0",
    ]

    @Test func `versions come in the order of their precedence, however they are read`() throws {
        let readers: [(String) -> SemanticVersion?] = [
            { SemanticVersion($0) }, { SemanticVersion(npm: $0) }, { SemanticVersion(go: $0) },
        ]
        for read in readers {
            let versions = try Self.ascending.map { try #require(read($0)) }
            #expect(versions.shuffled().sorted().map(\.description) == Self.ascending)
            #expect(Set(versions).count == Self.ascending.count)
        }
        let built = try ["1.0.0", "1.0.0+a", "1.0.0+b"].map { try #require(SemanticVersion($0)) }
        #expect(Set(built.map(\.key)).count == 1 && Set(built).count == 3 && built.reversed().sorted() == built)
        #expect(built.map(\.withoutBuild) == ["1.0.0", "1.0.0", "1.0.0"] && !built[1].isPrerelease)
    }

    @Test(arguments: [
        "", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "1.0.0+a+b", "1.0.0 ",
        " 1.0.0",
        "1.0.0-é", "99999999999999999999.0.0", "-1.0.0", "1.x.0", "*", "1.0.0-a_b",
    ])
    func `what is no semantic version is none`(text: String) { #expect(SemanticVersion(text) == nil) }

    @Test func `each client reads versions as it does`() {
        let most = 9_007_199_254_740_991
        #expect(SemanticVersion(npm: " v1.2.3\t") != nil && SemanticVersion(npm: "\(most).0.0") != nil)
        for text in ["1.2", "vv1.2.3", "=1.2.3", "9007199254740992.0.0", "1.2.x", "1.2.3 4"] {
            #expect(SemanticVersion(npm: text) == nil, "\(text)")
        }
        #expect(SemanticVersion(go: "v1")?.key == SemanticVersion("1.0.0")?.key)
        #expect(SemanticVersion(go: "v2.0.0+incompatible")?.build.map { String(decoding: $0, as: UTF8.self) } == "incompatible")
        #expect(SemanticVersion(go: "v99999999999999999999.0.0") != nil)
        for text in ["v1.2-rc1", "v1.x", "vv1", "v", "V1.0.0", "v1.0.0 ", "v1.0.0-01"] {
            #expect(SemanticVersion(go: text) == nil, "\(text)")
        }
        #expect(SemanticVersion("1.0.0", maxBytes: 4) == nil)
        #expect(SemanticVersion("1.0.0-" + String(repeating: "a", count: 251)) == nil)
    }

    @Test(arguments: [
        ("^9007199254740991", nil), ("~9007199254740991.9007199254740991", nil), ("<9007199254740991", true),
        ("9007199254740992", nil),
        ("1.2.3 - 2", true), ("1.2.4 - 2", false), ("^1.2.4 || 1.2.x", true), ("<x", false), ("", true), ("v1.2.3", true),
    ]) func `npm's ranges end at npm's largest number`(range: String, holds: Bool?) {
        let key = SemanticVersion(npm: "1.2.3")?.key ?? []
        #expect(VersionRange(npm: range).map { $0.contains(key) } == holds, "\(range)")
    }

    @Test(arguments: [
        ("^18446744073709551615", nil), (">=18446744073709551615", false), ("~1.18446744073709551615", nil),
        ("=18446744073709551615.*", nil), ("1.2", true), ("1.*.*", true), ("*", true), ("*.*", nil), ("^1.0.*", true),
        ("1.0.*", false), ("1.*.*-rc", nil),
        ("*.1", nil), ("x.x.x+b", nil),
    ]) func `cargo's ranges end at the largest number of 64 bits`(range: String, holds: Bool?) {
        let key = SemanticVersion("1.2.3")?.key ?? []
        #expect(VersionRange(cargo: range).map { $0.contains(key) } == holds, "\(range)")
    }

    @Test func `a memo reads a version once, and a range once`() throws {
        struct Refused: Error {}
        let read = Mutex<[String]>([])
        let memo = VersionRangeMemo(
            key: { text in
                read.withLock { $0.append(text) }
                return SemanticVersion(text)?.key
            },
            read: { text in
                read.withLock { $0.append(text) }
                guard let range = VersionRange(cargo: text) else { throw Refused() }
                return range
            })
        for _ in 0..<3 {
            #expect(try memo.range("^1", contains: "1.2.3"))
            #expect(try !memo.range("<1", contains: "1.2.3"))
        }
        #expect(read.withLock { $0 } == ["1.2.3", "^1", "<1"])
        #expect(try !memo.range("*", contains: "none"))
        for _ in 0..<2 { #expect(throws: Refused.self) { try memo.range("nonsense", contains: "1.0.0") } }
        // What was read does not grow without end.
        for number in 0..<1000 { #expect(try memo.range("=\(number)", contains: "7.0.0") == (number == 7)) }
        #expect(try memo.range("^1", contains: "1.9.0"))
    }

    @Test func `whatever bytes there are, they are read or refused`() {
        var random = Numbers(state: 16)
        let pieces = [
            "1", "0", "18446744073709551615", "9007199254740991", "99999999999999999999", ".", ".", "-", "+", "x", "*", "^", "~",
            "~>",
            ">=", "<", "=", "==", ",", " ", "||", "|", " - ", "v", "alpha", "01", "é", "\u{0}", "\r\n",
        ]
        var read = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                .joined()
            let versions = [SemanticVersion(text), SemanticVersion(npm: text), SemanticVersion(go: text)].compactMap(\.self)
            let ranges = [VersionRange(npm: text), VersionRange(cargo: text), VersionRange(go: text)].compactMap(\.self)
            read += versions.count + ranges.count
            for version in versions {
                #expect(version.description.utf8.elementsEqual(text.utf8) && !version.key.isEmpty)
                // What one reads and another one as well has the same place.
                #expect(version.key == versions[0].key, "\(text)")
                for range in ranges { _ = range.contains(version.key) }
            }
        }
        #expect(read > 1000, "most of it is nothing, but not all")
    }
}

/// Numbers in no order, the same ones in every run.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

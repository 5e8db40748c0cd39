import SavePlatform
import Testing

@testable import SaveAdvisories

@Suite struct AffectedPlacesTests {
    private typealias Event = OSVRange.Event

    /// Versions are numbers of one digit; any other text is none.
    private static func key(_ text: String) -> [UInt8]? {
        text.utf8.count == 1 && text.utf8.allSatisfy(ASCII.isDigit) ? Array(text.utf8) : nil
    }

    @Test func `versions that are placed among all bounds are affected as each record by itself says`() {
        var generator = SystemRandomNumberGenerator()
        func number() -> String { String(Int.random(in: 0...9, using: &generator)) }
        for _ in 0..<300 {
            let entries = (0..<Int.random(in: 1...8)).map { index in
                let kinds: [Event.Kind] = [.introduced, .fixed, .lastAffected, .introduced, .limit]
                let events = (0..<Int.random(in: 0...5)).map { _ in Event(kinds.randomElement() ?? .fixed, number()) }
                let affected = AffectedVersions(
                    versions: (0..<Int.random(in: 0...2)).map { _ in number() } + (index == 0 ? ["odd"] : []),
                    ranges: [OSVRange(.ecosystem, events)], key: Self.key)
                let withdrawn = index % 5 == 4 ? Timestamp(seconds: 1) : nil
                return PackageAdvisories.Entry(Advisory(id: "A-\(index)", withdrawn: withdrawn), affecting: [affected])
            }
            let advisories = PackageAdvisories(entries)
            for text in (0...9).map(String.init) + ["odd", "even"] {
                let version = KeyedVersion(text, key: Self.key(text))
                let each = entries.filter { $0.advisory.withdrawn == nil && $0.affects(version) }.map(\.advisory.id)
                #expect(Set(advisories.affecting(version).map(\.id)) == Set(each), "\(text) of \(entries)")
            }
        }
    }

    @Test func `versions that the same records affect share what is told of them`() {
        let range = OSVRange(.ecosystem, [Event(.introduced, "2"), Event(.fixed, "8")])
        let entry = PackageAdvisories.Entry(
            Advisory(id: "GHSA-1", aliases: ["CVE-1"], severity: .high),
            affecting: [AffectedVersions(versions: [], ranges: [range], key: Self.key)])
        let advisories = PackageAdvisories([entry])
        let sets = ["3", "5", "7"].map { advisories.set(affecting: KeyedVersion($0, key: Self.key($0))) }
        #expect(sets.allSatisfy { $0 === sets[0] } && sets[0].names == ["ghsa-1", "cve-1"] && sets[0].severity == .high)
        #expect(advisories.set(affecting: KeyedVersion("8", key: Self.key("8"))) === AdvisorySet.none)
    }
}

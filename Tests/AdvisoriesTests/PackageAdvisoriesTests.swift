import SavePlatform
import Testing

@testable import SaveAdvisories

@Suite struct PackageAdvisoriesTests {
    private static func key(_ text: String) -> [UInt8]? { Int(text).map { [UInt8(clamping: $0)] } }
    private func version(_ text: String) -> KeyedVersion { KeyedVersion(text, key: Self.key(text)) }

    private func entry(
        _ id: String, aliases: [String] = [], severity: AdvisorySeverity? = nil, from: String = "0", fixed: String? = nil,
        withdrawn: Bool = false
    ) -> PackageAdvisories.Entry {
        let events = [OSVRange.Event(.introduced, from)] + (fixed.map { [OSVRange.Event(.fixed, $0)] } ?? [])
        return PackageAdvisories.Entry(
            Advisory(
                id: id, aliases: aliases, severity: severity, isMalware: id.utf8.starts(with: "MAL-".utf8),
                fixedVersions: fixed.map { [$0] } ?? [], withdrawn: withdrawn ? Timestamp(seconds: 1) : nil),
            affecting: [AffectedVersions(versions: [], ranges: [OSVRange(.ecosystem, events)], key: Self.key)])
    }

    @Test func `records that call each other aliases, in circles and by way of others, are one advisory`() throws {
        let known = PackageAdvisories([
            entry("PYSEC-1", aliases: ["CVE-1"], fixed: "5"),
            entry("GHSA-a", aliases: ["cve-1", "PYSEC-1"], severity: .high, fixed: "6"),
            entry("X-1", aliases: ["Y-1"]), entry("Y-1", aliases: ["Z-1"]), entry("Z-1", aliases: ["X-1"]),
            entry("GHSA-b", severity: .critical),
        ])
        #expect(known.advisories.map(\.id) == ["GHSA-b", "GHSA-a", "X-1"])
        let merged = try #require(known.affecting(version("4")).first { $0.id == "GHSA-a" })
        #expect(Set(merged.aliases) == ["CVE-1", "cve-1", "PYSEC-1"] && merged.severity == .high)
        #expect(Set(merged.fixedVersions) == ["5", "6"])
        #expect(merged.hasName("cve-1") && merged.hasName("ghsa-A") && !merged.hasName("CVE-2"))
        // One of its records says that 5 is fixed, the other one that it is not.
        #expect(known.affecting(version("5")).contains { $0.id == "GHSA-a" })
        #expect(!known.affecting(version("6")).contains { $0.id == "GHSA-a" })
        #expect(known.records(affecting: version("4")).count == 6)
    }

    @Test func `what was withdrawn affects nothing and mends nothing`() {
        let known = PackageAdvisories([entry("A-1", fixed: "3", withdrawn: true)])
        #expect(known.advisories == [] && known.affecting(version("1")) == [] && known.records(affecting: version("1")) == [])
        #expect(!known.isFix(version("3")) && known.entries.count == 1)
    }

    @Test func `a version that an advisory names as fixed mends`() {
        let known = PackageAdvisories([entry("A-1", fixed: "3")])
        #expect(known.isFix(version("3")) && !known.isFix(version("4")) && !known.isFix(version("no version")))
    }

    @Test func `malware comes first, then the worst`() {
        let known = PackageAdvisories([
            entry("A-1"), entry("A-2", severity: .low), entry("A-3", severity: .critical), entry("MAL-1", aliases: ["A-4"]),
            entry("A-4"),
        ])
        #expect(known.affecting(version("1")).map(\.id) == ["MAL-1", "A-3", "A-2", "A-1"])
        #expect(known.affecting(version("1"))[0].isMalware)
    }

    @Test func `what is kept of the places of versions is bounded, and what is asked for again is the same`() {
        func key(_ text: String) -> [UInt8]? { UInt16(text).map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } }
        func entry(_ number: Int, _ events: [OSVRange.Event]) -> PackageAdvisories.Entry {
            PackageAdvisories.Entry(
                Advisory(id: "A-\(number)"),
                affecting: [AffectedVersions(versions: [], ranges: [OSVRange(.ecosystem, events)], key: key)])
        }
        // One record that tells the places apart, and many that are about all of them.
        let odd = (0..<250).flatMap { [OSVRange.Event(.introduced, "\(2 * $0 + 1)"), OSVRange.Event(.fixed, "\(2 * $0 + 2)")] }
        let known = PackageAdvisories([entry(0, odd)] + (1...500).map { entry($0, [OSVRange.Event(.introduced, "0")]) })
        var largest = 0
        for number in 1...500 {
            #expect(known.affecting(KeyedVersion("\(number)", key: key("\(number)"))).count == 500 + number % 2)
            largest = max(largest, known.rangingCount)
        }
        #expect(largest <= PackageAdvisories.maxRanging && largest > PackageAdvisories.maxRanging / 2)
        #expect(known.affecting(KeyedVersion("3", key: key("3"))).count == 501)
    }
}

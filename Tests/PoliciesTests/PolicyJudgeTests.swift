import SaveAccess
import SaveAdvisories
import SavePlatform
import SaveRepositories
import SaveStorage
import Synchronization
import Testing

@Suite struct PolicyJudgeTests {
    private func policy(_ name: String, _ change: (inout PolicyMatch) -> Void) -> RepositoryPolicy {
        let now = Timestamp(seconds: 0)
        var record = PolicyRecord(name: name, action: .deny, created: now, updated: now)
        change(&record.match)
        return RepositoryPolicy(record, packages: nil)
    }

    /// How often advisories were gone through for three files of each of two versions.
    private func looks(_ policies: [RepositoryPolicy]) throws -> Int {
        let count = Mutex(0)
        let judge = PolicyJudge(
            policies: policies, seen: [:], ranges: [:], advisories: nil,
            affecting: { _ in
                count.withLock { $0 += 1 }
                return .none
            }, keys: [:], now: Timestamp(seconds: 0))
        for version in ["1", "2"] {
            for number in 0..<3 {
                let file = AssetRecord(
                    path: try AssetPath("\(version)/\(number)"), package: PackageID(normalized: "x"), version: version)
                _ = judge.verdict(on: file)
            }
        }
        return count.withLock { $0 }
    }

    @Test func `what advisories say of a version is found out once for its files and all policies, where one asks`() throws {
        let harm = policy("harm") { $0.malware = true }
        let holes = policy("holes") { $0.minSeverity = "high" }
        let cooldown = policy("cooldown") { ($0.youngerThan, $0.exemptFixes) = ("7d", true) }
        #expect(try looks([harm, holes, cooldown]) == 2)
        #expect(try looks([cooldown]) == 0)
    }
}

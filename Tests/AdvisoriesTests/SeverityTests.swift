import SavePlatform
import Testing

@testable import SaveAdvisories

/// Scores as the calculators of first.org give them.
@Suite struct SeverityTests {
    @Test(arguments: [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8), ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1), ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.8),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:N", 6.8), ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H/E:P/RL:O", 6.5),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", 5.1),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0),
    ])
    func `a vector has one score`(_ vector: String, _ score: Double) { #expect(CVSS.score(vector) == score) }

    /// Drawn at random, with the scores that the calculator of the Python package `cvss` gives them.
    @Test func `a hundred vectors have the scores of another calculator`() {
        let known: [(String, Double)] = [
            ("CVSS:4.0/AV:A/AC:H/AT:N/PR:H/UI:P/VC:L/VI:H/VA:H/SC:H/SI:H/SA:L", 6.0),
            ("CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:A/VC:L/VI:L/VA:H/SC:H/SI:L/SA:H/CR:M/AR:M/MAV:A/MPR:L/MSI:L/MSA:N", 5.4),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:H/UI:A/VC:L/VI:N/VA:H/SC:L/SI:L/SA:N", 4.3),
            ("CVSS:4.0/AV:L/AC:H/AT:P/PR:N/UI:N/VC:L/VI:L/VA:H/SC:H/SI:H/SA:L/CR:L/AR:H/MAV:N/MVA:N/MSA:N", 7.0),
            ("CVSS:4.0/AV:A/AC:H/AT:N/PR:N/UI:A/VC:H/VI:L/VA:N/SC:N/SI:H/SA:H", 7.0),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:L/VA:N/SC:H/SI:L/SA:N/CR:M/IR:H/MSI:S", 7.3),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:A/VC:H/VI:L/VA:N/SC:H/SI:L/SA:H", 5.9),
            ("CVSS:4.0/AV:P/AC:L/AT:P/PR:L/UI:P/VC:N/VI:H/VA:L/SC:H/SI:L/SA:H/E:X/CR:H/MVA:X/MSI:N/MSA:L", 5.7),
            ("CVSS:4.0/AV:A/AC:H/AT:N/PR:N/UI:P/VC:L/VI:L/VA:H/SC:H/SI:L/SA:L", 7.1),
            ("CVSS:4.0/AV:A/AC:H/AT:N/PR:L/UI:N/VC:H/VI:H/VA:L/SC:L/SI:H/SA:N/E:A/IR:M/AR:M", 8.6),
            ("CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:P/VC:H/VI:N/VA:H/SC:L/SI:L/SA:N", 6.1),
            ("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:N/VC:N/VI:N/VA:L/SC:L/SI:L/SA:L/E:P/AR:H/MPR:X", 0.3),
            ("CVSS:4.0/AV:P/AC:H/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:L/SI:H/SA:L", 6.9),
            ("CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:L/SA:N/CR:X/MPR:L/MVC:X/MVA:L/MSA:N", 2.4),
            ("CVSS:4.0/AV:P/AC:H/AT:N/PR:L/UI:P/VC:H/VI:L/VA:L/SC:H/SI:H/SA:H", 6.1),
            ("CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:P/VC:H/VI:N/VA:H/SC:N/SI:L/SA:L/IR:H/AR:H/MAV:A/MPR:X/MVA:L/MSI:X", 4.3),
            ("CVSS:4.0/AV:P/AC:L/AT:N/PR:L/UI:P/VC:L/VI:H/VA:H/SC:N/SI:H/SA:N", 6.8),
            ("CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:P/VC:N/VI:L/VA:N/SC:N/SI:L/SA:L/E:P/IR:L/AR:H/MVC:L/MVA:L", 1.1),
            ("CVSS:4.0/AV:N/AC:H/AT:N/PR:L/UI:A/VC:L/VI:L/VA:H/SC:L/SI:H/SA:N", 7.0),
            ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:N/VA:L/SC:N/SI:N/SA:H/IR:L/MVA:N/MSA:L", 8.1),
            ("CVSS:4.0/AV:A/AC:H/AT:P/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:L/SA:L", 2.0),
            ("CVSS:4.0/AV:P/AC:H/AT:P/PR:L/UI:P/VC:N/VI:H/VA:L/SC:H/SI:N/SA:L/IR:L/MAV:X/MSI:H", 4.7),
            ("CVSS:4.0/AV:L/AC:H/AT:N/PR:H/UI:P/VC:N/VI:H/VA:H/SC:H/SI:H/SA:L", 6.0),
            ("CVSS:4.0/AV:A/AC:L/AT:N/PR:L/UI:A/VC:N/VI:N/VA:N/SC:N/SI:N/SA:L/E:A/CR:X/IR:M/AR:M/MAV:A/MVA:H", 3.5),
            ("CVSS:4.0/AV:N/AC:H/AT:N/PR:H/UI:A/VC:H/VI:N/VA:L/SC:H/SI:H/SA:L", 7.0),
            ("CVSS:4.0/AV:P/AC:L/AT:P/PR:N/UI:N/VC:L/VI:N/VA:L/SC:N/SI:N/SA:L/CR:L/IR:X/AR:X/MAV:N/MPR:X/MSI:N/MSA:N", 6.3),
            ("CVSS:4.0/AV:A/AC:H/AT:P/PR:L/UI:N/VC:N/VI:N/VA:H/SC:H/SI:L/SA:N", 7.0),
            ("CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:H/VI:N/VA:H/SC:L/SI:N/SA:N/MPR:N", 5.7),
            ("CVSS:4.0/AV:L/AC:H/AT:P/PR:N/UI:N/VC:N/VI:H/VA:L/SC:N/SI:N/SA:N", 5.9),
            ("CVSS:4.0/AV:A/AC:L/AT:N/PR:H/UI:N/VC:L/VI:N/VA:H/SC:N/SI:L/SA:H/MAV:N/MVA:X/MSI:S/MSA:S", 9.3),
            ("CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:L/VI:H/VA:H/SC:L/SI:L/SA:H", 5.9),
            ("CVSS:4.0/AV:L/AC:H/AT:N/PR:H/UI:A/VC:L/VI:L/VA:H/SC:H/SI:H/SA:L/IR:L/MVA:L/MSA:H", 2.4),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:N/UI:N/VC:N/VI:H/VA:N/SC:H/SI:L/SA:N", 7.0),
            ("CVSS:4.0/AV:A/AC:H/AT:N/PR:H/UI:P/VC:H/VI:L/VA:N/SC:H/SI:H/SA:H/E:X/CR:M/IR:H/MAV:N", 5.8),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:H/UI:P/VC:N/VI:N/VA:L/SC:H/SI:H/SA:H", 2.4),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:L/E:A/IR:L/MAV:L/MVA:H/MSI:H/MSA:N", 8.1),
            ("CVSS:4.0/AV:A/AC:H/AT:P/PR:L/UI:A/VC:N/VI:H/VA:H/SC:H/SI:L/SA:H", 6.0),
            ("CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:L/SI:N/SA:L/MAV:L/MVC:X/MSI:X", 5.1),
            ("CVSS:4.0/AV:P/AC:L/AT:N/PR:L/UI:P/VC:N/VI:N/VA:H/SC:H/SI:L/SA:H", 7.0),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:P/VC:N/VI:H/VA:N/SC:N/SI:H/SA:L/IR:X/AR:M/MAV:A/MVC:L", 6.8),
            ("CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:N/VC:N/VI:H/VA:L/SC:N/SI:H/SA:L", 6.9),
            ("CVSS:4.0/AV:P/AC:L/AT:N/PR:H/UI:A/VC:H/VI:H/VA:H/SC:N/SI:N/SA:H/CR:M/AR:X/MVA:X/MSI:H/MSA:L", 8.3),
            ("CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:P/VC:H/VI:H/VA:L/SC:N/SI:N/SA:L", 6.9),
            ("CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:N/VC:L/VI:H/VA:L/SC:H/SI:N/SA:H/CR:X/AR:X/MVA:L", 7.1),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:H/VI:H/VA:N/SC:L/SI:N/SA:L", 8.6),
            ("CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:A/VC:N/VI:H/VA:N/SC:H/SI:H/SA:H/AR:M/MPR:L/MVA:N/MSI:L", 6.9),
            ("CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:A/VC:N/VI:N/VA:N/SC:N/SI:L/SA:L", 1.8),
            ("CVSS:4.0/AV:A/AC:H/AT:N/PR:L/UI:P/VC:L/VI:N/VA:H/SC:N/SI:L/SA:N/E:P/IR:X/MPR:N/MVC:X/MSI:N/MSA:X", 5.1),
            ("CVSS:4.0/AV:A/AC:L/AT:N/PR:L/UI:A/VC:L/VI:L/VA:H/SC:N/SI:L/SA:N", 5.2),
            ("CVSS:4.0/AV:P/AC:H/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:L/SI:H/SA:L/MPR:L/MVA:L/MSI:L", 5.3),
            ("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:H/VI:L/VA:H/SC:H/SI:L/SA:L", 5.9),
            ("CVSS:4.0/AV:A/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:L/SC:L/SI:N/SA:L/IR:M/MAV:X/MVC:N", 5.6),
            ("CVSS:4.0/AV:P/AC:H/AT:N/PR:H/UI:A/VC:H/VI:L/VA:L/SC:H/SI:L/SA:N", 5.8),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:L/SC:L/SI:L/SA:N/CR:X/MAV:A/MPR:L/MVC:L", 5.1),
            ("CVSS:4.0/AV:P/AC:L/AT:P/PR:L/UI:A/VC:L/VI:L/VA:N/SC:N/SI:H/SA:N", 1.8),
            ("CVSS:4.0/AV:P/AC:H/AT:N/PR:H/UI:A/VC:H/VI:H/VA:L/SC:N/SI:N/SA:L/E:X/AR:M/MVC:X/MSI:X", 5.3),
            ("CVSS:4.0/AV:A/AC:L/AT:P/PR:H/UI:N/VC:N/VI:N/VA:H/SC:H/SI:H/SA:H", 7.1),
            ("CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:A/VC:L/VI:L/VA:L/SC:L/SI:N/SA:L/AR:X/MPR:X/MVA:X/MSA:S", 7.8),
            ("CVSS:4.0/AV:A/AC:L/AT:P/PR:H/UI:P/VC:L/VI:H/VA:N/SC:N/SI:H/SA:H", 5.8),
            ("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:N/VC:H/VI:H/VA:H/SC:H/SI:N/SA:L/MVA:X/MSI:N/MSA:H", 7.0),
            ("CVSS:3.0/AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:L/A:N", 2.7),
            ("CVSS:3.1/AV:A/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:H", 4.5),
            ("CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H", 5.5),
            ("CVSS:3.1/AV:L/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:L", 4.0),
            ("CVSS:3.0/AV:L/AC:H/PR:N/UI:N/S:C/C:L/I:N/A:H", 6.7),
            ("CVSS:3.1/AV:P/AC:H/PR:H/UI:N/S:C/C:H/I:H/A:H", 6.9),
            ("CVSS:3.0/AV:L/AC:L/PR:N/UI:N/S:C/C:N/I:L/A:H", 7.9),
            ("CVSS:3.1/AV:A/AC:H/PR:H/UI:R/S:C/C:L/I:L/A:N", 3.7),
            ("CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:C/C:H/I:H/A:N", 7.7),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:C/C:H/I:L/A:L", 6.4),
            ("CVSS:3.0/AV:N/AC:H/PR:H/UI:N/S:U/C:L/I:N/A:H", 5.0),
            ("CVSS:3.1/AV:P/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:H", 6.8),
            ("CVSS:3.0/AV:P/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:L", 4.8),
            ("CVSS:3.1/AV:L/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N", 5.1),
            ("CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:U/C:H/I:L/A:H", 6.7),
            ("CVSS:3.1/AV:P/AC:H/PR:L/UI:N/S:C/C:L/I:L/A:L", 4.5),
            ("CVSS:3.0/AV:N/AC:H/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.1),
            ("CVSS:3.1/AV:A/AC:H/PR:H/UI:R/S:C/C:N/I:H/A:H", 7.0),
            ("CVSS:3.0/AV:A/AC:H/PR:H/UI:N/S:U/C:L/I:N/A:N", 2.0),
            ("CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.1),
            ("CVSS:3.0/AV:P/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N", 3.5),
            ("CVSS:3.1/AV:P/AC:L/PR:H/UI:R/S:C/C:N/I:N/A:N", 0.0),
            ("CVSS:3.0/AV:P/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:L", 4.8),
            ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:C/C:L/I:N/A:H", 6.7),
            ("CVSS:3.0/AV:A/AC:L/PR:N/UI:R/S:C/C:L/I:N/A:H", 7.4),
            ("CVSS:3.1/AV:P/AC:H/PR:L/UI:R/S:U/C:N/I:L/A:N", 1.7),
            ("CVSS:3.0/AV:A/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N", 2.3),
            ("CVSS:3.1/AV:A/AC:H/PR:H/UI:R/S:C/C:N/I:L/A:N", 2.4),
            ("CVSS:3.0/AV:L/AC:L/PR:L/UI:R/S:C/C:N/I:L/A:H", 6.7),
            ("CVSS:3.1/AV:A/AC:L/PR:H/UI:R/S:U/C:L/I:L/A:L", 4.1),
            ("CVSS:3.0/AV:L/AC:H/PR:H/UI:N/S:C/C:H/I:L/A:L", 6.7),
            ("CVSS:3.1/AV:L/AC:L/PR:L/UI:R/S:U/C:H/I:L/A:H", 6.8),
            ("CVSS:3.0/AV:P/AC:L/PR:N/UI:R/S:U/C:H/I:L/A:L", 5.4),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:N/S:U/C:N/I:N/A:H", 4.1),
            ("CVSS:3.0/AV:P/AC:H/PR:N/UI:R/S:C/C:H/I:L/A:N", 5.6),
            ("CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:C/C:H/I:H/A:N", 7.3),
            ("CVSS:3.0/AV:L/AC:H/PR:N/UI:R/S:C/C:N/I:N/A:N", 0.0),
            ("CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:H", 6.3),
            ("CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:N", 6.8),
            ("CVSS:3.1/AV:A/AC:H/PR:H/UI:R/S:U/C:H/I:L/A:N", 4.6),
        ]
        for (vector, score) in known { #expect(CVSS.score(vector) == score, "\(vector)") }
    }

    @Test(arguments: [
        "", "CVSS:3.1", "CVSS:3.1/", "AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", "CVSS:2.0/AV:N",
        "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:5.0/AV:N",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:S/SI:H/SA:H", String(repeating: "CVSS:3.1/", count: 10_000),
    ])
    func `what is no vector has no score`(_ vector: String) { #expect(CVSS.score(vector) == nil) }

    @Test func `the newest vector says how bad it is, and where there is none, a word`() {
        let three: JSONValue = ["type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]
        let four: JSONValue = ["type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N"]
        #expect(Severities(["severity": [three, four]]).severity == .medium)
        #expect(Severities(["severity": [three], "database_specific": ["severity": "LOW"]]).severity == .critical)
        #expect(Severities(["database_specific": ["severity": "MODERATE"]]).severity == .medium)
        #expect(Severities(["severity": [["type": "CVSS_V3", "score": "no vector"]]]).severity == nil)
        #expect(Severities(["severity": "CVSS"]).severity == nil)
    }
}

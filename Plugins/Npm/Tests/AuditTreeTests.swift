import SavePlatform
import Testing

@testable import FormatNpm

@Suite struct AuditTreeTests {
    private let hole: JSONObject = [
        "id": "GHSA-1", "summary": "a hole", "severity": "high", "score": nil,
        "affected": [["ranges": [["type": "SEMVER", "events": [["introduced": "0"], ["fixed": "2.0.0"]]]]]],
    ]

    private func report(_ question: JSONValue, _ found: [String: [JSONObject]]) throws -> JSONObject {
        let tree = try AuditTree(try #require(question.object))
        return try #require(AuditReport(on: tree, found).json.object)
    }

    private func paths(_ report: JSONObject) -> [String] {
        (report["actions"]?.array ?? []).flatMap { $0.object?["resolves"]?.array ?? [] }.compactMap { $0.object?["path"]?.string }
    }

    @Test func `each place of a vulnerable version is told with a shortest way to it, and counted`() throws {
        let question: JSONValue = [
            "requires": ["app": "1"],
            "dependencies": [
                "app": [
                    "version": "1.0.0", "requires": ["lib": "1", "pad": "2"], "dependencies": ["pad": ["version": "2.0.0"]],
                ],
                "lib": ["version": "1.0.0", "requires": ["pad": "1"]],
                "pad": ["version": "1.0.0", "dev": true],
            ],
        ]
        #expect(try AuditTree(#require(question.object)).versions["pad"] == ["1.0.0", "2.0.0"])
        let told = try report(question, ["pad": [hole]])
        #expect(paths(told) == ["app>lib>pad"])
        let advisory = try #require(told["advisories"]?.object?["GHSA-1"]?.object)
        #expect(advisory["module_name"] == "pad" && advisory["patched_versions"] == ">=2.0.0" && advisory["severity"] == "high")
        #expect(advisory["findings"]?.array?.first?.object?["version"] == "1.0.0")
        // Without a score it is a number all the same.
        #expect(advisory["cvss"]?.object?["score"] == 0)
        let metadata = try #require(told["metadata"]?.object)
        #expect(metadata["vulnerabilities"]?.object?["high"] == 1 && metadata["totalDependencies"] == 4)
    }

    @Test func `circles, what nothing needs and what is no package spoil nothing`() throws {
        let question: JSONValue = [
            "requires": ["a": "1", "gone": "1"],
            "dependencies": [
                "a": ["version": "1.0.0", "requires": ["b": "1"]], "b": ["version": "1.0.0", "requires": ["a": "1"]],
                "alone": ["version": "1.0.0", "requires": true], "none": 7, "without": [:],
            ],
        ]
        #expect(paths(try report(question, ["b": [hole], "alone": [hole]])) == ["alone", "a>b"])
        #expect(paths(try report(["dependencies": ["x": ["version": "1.0.0"]]], ["x": [hole]])) == ["x"])
        #expect(paths(try report([:], ["x": [hole]])) == [])
    }

    @Test func `an advisory about two packages is found under an id for each`() throws {
        let question: JSONValue = ["dependencies": ["x": ["version": "1.0.0"], "y": ["version": "1.0.0"]]]
        let told = try report(question, ["x": [hole], "y": [hole]])
        #expect(told["advisories"]?.object?.members.map(\.key) == ["GHSA-1", "GHSA-1 y"])
    }

    @Test func `a version at many places counts at each, told once, and a tree of too many places is refused`() throws {
        func tree(_ count: Int) -> JSONValue {
            let members = (1..<count / 2 + 1).map { number -> (String, JSONValue) in
                ("a\(number)", ["version": "1.0.0", "dependencies": ["x": ["version": number % 2 == 0 ? "1.0.0" : "3.0.0"]]])
            }
            return ["dependencies": .object(JSONObject(members))]
        }
        let told = try report(tree(200), ["x": [hole]])
        #expect(paths(told).count == 50 && told["metadata"]?.object?["vulnerabilities"]?.object?["high"] == 50)
        let findings = told["advisories"]?.object?["GHSA-1"]?.object?["findings"]?.array
        #expect(findings?.count == 1 && findings?.first?.object?["paths"]?.array?.count == 50)
        let full = try AuditTree(#require(tree(AuditTree.maxPlaces).object))
        #expect(full.packages.count == AuditTree.maxPlaces)
        #expect(throws: SaveError.self) { try AuditTree(#require(tree(AuditTree.maxPlaces + 2).object)) }
    }
}

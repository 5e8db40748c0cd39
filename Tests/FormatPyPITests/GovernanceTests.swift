import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

@Suite struct GovernanceTests {
    private let format: PyPIFormat

    init() throws { format = try PyPIFormat(settings: [:]) }

    private func status(_ marker: String, _ reason: String? = nil) throws -> JSONObject {
        var status: JSONObject = ["status": .string(marker)]
        status["reason"] = reason.map(JSONValue.string)
        return try format.attributes([:], changedBy: ["project-status": .object(status)])
    }

    @Test func `R-74 a project has one of four statuses, with a reason on one line`() throws {
        for marker in ["active", "archived", "deprecated", "quarantined"] {
            #expect(ProjectStatus(try status(marker, "why"))?.marker.rawValue == marker)
            #expect(ProjectStatus(try status(marker, "why"))?.reason == "why")
        }
        #expect(try format.attributes(try status("archived"), changedBy: ["project-status": .null]).keys.isEmpty)
    }

    @Test(
        arguments: [
            ("project-status", "archived"), ("project-status", ["status": "gone"]), ("project-status", ["reason": "x"]),
            ("project-status", ["status": "archived", "reason": 1]), ("project-status", ["status": "archived", "since": "x"]),
            ("project-status", ["status": "archived", "reason": "a\r\nSet-Cookie: b"]), ("max-file-size", 0),
            ("max-file-size", "1"), ("max-file-size", .number(1.5)), ("core-metadata", true),
            ("release-max-file-sizes", 5), ("release-max-file-sizes", ["1.0": 0]), ("release-max-file-sizes", ["one": 5]),
            ("release-max-file-sizes", ["1.0": 5, "1": 6]),
        ] as [(String, JSONValue)])
    func `R-74 what is no attribute of a project is refused by its name`(_ key: String, _ value: JSONValue) {
        let error = #expect(throws: SaveError.self) { try format.attributes([:], changedBy: [key: value]) }
        #expect(error?.details["field"] == key)
    }

    @Test func `R-74 an archived or quarantined project takes no uploads`() async throws {
        let items = try await submission().items
        for marker in ["active", "deprecated"] { try format.checkUpload(items, to: try status(marker)) }
        for marker in ["archived", "quarantined"] {
            let error = #expect(throws: SaveError.self) { try format.checkUpload(items, to: try status(marker, "use other")) }
            #expect(error?.code == .blocked)
            #expect(
                error?.message == "the project is \(marker) (use other) and takes no uploads: ask an owner to change its status")
        }
    }

    @Test func `which Pythons a release is for can be set, and given back`() throws {
        let own: JSONObject = ["requires-python": ">=3.6", "has-provenance": true]
        let set = try format.fileAttributes(own, changedBy: ["requires-python": ">=3.9, !=3.10.*"])
        #expect(set["requires-python"] == ">=3.9, !=3.10.*")
        let any = try format.fileAttributes(set, changedBy: ["requires-python": ""])
        #expect(any["requires-python"] == nil)
        for changed in [set, any] {
            let back = try format.fileAttributes(changed, changedBy: ["requires-python": nil])
            #expect(Set(back.members) == Set(own.members))
        }
        #expect(
            try format.fileAttributes(
                format.fileAttributes([:], changedBy: ["requires-python": ">=3"]), changedBy: ["requires-python": nil]) == [:])
    }

    @Test(arguments: [
        ("requires-python", "\"3.9\""), ("requires-python", "\">=3.9\\n\""),
        ("requires-python", "[\"x\"]"),
        ("requires-python", "3"),
        ("core-metadata", "true"), ("Requires-Python", "\">=3\""),
    ])
    func `what is no attribute of a release is refused by its name`(key: String, text: String) throws {
        let change = JSONObject([(key, try JSONValue(parsing: Array(text.utf8)))])
        let error = #expect(throws: SaveError.self) { try format.fileAttributes([:], changedBy: change) }
        #expect(error?.details["field"] == key)
    }

    @Test func `R-74 only a quarantined project gives no files`() throws {
        for marker in ["active", "archived", "deprecated"] { try format.checkDownload(from: try status(marker)) }
        let error = #expect(throws: SaveError.self) { try format.checkDownload(from: try status("quarantined")) }
        #expect(error?.code == .blocked)
    }

    @Test func `a project's own limit is for its files, not for what describes them`() async throws {
        let items = try await submission().items
        let size = items[0].staged.size
        try format.checkUpload(items, to: try format.attributes([:], changedBy: ["max-file-size": .integer(size)]))
        let error = #expect(throws: SaveError.self) {
            try format.checkUpload(items, to: try format.attributes([:], changedBy: ["max-file-size": .integer(size - 1)]))
        }
        #expect(error?.code == .tooLarge)
    }

    @Test func `a release's own limit stands in place of the project's, however its version is spelled`() async throws {
        let items = try await submission().items
        let size = items[0].staged.size
        func limits(_ version: String, _ release: Int64, project: Int64) throws -> JSONObject {
            try format.attributes(
                [:],
                changedBy: [
                    "max-file-size": .integer(project), "release-max-file-sizes": .object(JSONObject(version, .integer(release))),
                ])
        }
        try format.checkUpload(items, to: try limits("v1", size, project: 1))
        try format.checkUpload(items, to: try limits("2.0", 1, project: size))
        let error = #expect(throws: SaveError.self) {
            try format.checkUpload(items, to: try limits("1.0.0", size - 1, project: size))
        }
        #expect(error?.code == .tooLarge)
        #expect(try limits("v1.0-rc.1", 5, project: 1)["release-max-file-sizes"] == ["1.0rc1": 5])
    }

    private func submission() async throws -> Submission {
        let wheel = FixtureWheel(name: "foo", version: "1.0")
        return try await FixtureForm("foo", "1.0", filename: wheel.filename, contents: wheel.bytes).submit()
    }
}

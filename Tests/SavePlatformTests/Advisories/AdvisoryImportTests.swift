import FormatPyPI
import Foundation
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveSQLite
import SaveTestKit
import Testing

@testable import SaveAdvisories

/// Records come in, through both stores.
@Suite struct AdvisoryImportTests {
    private static let foo = PackageID(normalized: "foo")
    private let folder: TemporaryFolder
    private let formats: FormatRegistry

    init() throws {
        folder = try TemporaryFolder()
        var formats = FormatRegistry()
        try formats.register(PyPIFormat.self)
        self.formats = formats
    }

    private func database(_ store: any AdvisoryStoring) -> AdvisoryDatabase {
        AdvisoryDatabase(store: store, formats: formats, pool: BlockingPool(name: "advisories", threads: 2), clock: .system)
    }

    private var stores: [any AdvisoryStoring] { [InMemoryAdvisoryStore(), AdvisoryFile(folder: folder.path + "/advisories")] }

    private func record(
        _ id: String, _ name: String = "Foo", modified: String = "2026-01-01T00:00:00Z", aliases: [String] = [],
        fixed: String = "2",
        ecosystem: String = "PyPI"
    ) -> [UInt8] {
        let events: JSONValue = [["introduced": "0"], ["fixed": .string(fixed)]]
        let value: JSONValue = [
            "id": .string(id), "modified": .string(modified), "aliases": .array(aliases.map(JSONValue.string)),
            "summary": "It breaks",
            "affected": [
                [
                    "package": ["ecosystem": .string(ecosystem), "name": .string(name)],
                    "ranges": [["type": "ECOSYSTEM", "events": events]],
                ]
            ],
        ]
        return value.bytes
    }

    private func file(_ bytes: [UInt8]) throws -> AdvisoryImport.File {
        let path = folder.path + "/file-\(UUID().uuidString)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        return AdvisoryImport.File(name: "all.zip", file: OpenFile(adopting: descriptor, size: Int64(bytes.count)))
    }

    private func archive(_ records: [[UInt8]]) throws -> AdvisoryImport.File {
        try file(FixtureZip(records.enumerated().map { FixtureZip.Entry("\($0.offset).json", $0.element) }).bytes)
    }

    private func affecting(_ version: String, _ database: AdvisoryDatabase) async throws -> [String] {
        let question = try #require(try await database.question("foo", in: "PyPI", version: version))
        return try await database.advisories(about: question).map(\.id)
    }

    @Test func `what comes in is found at once by package, id and alias, in any spelling`() async throws {
        for store in stores {
            let database = database(store)
            #expect(try await affecting("1", database) == [])
            let report = try await AdvisoryImport(into: database).run([
                archive([
                    record("GHSA-1", aliases: ["CVE-1"]), record("PYSEC-1", "f.o_o", aliases: ["CVE-1"]),
                    record("X-1", "foo", fixed: "1"),
                ])
            ])
            #expect(report.changes == AdvisoryChanges(added: 3) && report.refused == 0 && report.ecosystems == ["PyPI": 3])
            #expect(try await affecting("1.0.0", database) == ["GHSA-1"])
            #expect(try await affecting("0.5", database) == ["GHSA-1", "X-1"])
            #expect(try await database.advisory(named: "cve-1")?.advisory.id == "GHSA-1")
            #expect(try await database.document("pysec-1") != nil)
            #expect(try await database.status().records == 3 && database.generation > 0)
        }
    }

    @Test func `a record is replaced by one that was modified later, and by no other`() async throws {
        for store in stores {
            let database = database(store)
            let importing = AdvisoryImport(into: database)
            _ = try await importing.run([archive([record("A-1"), record("A-2", fixed: "9")])])
            let again = try await importing.run([
                archive([
                    record("A-1", modified: "2026-02-01T00:00:00Z", aliases: ["B-1"], fixed: "3"),
                    record("A-2", modified: "2025-01-01T00:00:00Z"),
                ]),
                file(record("A-3", fixed: "1")),
            ])
            #expect(again.changes == AdvisoryChanges(added: 1, updated: 1, unchanged: 1))
            #expect(try await affecting("2.5", database) == ["A-1", "A-2"])
            #expect(try await database.advisory(named: "B-1")?.advisory.id == "A-1")
            _ = try await importing.run([archive([record("A-9")])], replacing: true)
            #expect(try await affecting("1", database) == ["A-9"])
            #expect(try await database.status().records == 1)
        }
    }

    @Test func `what is no record is left out and counted, with the reason`() async throws {
        let database = database(InMemoryAdvisoryStore())
        let twice = Array(#"{"id":"A-2","id":"A-3","modified":"2026-01-01T00:00:00Z"}"#.utf8)
        let report = try await AdvisoryImport(into: database).run([
            archive([
                record("A-1"), Array("no JSON".utf8), Array(#"{"id":"A-2"}"#.utf8),
                Array(#"{"id":"../x","modified":"2026-01-01T00:00:00Z"}"#.utf8),
                twice, Array(#"{"id":"A-4","modified":"yesterday"}"#.utf8), record("A-5", ecosystem: "crates.io"),
                Array(String(repeating: "[", count: 10_000).utf8),
            ])
        ])
        #expect(report.changes.added == 1 && report.refused == 6 && report.foreign == 1 && report.reasons.count == 6)
        #expect(report.reasons.allSatisfy { $0.contains(".json: ") })
    }

    @Test func `a damaged archive, and one about other ecosystems alone, changes nothing and says why`() async throws {
        for store in stores {
            let database = database(store)
            let importing = AdvisoryImport(into: database)
            _ = try await importing.run([archive([record("A-1")])])
            let whole = FixtureZip([FixtureZip.Entry("1.json", record("B-1")), FixtureZip.Entry("2.json", record("B-2"))]).bytes
            let files = [
                try file(Array(whole.dropLast(30))), try file(Array("PK".utf8)), try file([]), try file(Array("<html>".utf8)),
                try archive([record("C-1", ecosystem: "crates.io")]), try archive([]),
            ]
            for file in files {
                await #expect(throws: SaveError.self) { try await importing.run([file]) }
            }
            let refused = try #require(await #expect(throws: SaveError.self) { try await importing.run([files[4]]) })
            #expect(refused.code == .invalidRequest && refused.message.contains("other ecosystems than PyPI"))
            #expect(try await affecting("1", database) == ["A-1"])
            #expect(try await database.status().records == 1)
        }
    }

    @Test func `nothing comes in where the change is not confirmed, and of two imports one waits`() async throws {
        let store = AdvisoryFile(folder: folder.path + "/advisories")
        let database = database(store)
        let importing = AdvisoryImport(into: database)
        await #expect(throws: SaveError.self) {
            try await importing.run(
                [archive([record("A-1")])], confirm: { _ in throw SaveError(.storageUnavailable, "no trail") })
        }
        #expect(try await database.status().records == 0)
        let other = try store.begin(empty: true)
        let busy = try #require(await #expect(throws: SaveError.self) { try await importing.run([archive([record("A-1")])]) })
        #expect(busy.code == .conflict)
        other.abandon()
        _ = other
    }

    @Test func `another process's import is noticed`() async throws {
        let path = folder.path + "/advisories"
        let database = database(AdvisoryFile(folder: path))
        #expect(try await affecting("1", database) == [])
        _ = try await AdvisoryImport(into: self.database(AdvisoryFile(folder: path))).run([archive([record("A-1")])])
        #expect(try await affecting("1", database) == ["A-1"])
    }
}

import FormatNpm
import FormatPyPI
import Foundation
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveSQLite
import SaveTestKit
import Synchronization
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

    @Test func `what an evaluation could not read is refused, and not counted as added`() async throws {
        let text = String(decoding: record("A-1"), as: UTF8.self)
        let changes = [
            (#""summary":"It breaks""#, #""summary":"a","summary":"b""#),
            (#""type":"ECOSYSTEM""#, #""type":"GIT","type":"ECOSYSTEM""#),
            (#""introduced":"0""#, #""introduced":"9","introduced":"0""#), (#""name":"Foo""#, #""name":"other","name":"Foo""#),
            (#""summary":"It breaks""#, #""database_specific":{"score":1e999}"#),
        ]
        for (part, other) in changes {
            let database = database(InMemoryAdvisoryStore())
            let spoilt = text.replacing(part, with: other)
            #expect(spoilt != text)
            let report = try await AdvisoryImport(into: database).run([archive([Array(spoilt.utf8), record("A-2")])])
            #expect(report.refused == 1 && report.changes.added == 1, "\(other)")
            #expect(try await affecting("1", database).count == report.changes.added, "\(other)")
        }
    }

    @Test func `records that cannot be read are not lost by adding others to them`() async throws {
        let store = AdvisoryFile(folder: folder.path + "/advisories")
        let path = folder.path + "/advisories/advisories.db"
        _ = try await AdvisoryImport(into: database(store)).run([archive([record("A-1")])])
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        // The number by which a file of another layout is told.
        var other = whole
        other.replaceSubrange(60..<64, with: [0, 0, 0, 99])
        for damaged in [other, Data("no database".utf8), Data()] {
            try damaged.write(to: URL(fileURLWithPath: path))
            let failure = try #require(
                await #expect(throws: SaveError.self) {
                    try await AdvisoryImport(into: database(store)).run([archive([record("A-2")])])
                })
            #expect(failure.code == .storageUnavailable && failure.message.contains("--replace"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == damaged)
        }
        try whole.write(to: URL(fileURLWithPath: path))
        _ = try await AdvisoryImport(into: database(store)).run([archive([record("A-2")])])
        #expect(try await affecting("1", database(store)) == ["A-1", "A-2"])
        try Data("no database".utf8).write(to: URL(fileURLWithPath: path))
        _ = try await AdvisoryImport(into: database(store)).run([archive([record("A-3")])], replacing: true)
        #expect(try await affecting("1", database(store)) == ["A-3"])
    }

    @Test func `a place that cannot be looked at is an error, and no answer that nothing is known`() async throws {
        let database = database(AdvisoryFile(folder: folder.path + "/advisories"))
        #expect(try await affecting("1", database) == [])
        // Too many levels of links: a failure that a superuser meets as well.
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/advisories", withDestinationPath: "advisories")
        let failure = try #require(await #expect(throws: SaveError.self) { try await affecting("1", database) })
        #expect(failure.code == .storageUnavailable)
        await #expect(throws: SaveError.self) { try await database.status() }
        await #expect(throws: SaveError.self) { try await database.advisory(named: "A-1") }
    }

    @Test func `packages of a format that an earlier import was without come in later`() async throws {
        var further = formats
        try further.register(NpmFormat.self)
        let both = String(decoding: record("A-1"), as: UTF8.self).replacing(
            #""affected":["#, with: #""affected":[{"package":{"ecosystem":"npm","name":"bar"},"versions":["1.0.0"]},"#)
        for store in stores {
            let before = database(store)
            _ = try await AdvisoryImport(into: before).run([file(Array(both.utf8))])
            let after = AdvisoryDatabase(
                store: store, formats: further, pool: BlockingPool(name: "advisories", threads: 2), clock: .system)
            let question = try #require(try await after.question("bar", in: "npm", version: "1.0.0"))
            #expect(try await after.advisories(about: question) == [])
            let again = try await AdvisoryImport(into: after).run([file(Array(both.utf8))])
            #expect(again.changes == AdvisoryChanges(updated: 1))
            #expect(try await after.advisories(about: question).map(\.id) == ["A-1"])
            // An import without the format takes nothing away.
            #expect(try await AdvisoryImport(into: before).run([file(Array(both.utf8))]).changes == AdvisoryChanges(unchanged: 1))
            #expect(try await AdvisoryImport(into: after).run([file(Array(both.utf8))]).changes == AdvisoryChanges(unchanged: 1))
            #expect(try await after.advisories(about: question).map(\.id) == ["A-1"])
            #expect(try await affecting("1", after) == ["A-1"])
        }
    }

    @Test func `an audit is told of each advisory by the records that affect a version`() async throws {
        for store in stores {
            let database = database(store)
            _ = try await AdvisoryImport(into: database).run([
                archive([
                    record("GHSA-1", aliases: ["CVE-1"], fixed: "1"), record("PYSEC-1", aliases: ["CVE-1"], fixed: "3"),
                    record("X-1", fixed: "2"),
                ])
            ])
            func told(_ versions: Set<String>) async throws -> [String: Int] {
                let notices = try await database.notices(of: "FOO", versions: versions, in: "PyPI")
                return Dictionary(
                    uniqueKeysWithValues: notices.map { ($0["id"]?.string ?? "", $0["affected"]?.array?.count ?? 0) })
            }
            // The record that would give the advisory its id does not affect this version.
            #expect(try await told(["2"]) == ["PYSEC-1": 1])
            #expect(try await told(["1.5", "9"]) == ["PYSEC-1": 1, "X-1": 1])
            #expect(try await told(["2", "0.5"]) == ["GHSA-1": 2, "X-1": 1])
            #expect(try await told(["3"]) == [:])
            #expect(try await told([]) == [:])
            let cancelled = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await told(["2"])
            }
            await #expect(throws: CancellationError.self) { try await cancelled.value }
        }
    }

    @Test func `of one package a bounded number of records counts, and what is left out is logged`() async throws {
        for store in stores {
            let lines = Mutex<[String]>([])
            let log = Log(level: .warning) { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
            let database = AdvisoryDatabase(
                store: store, formats: formats, pool: BlockingPool(name: "advisories", threads: 2), clock: .system,
                maxRecords: 3, log: log)
            _ = try await AdvisoryImport(into: database).run([archive((1...3).map { record("A-\($0)") })])
            #expect(try await affecting("1", database).count == 3)
            log.flush()
            #expect(lines.withLock { $0.isEmpty })
            _ = try await AdvisoryImport(into: database).run([file(record("A-4"))])
            #expect(try await affecting("1", database) == ["A-1", "A-2", "A-3"])
            log.flush()
            #expect(lines.withLock { $0.count == 1 && $0[0].contains("foo") })
        }
    }

    @Test func `a thousand fixed versions of a record are told, each once`() throws {
        let fixes = (0..<3000).map { "{\"fixed\":\"1.\($0 / 2)\"}" }.joined(separator: ",")
        let text = String(decoding: record("A-1"), as: UTF8.self).replacing(#"{"fixed":"2"}"#, with: fixes)
        let record = try #require(OSVRecord(Array(text.utf8)))
        #expect(record.advisory(for: record.affected).fixedVersions == (0..<1000).map { "1.\($0)" })
    }
}

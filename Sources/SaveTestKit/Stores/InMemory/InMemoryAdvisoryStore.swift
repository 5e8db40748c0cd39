internal import Foundation
package import SaveAdvisories
internal import SavePlatform
internal import Synchronization

/// Records of advisories in memory.
package final class InMemoryAdvisoryStore: AdvisoryStoring {
    private let content = Mutex<(version: Int64, snapshot: Snapshot)?>(nil)

    package init() {}

    package var identity: AdvisoryStoreIdentity? { content.withLock { $0.map { AdvisoryStoreIdentity([$0.version]) } } }
    package func open() throws -> (any AdvisoryReading)? { content.withLock { $0?.snapshot } }
    package func begin(empty isEmpty: Bool) throws -> any AdvisoryWriting {
        let snapshot = isEmpty ? nil : content.withLock { $0?.snapshot }
        return Writer(of: self, snapshot?.records ?? [:], notes: snapshot?.notes ?? [:])
    }

    package func spool() throws -> any AdvisorySpool {
        guard let file = tmpfile() else { throw SaveError(.storageUnavailable, "there is no temporary file") }
        defer { fclose(file) }
        return Spool(descriptor: OpenFile(adopting: dup(fileno(file)), size: 0))
    }

    fileprivate func install(_ records: [String: AdvisoryRecord], at time: Timestamp, noting notes: [String: String]) {
        content.withLock { $0 = (($0?.version ?? 0) + 1, Snapshot(records: records, imported: time, notes: notes)) }
    }

    private struct Snapshot: AdvisoryReading {
        let records: [String: AdvisoryRecord]
        let imported: Timestamp
        let notes: [String: String]

        private var sorted: [AdvisoryRecord] { records.values.sorted { $0.id < $1.id } }

        func documents(of package: PackageID, in ecosystem: String, limit: Int) throws -> [[UInt8]] {
            sorted.filter { $0.packages.contains(.init(ecosystem: ecosystem, id: package)) }.prefix(limit).map(\.document)
        }

        func documents(named name: String) throws -> [[UInt8]] {
            let name = ASCII.lowercased(name)
            let found = sorted.filter { $0.names.contains(name) }
            return (found.filter { ASCII.lowercased($0.id) == name } + found.filter { ASCII.lowercased($0.id) != name }).map(
                \.document)
        }

        func status() throws -> AdvisoryStatus {
            var status = AdvisoryStatus()
            status.records = records.count
            status.newest = records.values.map(\.modified).max()
            status.imported = imported
            status.notes = notes
            let names = Set(records.values.flatMap { $0.packages.map(\.ecosystem) }).sorted()
            status.ecosystems = names.map { name in
                let of = records.values.filter { $0.packages.contains { $0.ecosystem == name } }
                return AdvisoryStatus.Ecosystem(name: name, records: of.count, newest: of.map(\.modified).max())
            }
            return status
        }
    }

    private final class Writer: AdvisoryWriting {
        private let store: InMemoryAdvisoryStore
        private let records: Mutex<[String: AdvisoryRecord]>
        private let notes: [String: String]

        init(of store: InMemoryAdvisoryStore, _ records: [String: AdvisoryRecord], notes: [String: String]) {
            self.store = store
            self.notes = notes
            self.records = Mutex(records)
        }

        func add(_ further: [AdvisoryRecord]) throws -> AdvisoryChanges {
            records.withLock { records in
                var changes = AdvisoryChanges()
                for record in further {
                    let known = records[record.id]
                    if let known, known.modified >= record.modified {
                        let missing = record.packages.filter { !known.packages.contains($0) }
                        guard known.modified == record.modified, !missing.isEmpty else {
                            changes.unchanged += 1
                            continue
                        }
                        changes.updated += 1
                        records[record.id] = AdvisoryRecord(
                            id: known.id, modified: known.modified, names: known.names, packages: known.packages + missing,
                            document: known.document)
                        continue
                    }
                    records[record.id] = record
                    if known == nil { changes.added += 1 } else { changes.updated += 1 }
                }
                return changes
            }
        }

        func commit(at time: Timestamp, noting further: [String: String]) throws {
            store.install(records.withLock { $0 }, at: time, noting: notes.merging(further) { $1 })
        }
        func abandon() {}
    }

    private struct Spool: AdvisorySpool {
        let descriptor: OpenFile

        func append(_ bytes: [UInt8]) throws {
            guard bytes.withUnsafeBytes({ write(descriptor.descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
                throw SaveError(.storageUnavailable, "the temporary file cannot be written")
            }
        }

        func file() throws -> OpenFile {
            OpenFile(adopting: dup(descriptor.descriptor), size: Int64(lseek(descriptor.descriptor, 0, SEEK_END)))
        }
    }
}

internal import SaveAccess
internal import SaveArchive
internal import SaveHTTP
package import SavePlatform
package import SaveStorage

/// Takes in records of the OSV schema: from archives as databases publish them (`all.zip`, a file of JSON for each record), and from
/// single records. All files of one import come in together or not at all.
package struct AdvisoryImport {
    /// What became of the records.
    package struct Report: Sendable, Equatable {
        package var changes = AdvisoryChanges()
        /// About no ecosystem that a format of this server has.
        package var foreign = 0
        package var refused = 0
        /// Why, of the first that were refused, a line each.
        package var reasons: [String] = []
        /// How many records are about each ecosystem of this server.
        package var ecosystems: [String: Int] = [:]

        /// Records that were taken, changed or not.
        package var taken: Int { changes.added + changes.updated + changes.unchanged }

        package var text: String {
            "\(changes.added) added, \(changes.updated) updated, \(changes.unchanged) unchanged, "
                + "\(foreign) of other ecosystems, \(refused) refused"
        }

        /// As the schema `AdvisoryImport` has it.
        package var json: JSONObject {
            [
                "added": .integer(Int64(changes.added)), "updated": .integer(Int64(changes.updated)),
                "unchanged": .integer(Int64(changes.unchanged)), "other_ecosystems": .integer(Int64(foreign)),
                "refused": .integer(Int64(refused)), "reasons": .array(reasons.map(JSONValue.string)),
            ]
        }

        /// Its numbers, for the audit trail.
        package var counts: JSONObject {
            JSONObject(json.members.filter { $0.value.integer != nil }.map { ($0.key, $0.value) })
        }

        mutating func refuse(_ name: String, _ reason: String) {
            refused += 1
            if reasons.count < 20 { reasons.append("\(name): \(reason)") }
        }
    }

    /// A file to take in.
    package struct File: Sendable {
        package let name: String
        package let file: OpenFile

        package init(name: String, file: OpenFile) {
            self.name = name
            self.file = file
        }
    }

    private let database: AdvisoryDatabase

    package init(into database: AdvisoryDatabase) { self.database = database }

    /// Bytes of one record. The largest that are published have less than one million.
    static let maxRecordBytes = 8 << 20
    private static let batch = 500

    /// - Parameters:
    ///   - replacing: whether records that are in none of the files are forgotten.
    ///   - notes: what is kept with the records of where they came from.
    ///   - onProgress: called after every few hundred records.
    ///   - confirm: called with what comes in before it counts; nothing comes in where it throws.
    /// - Throws: `invalidRequest` for a file that is damaged, or where no record could be taken; `conflict` while another import runs,
    ///   `storageFull`, `storageUnavailable`. Then everything is as before.
    package func run(
        _ files: [File], replacing: Bool = false, noting notes: [String: String] = [:],
        onProgress: @escaping @Sendable (MaintenanceProgress) -> Void = { _ in },
        confirm: (Report) async throws -> Void = { _ in }
    ) async throws -> Report {
        let database = database
        let names = try await PackageNames(of: database)
        let writing = try await database.pool.run(lasting: .long) { try database.store.begin(empty: replacing) }
        do {
            var report = Report()
            var progress = MaintenanceProgress(totalBlobs: nil, totalBytes: files.reduce(0) { $0 + $1.file.size })
            for file in files {
                try await add(file, to: writing, names, &report, &progress, onProgress)
            }
            guard report.taken > 0 else { throw Self.nothingTaken(report, names.ecosystems) }
            try await confirm(report)
            let now = database.clock.now()
            try await database.pool.run(lasting: .long) { try writing.commit(at: now, noting: notes) }
            await database.look()
            return report
        } catch {
            try? await database.pool.run(lasting: .long) { writing.abandon() }
            throw error
        }
    }

    private func add(
        _ file: File, to writing: any AdvisoryWriting, _ names: PackageNames, _ report: inout Report,
        _ progress: inout MaintenanceProgress, _ onProgress: @Sendable (MaintenanceProgress) -> Void
    ) async throws {
        let pool = database.pool
        let reader = try await pool.run(lasting: .long) { try RecordReader(file) }
        let before = progress.bytes
        let count = Int64(reader.count)
        var done: Int64 = 0
        // The next records are read while those before them are written.
        var next = try await pool.run(lasting: .long) { try reader.next(Self.batch) }
        while let batch = next {
            try Task.checkCancellation()
            async let following = pool.run(lasting: .long) { try reader.next(Self.batch) }
            for (name, reason) in batch.refused { report.refuse(name, reason) }
            let records = try await names.records(of: batch.read)
            report.foreign += batch.read.count - records.count
            for name in records.flatMap({ Set($0.packages.map(\.ecosystem)) }) { report.ecosystems[name, default: 0] += 1 }
            if !records.isEmpty {
                let changes = try await pool.run(lasting: .long) { try writing.add(records) }
                report.changes.added += changes.added
                report.changes.updated += changes.updated
                report.changes.unchanged += changes.unchanged
            }
            next = try await following
            done += Int64(batch.read.count + batch.refused.count)
            progress.blobs += Int64(batch.read.count + batch.refused.count)
            progress.bytes =
                before + (count > 0 ? Int64(Double(file.file.size) * Double(min(done, count)) / Double(count)) : file.file.size)
            onProgress(progress)
        }
    }

    private static func nothingTaken(_ report: Report, _ ecosystems: [String]) -> SaveError {
        let reason = report.reasons.first.map { "; the first reason is: \($0)" } ?? ""
        return SaveError(
            .invalidRequest,
            "no record was taken: \(report.foreign) are about other ecosystems than \(ecosystems.joined(separator: ", ")), "
                + "\(report.refused) were refused\(reason)")
    }
}

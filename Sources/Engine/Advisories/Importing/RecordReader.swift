internal import SaveArchive
internal import SavePlatform
internal import Synchronization

/// Reads the records of one file, some at a time.
final class RecordReader: Sendable {
    struct Record: Sendable {
        let facts: OSVFacts
        let document: [UInt8]
    }

    struct Batch: Sendable {
        var read: [Record] = []
        /// What is no record, and why.
        var refused: [(name: String, reason: String)] = []
    }

    private enum Source {
        case archive(ZipEntries)
        case record(name: String, [UInt8])
        case end
    }

    /// Entries in all, directories with them.
    let count: Int
    private let name: String
    private let source: Mutex<Source>

    /// Bytes of records that are in memory at once, but for the last of them.
    private static let maxBatchBytes = 16 << 20

    /// Far above what any database has.
    private static var limits: ArchiveLimits {
        var limits = ArchiveLimits()
        limits.entries = 5_000_000
        limits.unpacked = 64 << 30
        limits.names = 512 << 20
        return limits
    }

    /// - Throws: `invalidRequest` for what is neither an archive nor a record. Blocks.
    init(_ file: AdvisoryImport.File) throws {
        name = file.name
        let open = file.file
        let start = try open.read(at: 0, count: 4)
        if start.starts(with: "PK".utf8) {
            let entries = try Self.naming(file.name) {
                try ZipEntries(ArchiveSource(size: open.size) { try open.read(at: $0, count: $1) }, limits: Self.limits)
            }
            count = entries.count
            source = Mutex(.archive(entries))
            return
        }
        guard let first = start.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") else {
            throw SaveError(
                .invalidRequest,
                "\(file.name) is neither a zip archive of OSV records nor a single one: give the all.zip of an ecosystem")
        }
        guard open.size <= Int64(AdvisoryImport.maxRecordBytes) else {
            throw SaveError(
                .invalidRequest, "\(file.name) is larger than a record may be, \(AdvisoryImport.maxRecordBytes) bytes")
        }
        count = 1
        source = Mutex(.record(name: file.name, try open.read(at: 0, count: Int(open.size))))
    }

    /// The next records; nil behind the last one. Blocks.
    ///
    /// - Throws: `invalidRequest` for an archive that is damaged.
    func next(_ most: Int) throws -> Batch? {
        try source.withLock { source in
            var batch = Batch()
            switch source {
            case .end: return nil
            case .record(let name, let bytes):
                Self.read(bytes, named: name, into: &batch)
                source = .end
            case .archive(var entries):
                // Taken out, so that it is changed in place.
                source = .end
                var bytes = 0
                try Self.naming(name) {
                    while batch.read.count + batch.refused.count < most, bytes < Self.maxBatchBytes,
                        let entry = try entries.next(limit: AdvisoryImport.maxRecordBytes)
                    {
                        switch entry {
                        case .file(let name, let contents):
                            bytes += contents.count
                            Self.read(contents, named: name, into: &batch)
                        case .refused(let name, let reason): batch.refused.append((name, reason))
                        case .directory: break
                        }
                    }
                }
                if batch.read.isEmpty && batch.refused.isEmpty { return nil }
                source = .archive(entries)
            }
            return batch
        }
    }

    private static func read(_ bytes: [UInt8], named name: String, into batch: inout Batch) {
        do {
            batch.read.append(Record(facts: try OSVFacts(bytes), document: bytes))
        } catch {
            batch.refused.append((name, error.reason))
        }
    }

    private static func naming<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ArchiveError {
            throw SaveError(.invalidRequest, "\(name) is no archive of records: \(error.reason)", underlying: error)
        }
    }
}

package import SaveAccess
internal import SaveCaching
package import SaveHTTP
package import SavePlatform
internal import Synchronization

/// The advisories of a server: reads what is about a package once, and keeps it until other records come in, by this process or another one.
package final class AdvisoryDatabase: AdvisoryLookup {
    private struct Key: Hashable, Sendable {
        let package: PackageID
        let ecosystem: String
        let generation: UInt64
    }

    private struct State {
        var identity: AdvisoryStoreIdentity?
        var reader: (any AdvisoryReading)?
        var generation: UInt64 = 0
        /// The generation that the observer was told of.
        var told: UInt64 = 0
    }

    let store: any AdvisoryStoring
    let formats: FormatRegistry
    let pool: BlockingPool
    let clock: PlatformClock
    /// Records of one package that count. The most that any has is some thousand.
    private let maxRecords: Int
    private let log: Log?
    private let state = Mutex(State())
    /// By what a package's ranges and versions take.
    private let cache = BoundedCache<Key, PackageAdvisories>(limit: 500_000)
    /// Formats without settings, by their ecosystems.
    private let formatsByEcosystem = Mutex<[String: IsolatedFormat<any PackageVersioning>]>([:])
    private let observer = Mutex<@Sendable () async -> Void>({})

    package init(
        store: any AdvisoryStoring, formats: FormatRegistry, pool: BlockingPool, clock: PlatformClock, maxRecords: Int = 10_000,
        log: Log? = nil
    ) {
        self.store = store
        self.formats = formats
        self.pool = pool
        self.clock = clock
        self.maxRecords = maxRecords
        self.log = log
    }

    package var generation: UInt64 { state.withLock { $0.generation } }

    /// What to do when other records have come in.
    package func onChange(_ body: @escaping @Sendable () async -> Void) { observer.withLock { $0 = body } }

    /// Looks whether other records have come in, which another process may have brought.
    package func look() async {
        guard (try? await pool.run({ [self] in try current() })) != nil else { return }
        // A look-up may have found them before.
        let isNew = state.withLock { state in
            defer { state.told = state.generation }
            return state.told != state.generation
        }
        if isNew { await observer.withLock { $0 }() }
    }

    /// Looks every few seconds, until it is cancelled.
    package func watch() async {
        while !Task.isCancelled {
            await look()
            try? await Task.sleep(for: .seconds(5))
        }
    }

    package func advisories(of package: PackageID, in ecosystem: String) async throws -> PackageAdvisories {
        let (records, generation) = try await pool.run { [self] in
            let (reader, generation) = try current()
            if let known = cache[Key(package: package, ecosystem: ecosystem, generation: generation)] {
                return (Known.made(known), generation)
            }
            return (Known.documents(try documents(of: package, in: ecosystem, reader)), generation)
        }
        switch records {
        case .made(let advisories): return advisories
        case .documents(let documents):
            let made = try await made(of: documents, package, in: ecosystem)
            let cost = documents.reduce(1) { $0 + $1.count / 64 }
            cache.insert(made, for: Key(package: package, ecosystem: ecosystem, generation: generation), cost: cost)
            return made
        }
    }

    /// The records about a package, as they were imported, in the order of their ids. Blocks.
    private func documents(
        of package: PackageID, in ecosystem: String, _ reader: (any AdvisoryReading)?
    ) throws -> ArraySlice<[UInt8]> {
        let documents = try reader?.documents(of: package, in: ecosystem, limit: maxRecords + 1) ?? []
        if documents.count > maxRecords {
            log?(.warning, "of the advisories' records about \(package.name) in \(ecosystem) only the first \(maxRecords) count")
        }
        return documents.prefix(maxRecords)
    }

    /// Records about a package by their ids.
    func records(_ ids: Set<String>, of package: PackageID, in ecosystem: String) async throws -> [String: OSVRecord] {
        try await pool.run(lasting: .long) { [self] in
            var records: [String: OSVRecord] = [:]
            for document in try documents(of: package, in: ecosystem, current().reader) {
                guard let record = OSVRecord(document), ids.contains(record.id) else { continue }
                records[record.id] = record
            }
            return records
        }
    }

    /// The records of a name as they were imported: that of the id, and those that call it an alias.
    package func documents(named name: String) async throws -> [[UInt8]] {
        try await pool.run { [self] in try current().reader?.documents(named: name) ?? [] }
    }

    /// Bytes of an archive that a client sends.
    static let maxUploadBytes: Int64 = 8 << 30

    /// Keeps a body as a file, for an import.
    ///
    /// - Throws: `tooLarge`, `storageFull`, `storageUnavailable`, and what the body throws.
    package func receive(_ body: ByteStream) async throws -> OpenFile {
        let tooLarge = SaveError(.tooLarge, "the body is larger than \(Self.maxUploadBytes) bytes: import it in parts")
        guard (body.length ?? 0) <= Self.maxUploadBytes else { throw tooLarge }
        let store = store
        let spool = try await pool.run { try store.spool() }
        var count: Int64 = 0
        for try await bytes in body {
            count += Int64(bytes.count)
            guard count <= Self.maxUploadBytes else { throw tooLarge }
            try await pool.run { try spool.append(bytes) }
        }
        return try await pool.run { try spool.file() }
    }

    package func status() async throws -> AdvisoryStatus {
        try await pool.run { [self] in try current().reader?.status() ?? AdvisoryStatus() }
    }

    private enum Known: Sendable {
        case made(PackageAdvisories)
        case documents(ArraySlice<[UInt8]>)
    }

    /// What is there now. Blocks.
    private func current() throws -> (reader: (any AdvisoryReading)?, generation: UInt64) {
        let identity = try store.identity
        if let known = state.withLock({ $0.identity == identity ? ($0.reader, $0.generation) : nil }) { return known }
        let reader = try store.open()
        return state.withLock { state in
            if state.identity != identity {
                state.identity = identity
                state.reader = reader
                state.generation += 1
            }
            return (state.reader, state.generation)
        }
    }

    private func made(of documents: ArraySlice<[UInt8]>, _ package: PackageID, in ecosystem: String) async throws
        -> PackageAdvisories
    {
        guard !documents.isEmpty, let format = try await format(of: ecosystem) else { return PackageAdvisories([]) }
        return try await format.ask(on: pool, lasting: .reading(documents.reduce(0) { $0 + $1.count })) { format in
            var keys = VersionKeys(format)
            return PackageAdvisories(
                documents.compactMap(OSVRecord.init).compactMap { record in
                    let affected = record.affected.filter {
                        ASCII.isEqual($0.ecosystem, ecosystem) && format.package(named: $0.name) == package
                    }
                    guard !affected.isEmpty else { return nil }
                    return PackageAdvisories.Entry(
                        record.advisory(for: affected),
                        affecting: affected.map {
                            AffectedVersions(versions: $0.versions, ranges: $0.ranges) { keys.key(of: $0) }
                        })
                })
        }
    }

    /// The ecosystem of a format's packages, by the format's id; nil for one without.
    package func ecosystem(of format: String) -> String? { formats.ecosystem(of: format)?.name }

    /// The format of an ecosystem's packages; nil where this server has none.
    package func format(of ecosystem: String) async throws -> IsolatedFormat<any PackageVersioning>? {
        if let known = formatsByEcosystem.withLock({ $0[ecosystem] }) { return known }
        guard let entry = formats.entry(where: { ASCII.isEqual($0.name, ecosystem) }) else { return nil }
        let format = try await formats.make(entry.descriptor.id, settings: [:]).cast { $0 as? any PackageVersioning }
        formatsByEcosystem.withLock { $0[ecosystem] = format }
        return format
    }
}

/// The keys of versions, each made once: the records of a package name the same versions over and over.
private struct VersionKeys {
    private let format: any PackageVersioning
    private var known: [String: [UInt8]?] = [:]

    init(_ format: any PackageVersioning) { self.format = format }

    mutating func key(of version: String) -> [UInt8]? {
        if let known = known[version] { return known }
        let key = format.sortKey(of: version)
        known[version] = .some(key)
        return key
    }
}

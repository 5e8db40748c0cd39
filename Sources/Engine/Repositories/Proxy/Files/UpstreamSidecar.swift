internal import SaveCaching
internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Brings a sidecar into the cache of a proxy: as the upstream has it, else read out of the file it belongs to.
struct UpstreamSidecar: Sendable {
    private let context: UpstreamContext
    private var cache: ProxyCache { ProxyCache(context) }
    private let format: IsolatedFormat<any EmbeddedMetadata>
    private var memory: UpstreamMemory { context.memory }

    /// For how long a client is kept waiting. Installers give up after 15 seconds without a byte; told in time, they ask again.
    private static let patience: Duration = .seconds(10)
    /// Seconds for which a host that sent a whole file for a part is not asked for parts.
    private static let wholeOnlySeconds: Int64 = 3600

    init(_ context: UpstreamContext, _ format: IsolatedFormat<any EmbeddedMetadata>) {
        self.context = context
        self.format = format
    }

    /// The sidecar, from the cache. Other callers that ask for it meanwhile wait for the same work.
    ///
    /// - Throws: `SourceMiss` where the upstream has neither sidecar nor file; `upstreamInvalid` for a file without one, or
    ///   one that is not what the index says; `upstreamUnavailable` while it cannot be had.
    func content(of sidecar: AssetRecord) async throws -> AssetContent {
        let key = FillRegistry.Key(upstream: context.upstream, path: sidecar.path)
        if let lost = memory.lostSidecars[key], lost.until > context.clock.uptime() { throw lost.error }
        do {
            try await memory.sidecars.run(key) {
                do {
                    // Somebody may have come first, before this flight began.
                    if try await cache.stored(sidecar.path, sidecar.package) != nil { return }
                    let late = SaveError(.upstreamUnavailable, "'\(sidecar.path.filename)' takes long to come; ask again")
                    try await withTimeout(Self.patience, throwing: late) { try await bring(sidecar) }
                    memory.lostSidecars.remove(key)
                } catch {
                    if Self.isLasting(error) { lose(sidecar, error) }
                    throw error
                }
            }
        } catch let error as SaveError where FillWriter.isOfTheDisk(error) {
            return try await passing(sidecar, because: error)
        }
        guard let stored = try await cache.stored(sidecar.path, sidecar.package) else {
            throw SaveError(.storageUnavailable, "'\(sidecar.path.filename)' was not kept: ask again")
        }
        return stored
    }

    /// The sidecar for one client, where the disk does not take it.
    private func passing(_ sidecar: AssetRecord, because error: SaveError) async throws -> AssetContent {
        let seat = context.fills.alone(pool: context.pool) { fill in
            if sidecar.origin != nil { return try await UpstreamFile(context).fetch(sidecar, into: fill) }
            let bytes = try await derived(try await file(of: sidecar), sidecar.checksums[.sha256])
            fill.begin(Fill.Head(size: Int64(bytes.count), contentType: sidecar.contentType), reader: nil)
            fill.stopKeeping(at: 0, because: error)
            try await fill.pass(bytes)
            return Int64(bytes.count)
        }
        return .arriving(ArrivingAsset(repository: context.id, record: sidecar, head: try await seat.fill.head(), seat: seat))
    }

    private func bring(_ sidecar: AssetRecord) async throws {
        if sidecar.origin != nil {
            do { return try await fill(sidecar) } catch {
                guard try await isInFile(sidecar, insteadOf: error) else { throw error }
            }
        }
        let announced = sidecar.checksums[.sha256]
        try await keep(sidecar, try await derived(try await file(of: sidecar), announced))
    }

    /// Whether a sidecar that the upstream announces and does not give is to be read out of its file.
    private func isInFile(_ sidecar: AssetRecord, insteadOf error: any Error) async throws -> Bool {
        let file = try await file(of: sidecar)
        guard try await format.ask({ $0.embeddedSidecar(of: file) })?.path == sidecar.path else { return false }
        if Self.isLasting(error) {
            context.log(
                .warning, "the upstream does not have the sidecar that it announces",
                ["repository": context.repository.record.coordinates, "file": sidecar.path.text, "error": "\(error)"])
            return true
        }
        // What is cached must not depend on the upstream.
        guard (error as? SaveError)?.code == .upstreamUnavailable else { return false }
        return try await cache.stored(file.path, file.package) != nil
    }

    /// What will not be different at the next attempt.
    static func isLasting(_ error: any Error) -> Bool {
        if error is SourceMiss { return true }
        return [.upstreamInvalid, .blocked].contains((error as? SaveError)?.code)
    }

    /// Remembers that the sidecar cannot be had, so that pages do not announce it.
    private func lose(_ sidecar: AssetRecord, _ error: any Error) {
        let until = context.deadline(seconds: max(1, context.settings.negativeCacheTTL))
        memory.lostSidecars.insert(
            .init(error: error, until: until), for: FillRegistry.Key(upstream: context.upstream, path: sidecar.path))
        announceAnew(sidecar.package)
    }

    private func announceAnew(_ package: PackageID?) {
        if let package { context.counters.invalidate(context.id, [.sidecars(package)]) }
    }
}

// MARK: - Out of the file

extension UpstreamSidecar {
    private func file(of sidecar: AssetRecord) async throws -> AssetRecord {
        guard let path = sidecar.sidecarOf, let package = sidecar.package,
            let file = try await UpstreamIndex(context).current(.package(package)).known.record(path), file.origin != nil
        else { throw context.miss(sidecar.path, until: nil) }
        return file
    }

    /// The sidecar's bytes: from the cached file, from parts of the upstream's, or from the whole file, which is cached then.
    ///
    /// - Parameter expected: the digest that the upstream announces. Parts of a file cannot be verified, so where they give
    ///   something else, the whole file decides.
    private func derived(_ file: AssetRecord, _ expected: Checksum?) async throws -> [UInt8] {
        if let bytes = try await fromCache(file) { return bytes }
        if let bytes = try await fromParts(file), expected == nil || expected?.hex == BlobDigest(of: bytes).hex { return bytes }
        try await fill(file)
        guard let bytes = try await fromCache(file) else {
            throw SaveError(.storageUnavailable, "'\(file.path.filename)' was not kept: ask again")
        }
        return bytes
    }

    private func fromCache(_ file: AssetRecord) async throws -> [UInt8]? {
        guard case .stored(_, let blob, _) = try await cache.stored(file.path, file.package) else { return nil }
        let open = try await context.blobs.localFile(of: blob)
        return try await format.ask(on: context.pool) { try Self.read(file, FileBytes(open), by: $0) }
    }

    private func fromParts(_ file: AssetRecord) async throws -> [UInt8]? {
        guard let origin = file.origin, !memory.sendsOnlyWholeFiles(context.id, origin, now: context.clock.uptime()) else {
            return nil
        }
        do {
            return try await UpstreamRanges(context, file).read { bytes in
                try await format.ask(on: context.pool) { try Self.read(file, bytes, by: $0) }
            }
        } catch is UpstreamRanges.Unsupported {
            memory.markSendingOnlyWholeFiles(context.id, origin, until: context.deadline(seconds: Self.wholeOnlySeconds))
            announceAnew(file.package)
            return nil
        } catch let error as SaveError where error.code == .upstreamInvalid {
            context.log(
                .warning, "parts of the upstream's file make no sense, fetching it whole",
                ["repository": context.repository.record.coordinates, "file": file.path.text, "error": "\(error)"])
            return nil
        }
    }

    /// The format's reading; what is wrong with the file is the upstream's fault, not the client's.
    private static func read(_ file: AssetRecord, _ bytes: FileBytes, by format: any EmbeddedMetadata) throws -> [UInt8] {
        do { return try format.readSidecar(of: file, in: bytes) } catch let error as SaveError where error.code == .invalidRequest
        {
            throw SaveError(.upstreamInvalid, "the upstream's '\(file.path.filename)': \(error.message)")
        }
    }

    /// Waits until a file is in the cache; the fetch goes on when nobody waits any more.
    private func fill(_ record: AssetRecord) async throws {
        try await context.fills.fill(context.fill(of: record.path), pool: context.pool) {
            try await UpstreamFile(context).fetch(record, into: $0)
        }
        .finished()
    }

    private func keep(_ sidecar: AssetRecord, _ bytes: [UInt8]) async throws {
        try await context.blobs.checkSpace(for: Int64(bytes.count))
        let writer = try await context.blobs.begin()
        do {
            try await writer.write(bytes)
        } catch {
            await writer.cancel()
            throw error
        }
        try await writer.commit(expecting: nil) { blob in
            var record = sidecar
            record.size = blob.size
            record.checksums = [Checksum(.sha256, hex: blob.digest.hex)].compactMap(\.self)
            try await cache.keep(record, blob)
        }
    }
}

internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// What is kept of an index for the next run of the server.
extension UpstreamPage {
    /// Keeps a document as it came, for the next run of the server.
    ///
    /// - Parameter bytes: nil where they are on the disk already.
    func copy(_ bytes: [UInt8]?, _ row: CachedIndex) async {
        do {
            guard let bytes else { return try await record(row) }
            try await keep(bytes, as: row)
        } catch {
            context.memory.copies.failures.wrappingAdd(1, ordering: .relaxed)
            context.log(
                .warning, "an upstream's index was not kept",
                ["repository": context.repository.record.coordinates, "index": index.text, "error": "\(error)"])
        }
    }

    private func keep(_ bytes: [UInt8], as row: CachedIndex) async throws {
        try await context.blobs.checkSpace(for: Int64(bytes.count))
        let writer = try await context.blobs.begin()
        do {
            try await writer.write(bytes)
        } catch {
            await writer.cancel()
            throw error
        }
        try await writer.commit(expecting: row.blob) { _ in try await record(row) }
    }

    private func record(_ row: CachedIndex) async throws {
        try await context.store.write { writing in if try isAsked(in: writing) { try writing.put(row) } }
    }

    /// Whether the proxy still has the upstream that this page was asked of. Meanwhile it may have been deleted, or given another
    /// one, or been told to forget what it knows.
    func isAsked(in reading: any MetadataReading) throws -> Bool {
        let asked = context.repository.record
        guard context.memory.id(of: context.repository) == context.upstream else { return false }
        return try reading.repositories().first { $0.id == asked.id }?.hasSameUpstream(as: asked) ?? false
    }

    /// What was cached by an earlier run of the server, or earlier than memory goes back.
    func load() async throws -> KnownIndex? {
        let id = context.id
        let name = index.text
        await context.memory.copies.finish { $0 == key }
        guard let row = try await context.store.read({ try $0.cachedIndex(id, name) }) else { return nil }
        do {
            let blob = try await context.blobs.open(row.blob)
            let listing = try await listing(in: blob, row)
            let age = context.clock.now().seconds - row.verified.seconds
            // A clock that was set back makes the copy old, never young.
            var seconds = age < 0 ? 0 : context.settings.cacheTTL - age
            // Another user, say, may be shown another page: what was confirmed under other settings is asked for again.
            if row.verified < context.repository.record.updated { seconds = 0 }
            return known(try await offered(listing), row, until: context.deadline(seconds: seconds))
        } catch let error as SaveError {
            context.log(.warning, "cached index cannot be read", ["index": index.text, "error": error.description])
            return nil
        } catch is Missing {
            return nil
        }
    }

    private func listing(in blob: Blob, _ row: CachedIndex) async throws -> Listing {
        if let format = large {
            let file = try await context.blobs.localFile(of: blob)
            return try await format.ask(on: context.processors, lasting: .long) {
                try $0.root(from: FileBytes(file), url: row.url, contentType: row.contentType).verified()
            }
        }
        let bytes = try await blob.read(at: 0, count: Int(clamping: blob.size), pool: context.pool)
        return try await read(
            document(bytes, from: row.url, row.contentType), from: UpstreamBase(context).assumed, isKnown: true)
    }
}

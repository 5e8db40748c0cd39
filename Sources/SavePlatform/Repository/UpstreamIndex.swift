/// A proxy's view of its upstream's indexes: cached for `cache_ttl`, revalidated by ETag, served stale when the upstream
/// fails, asked for once however many clients wait.
struct UpstreamIndex: Sendable {
    private let proxy: ProxySource
    private var services: EngineServices { proxy.services }
    private var memory: UpstreamMemory { proxy.services.upstream }

    /// Seconds for which a failed upstream is left alone while there is something stale to serve.
    private static let quietSeconds: Int64 = 10

    init(_ proxy: ProxySource) { self.proxy = proxy }

    /// The index as the upstream has it, at most `cache_ttl` old unless the upstream fails.
    ///
    /// - Throws: `SourceMiss` when the upstream says that there is none; `upstreamUnavailable` or `upstreamInvalid` when it
    ///   does not answer sensibly and nothing is cached.
    func current(_ index: IndexKey) async throws -> UpstreamMemory.KnownIndex {
        let key = UpstreamMemory.Key(repository: proxy.id, index: index)
        let now = services.clock.uptime()
        if let known = memory.listings[key], known.validUntil > now { return known }
        if let until = memory.misses[key], until > now { throw miss(index, until: until) }
        return try await memory.refreshes.run(key) { try await refresh(index, key) }
    }

    private func refresh(_ index: IndexKey, _ key: UpstreamMemory.Key) async throws -> UpstreamMemory.KnownIndex {
        // Somebody may have come first, before this flight began.
        if let known = memory.listings[key], known.validUntil > services.clock.uptime() { return known }
        let cached: UpstreamMemory.KnownIndex? = if let known = memory.listings[key] { known } else { try await load(index) }
        if let cached, cached.validUntil > services.clock.uptime() { return keep(cached, key) }
        let state = memory.state(proxy.id)
        if state.quietUntil > services.clock.uptime() {
            guard let cached else {
                throw SaveError(.upstreamUnavailable, "the upstream of \(proxy.repository.record.coordinates) does not answer")
            }
            return keep(stale(cached), key)
        }
        do {
            let fetched = try await fetch(index, cached)
            memory.markAvailable(proxy.id)
            memory.misses.remove(key)
            return keep(fetched, key)
        } catch let miss as SourceMiss {
            memory.markAvailable(proxy.id)
            // An index that was there and is now gone stays readable: who has locked a file of it can still get it.
            if let cached { return keep(stale(cached), key) }
            memory.misses.insert(miss.freshness.validUntil ?? 0, for: key)
            throw miss
        } catch {
            let failure = (error as? SaveError)?.message ?? "unexpected error"
            services.log(
                .warning, "upstream failed",
                ["repository": proxy.repository.record.coordinates, "index": index.text, "error": "\(error)"])
            memory.markFailed(proxy.id, failure, quietUntil: proxy.deadline(seconds: Self.quietSeconds))
            guard let cached else { throw error }
            return keep(stale(cached), key)
        }
    }

    private func keep(_ known: UpstreamMemory.KnownIndex, _ key: UpstreamMemory.Key) -> UpstreamMemory.KnownIndex {
        memory.listings.insert(known, for: key, cost: max(1, known.listing.assets.count + known.listing.packages.count))
        return known
    }

    private func stale(_ known: UpstreamMemory.KnownIndex) -> UpstreamMemory.KnownIndex {
        var copy = known
        copy.isStale = true
        copy.validUntil = proxy.deadline(seconds: Self.quietSeconds)
        return copy
    }

    private func miss(_ index: IndexKey, until: UInt64) -> SourceMiss {
        let what = index.package.map { "package '\($0)'" } ?? "index"
        return SourceMiss(
            error: SaveError(.packageNotFound, "there is no \(what) in \(proxy.repository.record.coordinates)"),
            freshness: Freshness(
                dependencies: [.init(repository: proxy.repository, stamp: services.board.stamp(proxy.id, .index(index)))],
                validUntil: until))
    }

    // MARK: Upstream

    private func fetch(_ index: IndexKey, _ cached: UpstreamMemory.KnownIndex?) async throws -> UpstreamMemory.KnownIndex {
        let base = try await UpstreamBase(proxy).resolved()
        let wanted = try proxy.repository.format.upstreamRequest(for: .index(index), base: base)
        var request = ClientRequest(
            url: wanted.url, credentials: proxy.credentials(for: wanted.url), decodes: true, maxSize: wanted.maxSize)
        if let accept = wanted.accept { request.headers.append("Accept", accept) }
        if let row = cached?.row {
            if let etag = row.etag { request.headers.append("If-None-Match", etag) }
            if let lastModified = row.lastModified { request.headers.append("If-Modified-Since", lastModified) }
        }
        let response = try await services.client.send(request)
        switch response.status {
        case 200: return try await accept(response, for: index, limit: wanted.maxSize)
        case 304:
            guard var cached else { throw SaveError(.upstreamInvalid, "the upstream answered 304 to an unconditional request") }
            var row = cached.row
            row.verified = services.clock.now()
            let verified = row
            try await services.store.write { try $0.put(verified) }
            cached = known(index, cached.listing, verified, validFor: proxy.settings.cacheTTL)
            return cached
        case 404, 410: throw miss(index, until: proxy.deadline(seconds: proxy.settings.negativeCacheTTL))
        case 401, 403:
            throw SaveError(.upstreamInvalid, "the upstream refuses access (\(response.status))")
        default:
            throw SaveError(
                .upstreamUnavailable, "the upstream answered \(response.status)",
                details: response.headers["retry-after"].map { ["retry_after": $0] } ?? [:])
        }
    }

    private func accept(_ response: ClientResponse, for index: IndexKey, limit: Int64) async throws -> UpstreamMemory.KnownIndex {
        let bytes: [UInt8]
        do {
            bytes = try await response.body.collect(limit: Int(clamping: limit))
        } catch let error as SaveError where error.code == .tooLarge {
            throw SaveError(.upstreamInvalid, "the upstream's index is larger than \(limit) bytes")
        }
        let document = UpstreamDocument(url: response.url, contentType: response.headers["content-type"], bytes: bytes)
        let listing = try await read(document, index)
        let writer = try await services.blobs.begin()
        let blob: BlobInfo
        do {
            try await writer.write(bytes)
            blob = try await writer.commit(expecting: nil)
        } catch {
            await writer.cancel()
            throw error
        }
        let now = services.clock.now()
        let row = CachedIndex(
            repository: proxy.id, key: index.text, blob: blob.digest, url: document.url, contentType: document.contentType,
            etag: response.headers["etag"], lastModified: response.headers["last-modified"], fetched: now, verified: now)
        try await services.store.write { try $0.put(row) }
        services.board.bump(proxy.id, [.index(index)])
        return known(index, listing, row, validFor: proxy.settings.cacheTTL)
    }

    /// What was cached by an earlier run of the server.
    private func load(_ index: IndexKey) async throws -> UpstreamMemory.KnownIndex? {
        let id = proxy.id
        guard let row = try await services.store.read({ try $0.cachedIndex(id, index.text) }) else { return nil }
        do {
            let file = try await services.blobs.open(row.blob)
            let bytes = try await services.pool.run { try file.read(at: 0, count: Int(clamping: file.size)) }
            let listing = try await read(UpstreamDocument(url: row.url, contentType: row.contentType, bytes: bytes), index)
            let age = services.clock.now().seconds - row.verified.seconds
            // A clock that was set back makes the copy old, never young.
            return known(index, listing, row, validFor: age < 0 ? 0 : proxy.settings.cacheTTL - age)
        } catch let error as SaveError {
            services.log(.warning, "cached index cannot be read", ["index": index.text, "error": error.description])
            return nil
        }
    }

    private func known(
        _ index: IndexKey, _ listing: Listing, _ row: CachedIndex, validFor seconds: Int64
    ) -> UpstreamMemory.KnownIndex {
        UpstreamMemory.KnownIndex(
            listing: listing, row: row,
            places: Dictionary(listing.assets.enumerated().map { ($1.path, $0) }) { first, _ in first },
            validUntil: proxy.deadline(seconds: seconds), isStale: false,
            stamp: services.board.stamp(proxy.id, .index(index)))
    }

    private func read(_ document: UpstreamDocument, _ index: IndexKey) async throws -> Listing {
        let format = proxy.repository.format
        do {
            let listing = try await services.pool.run { try format.listing(from: document, for: index) }
            // Some servers answer an empty page for what they do not have; a client would take it for a package that is here.
            if index.package != nil, listing.assets.isEmpty, listing.attributes.isEmpty {
                throw SaveError(.packageNotFound, "the upstream's page lists nothing")
            }
            return listing
        } catch let error as SaveError where SourceMiss.codes.contains(error.code) {
            throw miss(index, until: proxy.deadline(seconds: proxy.settings.negativeCacheTTL))
        }
    }
}

internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A proxy's view of its upstream's indexes: cached for `cache_ttl`, revalidated by ETag, served stale when the upstream
/// fails, asked for once however many clients wait.
struct UpstreamIndex: Sendable {
    typealias Key = UpstreamMemory.Key
    typealias KnownIndex = UpstreamMemory.KnownIndex
    typealias FoundIndex = UpstreamMemory.FoundIndex

    private let context: UpstreamContext
    private var memory: UpstreamMemory { context.memory }

    /// Seconds for which a failed upstream is left alone, where it does not say itself.
    static let quietSeconds: Int64 = 10

    init(_ context: UpstreamContext) { self.context = context }

    /// The index as the upstream has it, at most `cache_ttl` old unless the upstream fails.
    ///
    /// - Throws: `SourceMiss` when the upstream says that there is none; `upstreamUnavailable` or `upstreamInvalid` when it
    ///   does not answer sensibly and nothing is cached.
    func current(_ index: IndexKey) async throws -> FoundIndex {
        let configuration = try await configuration(for: index)
        let key = Key(upstream: context.upstream, index: index)
        let now = context.clock.uptime()
        let version = version(key)
        if let known = memory.listings[key], known.ttl.isCurrent(now), known.isRead(with: configuration) {
            return FoundIndex(known: known, version: version, configuration: configuration)
        }
        if let until = memory.misses[key], until > now { throw context.miss(index, version, asked: 0, until: until) }
        return try await memory.refreshes.run(key) { try await refresh(index, key, configuration, ahead: false) }
    }

    /// What an index is read with, as the upstream has it; nil where the format reads no such document.
    ///
    /// - Throws: what `current` throws, but no miss: an upstream without it is no upstream of the format.
    func configuration(for index: IndexKey) async throws -> UpstreamConfiguration? {
        guard index != UpstreamConfiguration.index, context.repository.configuring != nil else { return nil }
        let found = try await current(UpstreamConfiguration.index)
        return UpstreamConfiguration(known: found.known, version: found.version)
    }

    /// What is cached of the index, however old. Asks nobody.
    func remembered(_ index: IndexKey) async throws -> KnownIndex? {
        var configuration: UpstreamConfiguration?
        if index != UpstreamConfiguration.index, context.repository.configuring != nil {
            let version = version(Key(upstream: context.upstream, index: UpstreamConfiguration.index))
            guard let known = try await remembered(UpstreamConfiguration.index) else {
                // What the page says of its package counts without it; what is read so is not kept.
                return try await UpstreamPage(context, index, nil).load()
            }
            configuration = UpstreamConfiguration(known: known, version: version)
        }
        let key = Key(upstream: context.upstream, index: index)
        if let known = memory.listings[key], known.isRead(with: configuration) { return known }
        let loaded = try await UpstreamPage(context, index, configuration).load()
        // A flight may have brought a newer one meanwhile.
        if let known = memory.listings[key], known.isRead(with: configuration) { return known }
        return loaded.map { keep($0, key) }
    }

    /// Asks the upstream now, although what is cached may be current, unless somebody else made it asked just before.
    ///
    /// - Returns: whether it was asked. How that went shows in what `current` then gives.
    package func insist(_ index: IndexKey) async -> Bool {
        let key = Key(upstream: context.upstream, index: index)
        guard memory.mayForce(key, now: context.clock.uptime()) else { return false }
        await renew(index)
        return true
    }

    /// Asks the upstream ahead of time. Failing costs nothing: what is cached counts until its end.
    func renew(_ index: IndexKey) async {
        let key = Key(upstream: context.upstream, index: index)
        do {
            let configuration = try await configuration(for: index)
            _ = try await memory.refreshes.run(key) { try await refresh(index, key, configuration, ahead: true) }
        } catch {}
    }

    /// What the upstream says to a question that is not asked again: nothing is kept.
    ///
    /// - Throws: `UpstreamPage.Missing`; `upstreamUnavailable` or `upstreamInvalid` when it does not answer sensibly.
    func once(_ index: IndexKey) async throws -> Listing {
        let key = Key(upstream: context.upstream, index: index)
        if let error = quiet(key) { throw error }
        do {
            let listing = try await UpstreamPage(context, index, try await configuration(for: index)).once()
            memory.markAvailable(context.upstream)
            return listing
        } catch let missing as UpstreamPage.Missing {
            memory.markAvailable(context.upstream)
            throw missing
        } catch {
            let failure = UpstreamFailure(error)
            note(failure, key)
            throw failure.error
        }
    }

    private func version(_ key: Key) -> ChangeCounters.Version { context.counters.version(context.id, .index(key.index)) }

    /// What is remembered of an index changes here only, one flight at a time. So a look finds what is remembered and, in a
    /// version that was taken before, whether it is still that: the change is remembered first and shows in versions then.
    ///
    /// - Parameter ahead: asks although what is cached is current.
    private func refresh(
        _ index: IndexKey, _ key: Key, _ configuration: UpstreamConfiguration?, ahead: Bool
    ) async throws -> FoundIndex {
        let version = version(key)
        let page = UpstreamPage(context, index, configuration)
        func found(_ known: KnownIndex, _ version: ChangeCounters.Version) -> FoundIndex {
            FoundIndex(known: known, version: version, configuration: configuration, files: page.lastRead.files)
        }
        // Somebody may have come first, before this flight began.
        let known = memory.listings[key].flatMap { $0.isRead(with: configuration) ? $0 : nil }
        let cached: KnownIndex? = if let known { known } else { try await page.load() }
        if !ahead, let cached, cached.ttl.isCurrent(context.clock.uptime()) { return found(keep(cached, key), version) }
        func fall(for error: any Error, _ seconds: Int64) throws -> FoundIndex {
            found(try fallback(to: cached, key, error, retryIn: seconds), version)
        }
        if let error = quiet(key) { return try fall(for: error, Self.quietSeconds) }
        do {
            let fetched = try await timed { try await page.fetch(cached) }
            memory.markAvailable(context.upstream)
            memory.misses.remove(key)
            if let package = index.package { memory.seenPackages.insert(package, for: context.upstream) }
            memory.outcomes.insert(.init(asked: context.clock.now(), status: fetched.status), for: key)
            let known = keep(fetched.known, key)
            guard fetched.isChanged else { return found(known, version) }
            context.counters.invalidate(context.id, [.index(index)])
            if let package = index.package, memory.anomalies[key] != nil {
                context.shared.exposures.request(context.id, package: package)
            }
            return found(known, self.version(key))
        } catch let miss as UpstreamPage.Missing {
            memory.markAvailable(context.upstream)
            memory.outcomes.insert(.init(asked: context.clock.now(), status: miss.status), for: key)
            let seconds = context.settings.negativeCacheTTL
            let until = context.deadline(seconds: seconds)
            let error = context.miss(index, version, asked: context.clock.uptime(), until: until)
            // An index that was there and is now gone stays readable: who has locked a file of it can still get it.
            guard cached == nil else { return try fall(for: error, seconds) }
            memory.misses.insert(until, for: key)
            throw error
        } catch {
            let failure = UpstreamFailure(error)
            note(failure, key)
            return try fall(for: failure.error, failure.retryAfter ?? Self.quietSeconds)
        }
    }

    private func timed<Value>(_ ask: () async throws -> Value) async throws -> Value {
        let start = context.clock.uptime()
        func note(isFailure: Bool) {
            memory.noteTraffic(context.id, nanoseconds: context.clock.uptime() &- start, isFailure: isFailure)
        }
        do {
            let value = try await ask()
            note(isFailure: false)
            return value
        } catch {
            note(isFailure: !(error is UpstreamPage.Missing))
            throw error
        }
    }

    /// The error to go on with while the upstream, or this index of it, is left alone; nil when it may be asked.
    private func quiet(_ key: Key) -> SaveError? {
        let now = context.clock.uptime()
        let state = memory.state(context.upstream)
        if state.quietUntil > now {
            return SaveError(
                .upstreamUnavailable,
                "the upstream of \(context.repository.record.coordinates) does not answer: \(state.failure ?? "unknown")",
                details: ["retry_after": String((state.quietUntil - now) / UpstreamTTL.second + 1)])
        }
        guard let outcome = memory.outcomes[key], outcome.quietUntil > now else { return nil }
        return outcome.failure
    }

    private func note(_ failure: UpstreamFailure, _ key: Key) {
        context.log(
            .warning, "upstream failed",
            [
                "repository": context.repository.record.coordinates, "index": key.index.text,
                "error": failure.error.description,
            ])
        let until = context.deadline(seconds: failure.retryAfter ?? Self.quietSeconds)
        memory.outcomes.insert(
            .init(
                asked: context.clock.now(), status: failure.status, failure: failure.error,
                quietUntil: until), for: key)
        if failure.concernsAll {
            memory.markFailed(context.upstream, failure.error.message, quietUntil: until)
        } else {
            memory.markDoubtful(context.upstream, failure.error.message, redirectedTo: failure.redirectedTo)
        }
    }

    /// What is cached, if there is something and it is not too old to be shown while the upstream does not confirm it.
    ///
    /// - Throws: `error` where there is not.
    private func fallback(
        to cached: KnownIndex?, _ key: Key, _ error: any Error, retryIn seconds: Int64
    ) throws -> KnownIndex {
        guard let cached else { throw error }
        let now = context.clock.uptime()
        if cached.ttl.isCurrent(now), !cached.isStale {
            cached.ttl.postpone(until: context.deadline(seconds: seconds))
            return cached
        }
        guard context.clock.now().seconds - cached.row.verified.seconds <= context.settings.staleTTL else { throw error }
        var copy = cached
        copy.isStale = true
        copy.ttl = UpstreamTTL(key, cached.ttl.content, now: now, until: context.deadline(seconds: seconds), renews: false)
        return keep(copy, key)
    }

    private func keep(_ known: KnownIndex, _ key: Key) -> KnownIndex {
        // Counted in records of files, each of which takes about two kilobytes with its texts.
        let cost = known.listing.assets.count + known.listing.packages.byteCount / 2048
        memory.listings.insert(known, for: key, cost: max(1, cost))
        return known
    }
}

/// Why an upstream did not give an index.
struct UpstreamFailure: Error {
    var error: SaveError
    /// nil where there was no answer.
    var status: Int?
    /// Seconds for which it asks to be left alone.
    var retryAfter: Int64?
    /// Whether other indexes will fare the same.
    var concernsAll: Bool
    var redirectedTo: String?

    init(
        _ error: SaveError, status: Int? = nil, retryAfter: Int64? = nil, concernsAll: Bool, redirectedTo: String? = nil
    ) {
        self.error = error
        self.status = status
        self.retryAfter = retryAfter
        self.concernsAll = concernsAll
        self.redirectedTo = redirectedTo
    }

    /// What a server that cannot be reached does to one index it does to all; a page that makes no sense is a matter of its
    /// own.
    init(_ error: any Error) {
        if let failure = error as? UpstreamFailure {
            self = failure
        } else {
            let known = error as? SaveError ?? SaveError(.internalFailure, "an internal error occurred", underlying: error)
            self.init(known, concernsAll: known.code == .upstreamUnavailable || known.code == .upstreamForbidden)
        }
    }
}

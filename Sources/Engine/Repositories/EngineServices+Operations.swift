package import SaveAccess
internal import SaveHTTP
package import SavePlatform
internal import SaveStorage
internal import Synchronization

/// What administrators do to running repositories.
extension EngineServices {
    /// Asks a proxy's upstream where its index is, now, and stores the answer.
    ///
    /// - Throws: `invalidRequest` for a repository that is no proxy; `upstreamUnavailable`, `upstreamForbidden`.
    package func probe(_ repository: Repository) async throws -> JSONValue {
        guard repository.record.kind == .proxy else {
            throw SaveError.invalid("name", "\(repository.record.coordinates) is not a proxy")
        }
        let context = self.upstream(of: repository)
        let finding: UpstreamProbe.Finding
        do {
            finding = try await UpstreamBase(context).find()
        } catch {
            upstream.markDoubtful(context.upstream, UpstreamFailure(error).error.message)
            throw error
        }
        if finding.succeeded {
            upstream.markAvailable(context.upstream)
        } else {
            upstream.markDoubtful(context.upstream, finding.nothingFound().error.message)
        }
        let attempts = finding.attempts.map { JSONValue.object(["url": .string($0.url), "outcome": .string($0.outcome)]) }
        return ["resolved_url": .string(finding.base), "succeeded": .bool(finding.succeeded), "attempts": .array(attempts)]
    }

    /// Forgets what is cached of an upstream's indexes. Files stay.
    package func invalidateCache(of repository: Repository) async throws {
        let id = repository.record.id
        // What is on its way was asked for before: it gets neither to the memory nor to the disk.
        upstream.forget(id)
        await upstream.copies.finish { $0.repository == id }
        try await store.write { try $0.deleteCachedIndexes(id, key: nil) }
        contentChanged(in: id, package: nil)
    }

    /// Makes what was computed from a repository's content no longer count: of one package, or of all.
    package func contentChanged(in repository: Int64, package: PackageID?) {
        if let package {
            counters.invalidate(repository, package: package, paths: [])
        } else {
            upstream.forget(repository)
            counters.invalidateAll(in: repository)
        }
    }

    /// What is known of a proxy's upstream; null for other kinds.
    package func upstreamState(of repository: Repository) -> JSONValue {
        guard repository.record.kind == .proxy else { return .null }
        let state = upstream.state(upstream.id(of: repository))
        let now = clock.uptime()
        let quiet = state.quietUntil > now ? Int64(clamping: (state.quietUntil - now) / UpstreamTTL.second + 1) : nil
        return [
            "available": state.isAvailable.map(JSONValue.bool) ?? .null, "failure": JSONValue(state.failure),
            "asked_again_in": JSONValue(quiet), "redirected_to": JSONValue(state.redirectedTo),
        ]
    }

    /// Waits until what was fetched of upstreams' indexes is on the disk, as far as that will be.
    package func finishCopies() async { await upstream.copies.finish() }

    /// Upstreams' indexes that could not be kept, since the start.
    package var unkeptIndexes: Int { upstream.copies.failures.load(ordering: .relaxed) }

    /// Files of upstreams that went to clients without being kept, since the start.
    package var unkeptFiles: Int { fills.unkept.load(ordering: .relaxed) }

    /// How often a proxy's upstream was asked for indexes, how often it failed, and for how long; nil where it never was.
    package func upstreamTraffic(of repository: Int64) -> (requests: Int, failures: Int, seconds: Double)? {
        upstream.traffic(repository).map { ($0.requests, $0.failures, $0.seconds) }
    }

    /// How many files of upstreams, or packages in quarantine, were odd in each way since the start.
    package var upstreamAnomalies: [UpstreamAnomaly.Kind: Int] { upstream.anomalyTotals }
}

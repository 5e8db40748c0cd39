package import SaveAccess
internal import SaveHTTP
package import SavePlatform
package import SaveStorage

/// What administrators do to running repositories, and what these tell them.
package struct RepositoryAdministration: Sendable {
    let sources: RepositorySources
    private var storage: RepositoryStorage { sources.storage }
    private var upstreams: UpstreamServices { sources.upstreams }

    init(_ sources: RepositorySources) { self.sources = sources }

    /// What an upstream answered when it was asked where its index is.
    package struct Probe: Sendable, Equatable {
        package struct Attempt: Sendable, Equatable {
            package let url: String
            /// The status, or the error.
            package let outcome: String

            package init(url: String, outcome: String) {
                self.url = url
                self.outcome = outcome
            }
        }

        package let resolvedURL: String
        /// Whether that can be used.
        package let isSuccess: Bool
        package let attempts: [Attempt]

        package init(resolvedURL: String, isSuccess: Bool, attempts: [Attempt]) {
            self.resolvedURL = resolvedURL
            self.isSuccess = isSuccess
            self.attempts = attempts
        }
    }

    /// Asks a proxy's upstream where its index is, now, and stores the answer.
    ///
    /// - Throws: `invalidRequest` for a repository that is no proxy; `upstreamUnavailable`, `upstreamForbidden`.
    package func probe(_ repository: Repository) async throws -> Probe {
        guard repository.record.kind == .proxy else {
            throw SaveError.invalid("name", "\(repository.record.coordinates) is not a proxy")
        }
        let context = UpstreamContext(repository, storage, upstreams)
        let finding: UpstreamProbe.Finding
        do {
            finding = try await UpstreamBase(context).find()
        } catch {
            context.memory.markDoubtful(context.upstream, UpstreamFailure(error).error.message)
            throw error
        }
        if finding.succeeded {
            context.memory.markAvailable(context.upstream)
        } else {
            context.memory.markDoubtful(context.upstream, finding.nothingFound().error.message)
        }
        return Probe(
            resolvedURL: finding.base, isSuccess: finding.succeeded,
            attempts: finding.attempts.map { .init(url: $0.url, outcome: $0.outcome) })
    }

    /// Removes files that nothing in their package refers to any more, of formats that can tell.
    ///
    /// - Parameters:
    ///   - grace: seconds that a file stays for what will refer to it.
    ///   - isDry: counts only.
    /// - Returns: how many files went, or would go.
    package func removeUnreachable(grace: Int64, isDry: Bool) async throws -> Int64 {
        try await UnreachableFiles(storage, upstreams.catalogue).remove(grace: grace, isDry: isDry)
    }

    /// Forgets what is cached of an upstream's indexes. Files stay.
    package func invalidateCache(of repository: Repository) async throws {
        let id = repository.record.id
        // What is on its way was asked for before: it gets neither to the memory nor to the disk.
        upstreams.memory.forget(id)
        await upstreams.memory.copies.finish { $0.repository == id }
        try await storage.store.write { try $0.deleteCachedIndexes(id, key: nil) }
        contentChanged(in: id, package: nil)
    }

    /// Makes what was computed from a repository's content no longer count: of one package, or of all.
    package func contentChanged(in repository: Int64, package: PackageID?) {
        if let package {
            storage.counters.invalidate(repository, package: package, paths: [])
        } else {
            upstreams.memory.forget(repository)
            storage.counters.invalidateAll(in: repository)
        }
    }

    /// Makes what was computed by a repository's settings no longer count. The catalogue knows of the change.
    package func repositoryChanged(_ repository: Int64) { contentChanged(in: repository, package: nil) }

    /// Makes what was computed by a policy no longer count. The catalogue knows of the change.
    package func policyChanged(_ policy: PolicyRecord) {
        for repository in upstreams.catalogue.current.repositories where policy.covers(repository.record) {
            storage.counters.invalidateAll(in: repository.record.id)
            upstreams.exposures.request(repository.record.id)
        }
    }

    /// Makes what was computed by the waivers of a project no longer count. The catalogue knows of the change.
    package func waiversChanged(in project: Int64) {
        for repository in upstreams.catalogue.current.repositories where repository.record.projectID == project {
            storage.counters.invalidateAll(in: repository.record.id)
        }
    }

    /// Other advisories have come in: what policies decided by the earlier ones holds no longer, nor what pages show of them.
    package func advisoriesChanged() {
        for repository in upstreams.catalogue.current.repositories {
            storage.counters.invalidate(repository.record.id, [RepositorySources.advisories])
            if repository.policies.contains(where: \.record.match.asksAdvisories) {
                storage.counters.invalidateAll(in: repository.record.id)
                upstreams.exposures.request(repository.record.id)
            }
        }
    }

    /// What is known of a proxy's upstream.
    package struct UpstreamState: Sendable, Equatable {
        /// nil until it was asked.
        package var isAvailable: Bool?
        package var failure: String?
        /// Seconds until it is asked again; nil where it may be now.
        package var askedAgainIn: Int64?
        /// The other server that it last redirected an index request to, which was not followed.
        package var redirectedTo: String?

        package init(
            isAvailable: Bool? = nil, failure: String? = nil, askedAgainIn: Int64? = nil, redirectedTo: String? = nil
        ) {
            self.isAvailable = isAvailable
            self.failure = failure
            self.askedAgainIn = askedAgainIn
            self.redirectedTo = redirectedTo
        }
    }

    /// How it stands with a proxy's upstream; nil for other kinds. Answers at once.
    package func upstreamState(of repository: Repository) -> UpstreamState? {
        guard repository.record.kind == .proxy else { return nil }
        let state = upstreams.memory.state(upstreams.memory.id(of: repository))
        let now = storage.clock.uptime()
        let quiet = state.quietUntil > now ? Int64(clamping: (state.quietUntil - now) / UpstreamTTL.second + 1) : nil
        return UpstreamState(
            isAvailable: state.isAvailable, failure: state.failure, askedAgainIn: quiet, redirectedTo: state.redirectedTo)
    }
}

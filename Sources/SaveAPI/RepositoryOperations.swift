package import SaveAccess
package import SavePlatform
package import SaveRepositories
package import SaveStorage

/// What the API asks of running repositories. The engine's `RepositoryAdministration` is what a server has; tests note what is asked.
package protocol RepositoryOperations: Sendable {
    /// Asks a proxy's upstream what it is, now, stores the base that was found, and tells what the upstream answered.
    ///
    /// - Throws: `upstreamUnavailable`, `upstreamInvalid`, `upstreamForbidden`.
    func probe(_ repository: Repository) async throws -> RepositoryAdministration.Probe

    /// Forgets what a repository cached of its upstream's indexes. Files stay.
    func invalidateCache(of repository: Repository) async throws

    /// Removes files, older than a time in seconds, that nothing in their package refers to any more; only counts them where it is dry.
    func removeUnreachable(grace: Int64, isDry: Bool) async throws -> Int64

    /// What is known of a proxy's upstream; nil for other kinds. Answers at once.
    func upstreamState(of repository: Repository) -> RepositoryAdministration.UpstreamState?

    /// Files of a package were removed or withdrawn, and the change is committed: indexes rendered before are no longer
    /// true. nil stands for every package of the repository.
    func contentChanged(in repository: Int64, package: PackageID?)

    /// A repository's settings were changed, or it was removed, and the catalogue knows.
    func repositoryChanged(_ repository: Int64)
}

/// What the API asks about policies.
package protocol PolicyJudging: Sendable {
    /// A policy was made, changed or deleted, and the catalogue knows: what was made by it is no longer true.
    func policyChanged(_ policy: PolicyRecord)

    /// Waivers of a project were granted, changed or deleted, and the catalogue knows: what was made by them is no longer true.
    func waiversChanged(in project: Int64)

    /// What is known of something that a policy refused, by its number; nil where there is none, or the caller may not read its repository.
    func refusal(_ id: Int64, ifReadable mayRead: @Sendable (Repository) -> Bool) async throws -> RefusalReport?

    /// What policies and other rules say of versions of packages. It has no effect, but that upstreams may be asked for their indexes.
    ///
    /// - Returns: for each package what the schema `PolicyAnswer` says.
    /// - Throws: `invalidRequest` naming the element of `packages`.
    func evaluate(_ packages: [PackageURL], in repository: Repository) async throws -> [JSONValue]

    /// What a policy would have done to downloads that were recorded.
    ///
    /// - Returns: for each that it would not have let pass what the schema `PolicyPreviewItem` says.
    func preview(_ policy: PolicyRecord, of downloads: [AuditRecord]) async throws -> [JSONValue]
}

/// Says why clients get what they get. Callers that may read a repository may know: a group can be read only by callers that may
/// read all of its members.
package protocol PackageExplaining: Sendable {
    /// - Parameters:
    ///   - package: a name in any spelling.
    ///   - refresh: whether upstreams are asked; without it none is.
    /// - Throws: `packageNotFound` for what is no name.
    func explain(_ package: String, in repository: Repository, refresh: Bool) async throws -> Explanation
}

extension RepositoryAdministration: RepositoryOperations, PackageExplaining, PolicyJudging {}

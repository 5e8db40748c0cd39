package import SaveAccess
package import SaveHTTP
package import SavePlatform
internal import SaveStorage

/// What clients get of repositories, hosted, proxied and grouped: what answers are made from.
package struct RepositorySources: Sendable {
    let storage: RepositoryStorage
    let upstreams: UpstreamServices
    let furtherPolicies: @Sendable (Repository) -> [any FilePolicy]
    /// How often policies decided.
    package let policyCounts = PolicyCounts()
    let refusals: RefusalNumbers?

    /// - Parameters:
    ///   - furtherPolicies: rules for a repository's files, beside those that its format and its settings bring.
    ///   - refusals: nil where refusals get no numbers.
    package init(
        _ storage: RepositoryStorage, _ upstreams: UpstreamServices,
        furtherPolicies: @escaping @Sendable (Repository) -> [any FilePolicy], refusals: RefusalNumbers? = nil
    ) {
        self.refusals = refusals
        self.storage = storage
        self.upstreams = upstreams
        self.furtherPolicies = furtherPolicies
    }

    package var counters: ChangeCounters { storage.counters }
    package var clock: PlatformClock { storage.clock }
    package var log: Log { storage.log }
    package var pool: BlockingPool { storage.pool }
    package var processors: BlockingPool { storage.processors }

    /// The implementation of a repository.
    ///
    /// - Parameters:
    ///   - snapshot: where a group finds its members.
    ///   - time: as of when it is read; nil for now.
    package func source(
        of repository: Repository, in snapshot: CatalogueSnapshot, asOf time: Timestamp? = nil
    ) -> any ContentSource {
        switch repository.record.kind {
        case .hosted: filtered(HostedSource(repository: repository, storage: storage), time)
        case .proxy: filtered(ProxySource(UpstreamContext(repository, storage, upstreams)), time)
        case .group: group(repository, in: snapshot, asOf: time)
        }
    }

    private func filtered(_ source: any FileSource, _ time: Timestamp?) -> FilteredSource {
        FilteredSource(source, by: fileRules(of: source.repository, asOf: time))
    }

    /// What an answer of a repository depends on, whatever it finds: its own settings, and those of the groups in it.
    package func structure(
        of repository: Repository, _ subject: ChangeCounters.Subject, in snapshot: CatalogueSnapshot
    ) -> [CacheValidity.Dependency] {
        snapshot.structure(of: repository).map { part in
            .init(repository: part, version: counters.version(part.record.id, subject))
        }
    }

    /// What is said of a repository's packages in advisories, for what rests on it.
    package func advisories(for repository: Repository) -> CacheValidity.Dependency {
        .init(repository: repository, version: counters.version(repository.record.id, Self.advisories))
    }

    static let advisories = ChangeCounters.Subject.index(.custom("advisories", package: nil))

    func group(_ repository: Repository, in snapshot: CatalogueSnapshot, asOf time: Timestamp? = nil) -> GroupSource {
        let members = snapshot.reach(of: repository).filter { $0.repository.record.kind != .group }.map { member in
            let source = source(of: member.repository, in: snapshot, asOf: time)
            return GroupSource.Member(
                repository: member.repository,
                source: member.isOnline ? source : OfflineMember(repository: member.repository, source: source))
        }
        return GroupSource(repository: repository, members: members, reserved: snapshot.reservedNames(of: repository))
    }
}

extension CatalogueSnapshot {
    /// The hosted and proxy repositories a group reaches, in order, each once. A group that contains itself, which the
    /// REST API refuses, adds nothing.
    package func leaves(of group: Repository) -> [Repository] {
        reach(of: group).map(\.repository).filter { $0.record.kind != .group }
    }

    /// A repository, and the groups that it reaches: what of its answers follows from settings rather than from content.
    package func structure(of repository: Repository) -> [Repository] {
        guard repository.record.kind == .group else { return [repository] }
        return [repository] + reach(of: repository).map(\.repository).filter { $0.record.kind == .group }
    }

    /// What a group and the groups in it reserve: whatever the way to an upstream, a reserved name does not take it.
    func reservedNames(of group: Repository) -> [NamePattern] {
        ([group] + reach(of: group).map(\.repository)).flatMap(\.record.group.reservedNames)
    }

    /// Everything a group reaches, in order, each once, without itself. A group that is offline takes its members along.
    fileprivate func reach(of group: Repository) -> [(repository: Repository, isOnline: Bool)] {
        var found: [(Repository, Bool)] = []
        var seen: Set<Int64> = [group.record.id]
        func visit(_ repository: Repository, isOnline: Bool) {
            for member in members(of: repository) where seen.insert(member.record.id).inserted {
                let isOnline = isOnline && member.record.online
                found.append((member, isOnline))
                if member.record.kind == .group { visit(member, isOnline: isOnline) }
            }
        }
        visit(group, isOnline: true)
        return found
    }
}

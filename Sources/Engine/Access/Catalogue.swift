package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// All that there is to ask about: projects, repositories, members, accounts and policies, kept in memory so that a request is
/// routed, authorized and judged without asking the database.
///
/// Code that changes one of these in the database calls `reload` before it answers. The next request sees the change.
package final class Catalogue: Sendable {
    private let store: any MetadataStore
    package let formats: FormatRegistry
    private let clock: PlatformClock
    /// What there is now, for those who only read.
    package let live = CurrentCatalogue()

    /// An empty catalogue; `reload` fills it.
    package init(store: any MetadataStore, formats: FormatRegistry, clock: PlatformClock) {
        self.store = store
        self.clock = clock
        self.formats = formats
    }

    /// What there is now.
    package var current: CatalogueSnapshot { live.snapshot }

    /// Reads everything again. When it returns, `current` is at least as new as the database was when it was called.
    ///
    /// - Throws: `invalidConfiguration` when a repository has a format this server lacks; then nothing changes.
    package func reload() async throws {
        let generation = live.begin()
        let records = try await store.read { reading in
            CatalogueRecords(
                projects: try reading.projects(), repositories: try reading.repositories(), members: try reading.members(),
                users: try reading.users(), robots: try reading.robots(), keys: try reading.keys(),
                policies: try reading.policies(), waivers: try reading.waivers())
        }
        let earlier = current
        var repositories: [Repository] = []
        // Waivers are kept when they have ended. These count for nothing, and only a change of one, which is read then, makes it count.
        let now = clock.now()
        let granted = Dictionary(grouping: records.waivers.lazy.filter { $0.state == .granted && now < $0.until }, by: \.project)
        for record in records.repositories {
            repositories.append(try await repository(record, records.policies, granted[record.projectID] ?? [], earlier))
        }
        live.install(CatalogueSnapshot(records, repositories: repositories, generation: generation))
    }

    /// Reads some keys again and nothing else, where nobody changes anything else meanwhile; otherwise everything. When it
    /// returns, `current` is at least as new in these keys as the database was when it was called.
    ///
    /// - Throws: what the other `reload` throws.
    package func reload(keys ids: [String]) async throws {
        let generation = live.begin()
        let keys: [(id: String, record: KeyRecord?)] = try await store.read { reading in
            try ids.map { (id: $0, record: try reading.key($0)) }
        }
        if !live.install(keys: keys, generation: generation) { try await reload() }
    }

    /// - Parameter earlier: what was made before is used again.
    private func repository(
        _ record: RepositoryRecord, _ policies: [PolicyRecord], _ waivers: [WaiverRecord], _ earlier: CatalogueSnapshot
    ) async throws -> Repository {
        let policies = policies.filter { $0.applies(to: record) }
        let numbers = Set(policies.map(\.id))
        let waivers = waivers.filter { numbers.contains($0.policy) }
        let versions = Dictionary(waivers.map { ($0.id, $0.updated) }) { first, _ in first }
        let known = earlier.repository(id: record.id)
        if let known, known.record == record, known.isJudged(by: policies, waivers: versions) { return known }
        guard let descriptor = formats.descriptor(record.format) else {
            throw SaveError(
                .invalidConfiguration,
                "the repository \(record.coordinates) has the format '\(record.format)', which this server does not have; "
                    + "formats that are not compiled in are loaded with the key 'plugins' of the configuration")
        }
        if let known, known.record.format == record.format, known.record.settings == record.settings {
            // What is on its way from the upstream goes on to count where the change is about something else.
            let upstream = known.record.hasSameUpstream(as: record) ? known.upstream : nil
            let parsed = known.waivers(unchangedIn: versions)
            let judged = await judged(policies, waivers, parsed, for: record, known.format, descriptor)
            return Repository(
                record: record, format: known.format, descriptor: descriptor, upstream: upstream, policies: judged.policies,
                considered: judged.considered,
                consideredWaivers: versions)
        }
        let format = try await formats.make(record.format, settings: record.settings)
        let judged = await judged(policies, waivers, [:], for: record, format, descriptor)
        return Repository(
            record: record, format: format, descriptor: descriptor, policies: judged.policies, considered: judged.considered,
            consideredWaivers: versions)
    }

    /// The policies of a repository in its format's terms.
    ///
    /// A loaded format may not answer. Accounts and roles must not wait for it; so what denies denies everything there, what allows
    /// allows nothing, and the next reload asks again.
    private func judged(
        _ policies: [PolicyRecord], _ waivers: [WaiverRecord], _ parsed: [Int64: RepositoryWaiver], for record: RepositoryRecord,
        _ format: IsolatedFormat<any RepositoryFormat>, _ descriptor: FormatDescriptor
    ) async -> (policies: [RepositoryPolicy], considered: [PolicyRecord]) {
        do {
            let all = try await RepositoryPolicy.all(
                of: policies, waivers: waivers, parsed: parsed, for: record, format, descriptor)
            return (all, policies)
        } catch {
            return (policies.filter { $0.action == .deny }.map { RepositoryPolicy($0, packages: nil) }, [])
        }
    }
}

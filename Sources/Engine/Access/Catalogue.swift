package import SavePlatform
package import SaveStorage
internal import Synchronization

/// All that there is to ask about: projects, repositories, members and accounts, kept in memory so that a request is routed and
/// authorized without asking the database.
///
/// Code that changes one of these in the database calls `reload` before it answers. The next request sees the change.
package final class Catalogue: Sendable {
    private struct State {
        var snapshot = CatalogueSnapshot()
        var installed: UInt64 = 0
        var issued: UInt64 = 0
    }

    private let state = Mutex(State())
    private let latest = Atomic<UInt64>(0)
    private let store: any MetadataStore
    package let formats: FormatRegistry

    /// An empty catalogue; `reload` fills it.
    package init(store: any MetadataStore, formats: FormatRegistry) {
        self.store = store
        self.formats = formats
    }

    /// What there is now.
    package var current: CatalogueSnapshot { state.withLock { $0.snapshot } }

    /// The generation of what there is now, at less cost than `current`.
    package var generation: UInt64 { latest.load(ordering: .acquiring) }

    /// Reads everything again. When it returns, `current` is at least as new as the database was when it was called.
    ///
    /// - Throws: `invalidConfiguration` when a repository has a format this server lacks; then nothing changes.
    package func reload() async throws {
        // A reload that began later saw at least as much: an earlier one must not take its place.
        let ticket = state.withLock { state in
            state.issued += 1
            return state.issued
        }
        let records = try await store.read { reading in
            CatalogueRecords(
                projects: try reading.projects(), repositories: try reading.repositories(), members: try reading.members(),
                users: try reading.users(), robots: try reading.robots(), keys: try reading.keys())
        }
        let earlier = current
        var repositories: [Repository] = []
        for record in records.repositories { repositories.append(try await repository(record, earlier)) }
        let snapshot = CatalogueSnapshot(records, repositories: repositories, generation: ticket)
        state.withLock { state in
            guard ticket > state.installed else { return }
            state.installed = ticket
            state.snapshot = snapshot
            latest.store(snapshot.generation, ordering: .releasing)
        }
    }

    /// Reads some keys again and nothing else, where nobody changes anything else meanwhile; otherwise everything. When it
    /// returns, `current` is at least as new in these keys as the database was when it was called.
    ///
    /// - Throws: what the other `reload` throws.
    package func reload(keys ids: [String]) async throws {
        let ticket = state.withLock { state in
            state.issued += 1
            return state.issued
        }
        let keys: [(id: String, record: KeyRecord?)] = try await store.read { reading in
            try ids.map { (id: $0, record: try reading.key($0)) }
        }
        let isInstalled = state.withLock { state in
            // Callers that came before this read must be answered by it, and none that came later: those may have seen other things.
            guard ticket == state.installed + 1 else { return false }
            state.installed = ticket
            state.snapshot = CatalogueSnapshot(state.snapshot, keys: keys, generation: ticket)
            latest.store(ticket, ordering: .releasing)
            return true
        }
        if !isInstalled { try await reload() }
    }

    /// - Parameter earlier: what was made before is used again.
    private func repository(_ record: RepositoryRecord, _ earlier: CatalogueSnapshot) async throws -> Repository {
        let known = earlier.repository(id: record.id)
        if let known, known.record == record { return known }
        guard let descriptor = formats.descriptor(record.format) else {
            throw SaveError(
                .invalidConfiguration,
                "the repository \(record.coordinates) has the format '\(record.format)', which this server does not have; "
                    + "formats that are not compiled in are loaded with the key 'plugins' of the configuration")
        }
        if let known, known.record.format == record.format, known.record.settings == record.settings {
            // What is on its way from the upstream goes on to count where the change is about something else.
            let upstream = known.record.hasSameUpstream(as: record) ? known.upstream : nil
            return Repository(record: record, format: known.format, descriptor: descriptor, upstream: upstream)
        }
        let format = try await formats.make(record.format, settings: record.settings)
        return Repository(record: record, format: format, descriptor: descriptor)
    }
}

/// The rows a catalogue is made of.
package struct CatalogueRecords: Sendable {
    var projects: [ProjectRecord]
    var repositories: [RepositoryRecord]
    var members: [MemberRecord]
    var users: [UserRecord]
    var robots: [RobotRecord]
    var keys: [KeyRecord]
}

/// A repository with its format, ready to answer.
package final class Repository: Sendable {
    package let record: RepositoryRecord
    package let format: IsolatedFormat<any RepositoryFormat>
    package let descriptor: FormatDescriptor
    /// The upstream that the settings describe, for a proxy.
    package let upstream: UpstreamID

    /// - Parameter upstream: that of another version of the record with the same upstream; nil where there is none.
    package init(
        record: RepositoryRecord, format: IsolatedFormat<any RepositoryFormat>, descriptor: FormatDescriptor,
        upstream: UpstreamID? = nil
    ) {
        self.record = record
        self.format = format
        self.descriptor = descriptor
        self.upstream = upstream ?? .new(of: record.id)
    }

    /// The path from the host to the repository, with a slash at both ends, as Save writes it: below the format's mount where it
    /// has one.
    package var basePath: String { "/\(descriptor.root)/\(record.project)/\(record.name)/" }

    /// The largest file it takes, in bytes, where the server has a limit of its own.
    package func maxFileSize(_ limit: Int64?) -> Int64? { [record.hosted.maxFileSize, limit].compactMap(\.self).min() }

    /// The format, where people set attributes on its packages.
    package var governing: IsolatedFormat<any PackagePolicy>? { format.cast { $0 as? any PackagePolicy } }

    /// The format, where packages are searched for.
    package var searching: IsolatedFormat<any PackageSearching>? { format.cast { $0 as? any PackageSearching } }

    /// The format, where its upstreams have a document that says where things are.
    package var configuring: IsolatedFormat<any UpstreamConfigurationReading>? {
        format.cast { $0 as? any UpstreamConfigurationReading }
    }

    /// The format, where its packages have names.
    package var naming: IsolatedFormat<any PackageNaming>? { format.cast { $0 as? any PackageNaming } }
}

/// The catalogue at one moment. A class, so that handing it around costs nothing.
package final class CatalogueSnapshot: Sendable {
    /// Rises with every reload.
    package let generation: UInt64
    package let projects: [ProjectRecord]
    package let repositories: [Repository]
    package let members: [MemberRecord]
    package let users: [String: UserRecord]
    package let robots: [String: RobotRecord]
    package let keys: KeyTable

    private let repositoriesByID: [Int64: Repository]
    private let repositoriesByName: [String: [String: Repository]]
    private let projectsByName: [String: ProjectRecord]
    private let roles: [PrincipalName: [Int64: ProjectRole]]

    init() {
        generation = 0
        projects = []
        repositories = []
        members = []
        users = [:]
        robots = [:]
        keys = KeyTable([])
        repositoriesByID = [:]
        repositoriesByName = [:]
        projectsByName = [:]
        roles = [:]
    }

    init(_ records: CatalogueRecords, repositories: [Repository], generation: UInt64) {
        self.generation = generation
        self.repositories = repositories
        projects = records.projects
        members = records.members
        users = Dictionary(records.users.map { ($0.username, $0) }) { first, _ in first }
        robots = Dictionary(records.robots.map { ($0.name, $0) }) { first, _ in first }
        keys = KeyTable(records.keys)
        repositoriesByID = Dictionary(repositories.map { ($0.record.id, $0) }) { first, _ in first }
        repositoriesByName = Dictionary(grouping: repositories, by: \.record.project).mapValues { repositories in
            Dictionary(repositories.map { ($0.record.name, $0) }) { first, _ in first }
        }
        projectsByName = Dictionary(records.projects.map { ($0.name, $0) }) { first, _ in first }
        roles = Dictionary(grouping: records.members, by: \.principal).mapValues { members in
            Dictionary(members.map { ($0.project, $0.role) }) { first, _ in first }
        }
    }

    /// The same but for some keys.
    init(_ earlier: CatalogueSnapshot, keys changed: [(id: String, record: KeyRecord?)], generation: UInt64) {
        self.generation = generation
        projects = earlier.projects
        repositories = earlier.repositories
        members = earlier.members
        users = earlier.users
        robots = earlier.robots
        keys = earlier.keys.changed(changed)
        repositoriesByID = earlier.repositoriesByID
        repositoriesByName = earlier.repositoriesByName
        projectsByName = earlier.projectsByName
        roles = earlier.roles
    }

    package func project(_ name: String) -> ProjectRecord? { projectsByName[name] }
    package func repository(id: Int64) -> Repository? { repositoriesByID[id] }
    package func repository(project: String, name: String) -> Repository? { repositoriesByName[project]?[name] }

    /// The role someone was given in a project.
    package func role(of principal: PrincipalName, in project: Int64) -> ProjectRole? { roles[principal]?[project] }

    /// The members of a group, in order; members that no longer exist are left out.
    package func members(of group: Repository) -> [Repository] { group.record.group.members.compactMap { repository(id: $0) } }
}

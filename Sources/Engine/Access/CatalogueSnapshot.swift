internal import SavePlatform
package import SaveStorage

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
    /// In the order in which they are asked.
    package let policies: [PolicyRecord]
    /// In the order of their numbers.
    package let waivers: [WaiverRecord]

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
        policies = []
        waivers = []
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
        policies = records.policies
        waivers = records.waivers
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
        policies = earlier.policies
        waivers = earlier.waivers
        repositoriesByID = earlier.repositoriesByID
        repositoriesByName = earlier.repositoriesByName
        projectsByName = earlier.projectsByName
        roles = earlier.roles
    }

    package func project(_ name: String) -> ProjectRecord? { projectsByName[name] }
    package func repository(id: Int64) -> Repository? { repositoriesByID[id] }
    /// Whether a repository is the one that there is, with these settings.
    package func isCurrent(_ repository: Repository) -> Bool { repositoriesByID[repository.record.id] === repository }
    package func repository(project: String, name: String) -> Repository? { repositoriesByName[project]?[name] }

    /// The role someone was given in a project.
    package func role(of principal: PrincipalName, in project: Int64) -> ProjectRole? { roles[principal]?[project] }

    /// The members of a group, in order; members that no longer exist are left out.
    package func members(of group: Repository) -> [Repository] { group.record.group.members.compactMap { repository(id: $0) } }
}

/// The rows a catalogue is made of.
package struct CatalogueRecords: Sendable {
    var projects: [ProjectRecord]
    var repositories: [RepositoryRecord]
    var members: [MemberRecord]
    var users: [UserRecord]
    var robots: [RobotRecord]
    var keys: [KeyRecord]
    var policies: [PolicyRecord]
    var waivers: [WaiverRecord]
}

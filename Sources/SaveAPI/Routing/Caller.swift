internal import SaveAccess
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// The sender of a call, and what of the server it may know of and use: every look-up by a name is a decision as well.
///
/// A route's `Access` takes from here what the path names, and a handler what a body names. Nothing else in this module
/// sees the catalogue, so that no handler can find an object that nobody decided about.
struct Caller: Sendable {
    private let sender: Authentication
    private let catalogue: Catalogue
    /// All that there was when the request was authorized.
    private let snapshot: CatalogueSnapshot

    init(_ sender: Authentication, of catalogue: Catalogue) {
        self.sender = sender
        self.catalogue = catalogue
        snapshot = catalogue.current
    }

    var principal: Principal { sender.principal }

    /// The same caller before what there is now.
    var renewed: Caller { Caller(sender, of: catalogue) }

    /// The caller as it is now, before what there is now.
    ///
    /// - Throws: `unauthenticated` where the account or the credential is gone.
    func asOfNow(_ now: Timestamp) throws -> Caller {
        Caller(try sender.renewed(in: catalogue.current, at: now), of: catalogue)
    }

    /// Makes the server know what was committed.
    ///
    /// - Parameter keys: the ids of the keys that changed, where nothing else did.
    func reloadCatalogue(keys: [String]? = nil) async throws {
        if let keys { try await catalogue.reload(keys: keys) } else { try await catalogue.reload() }
    }

    // MARK: - In the whole server

    /// Sees everything: administrators and auditors.
    var mayInspect: Bool { AccessPolicy.mayInspect(principal) }

    /// Changes everything: administrators.
    var mayAdminister: Bool { AccessPolicy.mayAdminister(principal) }

    /// Changes who may what, as far as its role goes: not with a key.
    var mayChangeAccounts: Bool { AccessPolicy.mayChangeAccounts(principal) }

    /// Speaks for its whole account: not with a key that is limited to a part of it.
    var isUnlimited: Bool { principal.key?.scopes.isEmpty ?? true }

    // MARK: - Projects

    /// The projects that the caller may see.
    var projects: [ProjectRecord] { snapshot.projects.filter(maySee) }

    /// A project by name, if the caller may know of it: also by a single repository of it that everybody may read.
    ///
    /// - Throws: `notFound`, as a `Denial` where the caller may not know.
    func seenProject(_ name: String) throws -> ProjectRecord {
        let missing = SaveError(.notFound, "there is no such project")
        guard let project = snapshot.project(name) else { throw missing }
        guard maySee(project) else { throw Denial(shown: missing) }
        return project
    }

    func permissions(in project: ProjectRecord) -> Permissions {
        AccessPolicy.permissions(of: principal, in: project, catalogue: snapshot)
    }

    /// A project by name, if the caller may do something in it.
    ///
    /// - Throws: `notFound` where there is none, `Denial` where the caller may not, with the same answer where it may not
    ///   know of it.
    func project(_ name: String, _ permission: Permission) throws -> ProjectRecord {
        let project = try seenProject(name)
        if permissions(in: project).contains(permission) { return project }
        throw Denial.forbidden("you may not \(permission.rawValue) the project \(project.name)")
    }

    /// The project that something is created in; nil where there is none yet and the caller may create it.
    ///
    /// - Throws: what `project` throws. Who may not create projects does not learn whether there is one.
    func project(forCreatingIn name: String) throws -> ProjectRecord? {
        if mayAdminister, snapshot.project(name) == nil { return nil }
        return try project(name, .manage)
    }

    /// The members with their roles of a project that was decided about.
    func members(of project: ProjectRecord) -> [MemberRecord] { snapshot.members.filter { $0.project == project.id } }

    func role(of name: PrincipalName, in project: ProjectRecord) -> ProjectRole? { snapshot.role(of: name, in: project.id) }

    /// A project can be seen by callers that can read it, or any repository in it.
    private func maySee(_ project: ProjectRecord) -> Bool {
        permissions(in: project).contains(.read)
            || snapshot.repositories.contains { $0.record.projectID == project.id && mayRead($0) }
    }

    // MARK: - Repositories

    /// The repositories that the caller may read.
    var repositories: [Repository] { snapshot.repositories.filter(mayRead) }

    /// All repositories, for routes of callers that see the whole audit trail.
    var auditedRepositories: [Repository] { snapshot.repositories }

    /// A repository by name, if the caller may do something to it.
    ///
    /// - Throws: `repositoryNotFound` where there is none, `Denial` where the caller may not, with the same answer where it
    ///   may not know of it.
    func repository(project: String, name: String, _ permission: Permission) throws -> Repository {
        let missing = SaveError.noSuchRepository
        guard let repository = snapshot.repository(project: project, name: name) else { throw missing }
        switch AccessPolicy.decide(permission, on: repository, for: principal, in: snapshot) {
        case .allowed: return repository
        case .forbidden(let reason): throw Denial.forbidden(reason)
        case .hidden, .unauthenticated: throw Denial(shown: missing)
        }
    }

    /// A repository that the caller may read, as bodies name it: `project/name`.
    func repository(coordinates: String) -> Repository? {
        repositories.first { $0.record.coordinates == coordinates }
    }

    /// A repository that the caller may read.
    func repository(id: Int64) -> Repository? { snapshot.repository(id: id).flatMap { mayRead($0) ? $0 : nil } }

    /// Whether the caller manages a repository, or inspects the whole server.
    func manages(_ repository: Repository) -> Bool {
        mayInspect || AccessPolicy.decide(.manage, on: repository, for: principal, in: snapshot) == .allowed
    }

    /// Those hosted repositories of some whose whole project the caller manages.
    func managed(_ repositories: Set<Int64>) -> Set<Int64> {
        repositories.filter { id in
            guard let record = snapshot.repository(id: id)?.record, record.kind == .hosted else { return false }
            return snapshot.projects.contains { $0.id == record.projectID && permissions(in: $0).contains(.manage) }
        }
    }

    /// The members of a group that was decided about, in order: who may read a group may read every member.
    func members(of group: Repository) -> [Repository] { snapshot.members(of: group) }

    /// The hosted and proxy repositories that a group that was decided about reaches.
    func leaves(of group: Repository) -> [Repository] { snapshot.leaves(of: group) }

    /// Whether files may go from a repository that was decided about.
    func mayDelete(from repository: Repository) -> Bool {
        AccessPolicy.decide(.delete, on: repository, for: principal, in: snapshot) == .allowed
    }

    private func mayRead(_ repository: Repository) -> Bool {
        AccessPolicy.decide(.read, on: repository, for: principal, in: snapshot) == .allowed
    }

    // MARK: - Policies

    /// All, for any caller: `policies` says which of them it may know of.
    var allPolicies: [PolicyRecord] { snapshot.policies }

    /// The scope of a policy that was decided about, as requests name it; nil for one that is gone.
    func scopeName(of policy: PolicyRecord) -> String? {
        switch policy.scope {
        case .server: "server"
        case .project(let id): snapshot.projects.first { $0.id == id }.map { "project:\($0.name)" }
        case .repository: repository(of: policy).map { "repository:\($0.record.coordinates)" }
        }
    }

    /// The repository that a policy that was decided about is for, if it is for one alone.
    func repository(of policy: PolicyRecord) -> Repository? {
        guard case .repository(let id) = policy.scope else { return nil }
        return snapshot.repository(id: id)
    }

    /// Whether the caller makes and changes policies of a scope.
    func manages(_ scope: PolicyRecord.Scope) -> Bool {
        if mayAdminister { return true }
        switch scope {
        case .server: return false
        case .project(let id):
            guard let project = snapshot.projects.first(where: { $0.id == id }) else { return false }
            return permissions(in: project).contains(.manage)
        case .repository(let id):
            guard let repository = snapshot.repository(id: id) else { return false }
            return AccessPolicy.decide(.manage, on: repository, for: principal, in: snapshot) == .allowed
        }
    }

    /// All, for any caller: `waivers` says which of them it may know of.
    var allWaivers: [WaiverRecord] { snapshot.waivers }

    /// Every project by its number, for what was decided about.
    func project(id: Int64) -> ProjectRecord? { snapshot.projects.first { $0.id == id } }

    // MARK: - Accounts

    /// All users, for callers that may see all.
    var users: [UserRecord] { mayInspect ? Array(snapshot.users.values) : [] }

    /// A user by name: the caller's own, or any for callers that may see all.
    ///
    /// - Throws: `notFound`, as a `Denial` where the caller may not know.
    func user(_ name: String) throws -> UserRecord {
        let missing = SaveError(.notFound, "there is no such user")
        // Swift takes a Kelvin sign for a K; only the very bytes name a user.
        guard PrincipalName.isValidUsername(name) else { throw missing }
        guard mayInspect || principal.name == .user(name) else { throw Denial(shown: missing) }
        guard let user = snapshot.users[name] else { throw missing }
        return user
    }

    /// The robots that the caller may manage; all for callers that may see all.
    var robots: [RobotRecord] { snapshot.robots.values.filter { mayInspect || manages($0) } }

    /// A robot by name. Reading takes what changing takes, except that auditors may.
    ///
    /// - Throws: `notFound`, as a `Denial` where the caller may not know; `Denial` for an auditor who would change it.
    func robot(_ name: String, changing: Bool) throws -> RobotRecord {
        let missing = SaveError(.notFound, "there is no such robot")
        guard let robot = snapshot.robots[name] else { throw missing }
        if manages(robot) { return robot }
        guard mayInspect else { throw Denial(shown: missing) }
        guard !changing else { throw Denial.forbidden("only administrators may do this") }
        return robot
    }

    /// The name of the project that a robot that was decided about belongs to.
    func projectName(of robot: RobotRecord) -> String? {
        robot.project.flatMap { id in snapshot.projects.first { $0.id == id }?.name }
    }

    private func manages(_ robot: RobotRecord) -> Bool {
        if mayAdminister { return true }
        guard let project = snapshot.projects.first(where: { $0.id == robot.project }) else { return false }
        return permissions(in: project).contains(.manage)
    }

    // MARK: - Keys

    /// The caller's own keys.
    var keys: [KeyRecord] { principal.name.map(keys) ?? [] }

    /// The keys of a robot that was decided about.
    func keys(of robot: RobotRecord) -> [KeyRecord] { keys(of: .robot(robot.name)) }

    /// The keys of a user that was decided about.
    func keys(of user: UserRecord) -> [KeyRecord] { keys(of: .user(user.username)) }

    private func keys(of owner: PrincipalName) -> [KeyRecord] { snapshot.keys.values.filter { $0.owner == owner } }

    /// The most that a key may be allowed: what its owner, the caller or a robot that was decided about, may do in a project
    /// or a repository, or anywhere with nil. Nothing for a resource that does not exist, as for one the owner may not use.
    func permissions(of owner: Principal, on resource: String?) -> Permissions {
        guard let resource else {
            if case .user(_, _, .admin, _) = owner { return .all }
            return snapshot.projects.reduce(into: []) {
                $0.formUnion(AccessPolicy.permissions(of: owner, in: $1, catalogue: snapshot))
            }
        }
        if let project = snapshot.project(resource) {
            return AccessPolicy.permissions(of: owner, in: project, catalogue: snapshot)
        }
        guard let repository = snapshot.repositories.first(where: { $0.record.coordinates == resource }) else { return [] }
        return AccessPolicy.permissions(of: owner, on: repository, in: snapshot)
    }
}

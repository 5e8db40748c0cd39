internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// The person before a page, and what there is for them: every look-up by a name is a decision as well. What they may not see is not there.
struct Viewer: Sendable {
    let authentication: Authentication
    let snapshot: CatalogueSnapshot

    init(_ authentication: Authentication, in snapshot: CatalogueSnapshot) {
        self.authentication = authentication
        self.snapshot = snapshot
    }

    /// A visitor before nothing.
    static let nobody = Viewer(.anonymous, in: CurrentCatalogue().snapshot)

    var principal: Principal { authentication.principal }
    /// The name that they sign in with; nil for a visitor.
    var name: String? { principal.name?.text }

    /// The repositories that they may read, ordered by project and name.
    var repositories: [Repository] { snapshot.repositories.filter(mayRead) }

    /// A repository by its place.
    ///
    /// - Throws: `unauthenticated` for a visitor who may not read it, whether it is there or not; else `repositoryNotFound`.
    func repository(format: String, project: String, name: String) throws -> Repository {
        if let repository = snapshot.repository(project: project, name: name), ASCII.isEqual(repository.record.format, format),
            mayRead(repository)
        {
            return repository
        }
        if case .anonymous = principal { throw SaveError.signInForThis }
        throw SaveError(.repositoryNotFound, "there is no such repository, or it is not for you")
    }

    /// The repository of a record that was found.
    func repository(id: Int64) -> Repository? { snapshot.repository(id: id).flatMap { mayRead($0) ? $0 : nil } }

    /// A repository by `project/name`, as explanations name it.
    func repository(coordinates: String) -> Repository? {
        guard let slash = coordinates.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let name = String(Substring(coordinates.utf8[coordinates.utf8.index(after: slash)...]))
        let found = snapshot.repository(project: String(Substring(coordinates.utf8[..<slash])), name: name)
        return found.flatMap { mayRead($0) ? $0 : nil }
    }

    /// The members of a group, in order: who may read a group may read every member.
    func members(of group: Repository) -> [Repository] { snapshot.members(of: group) }

    /// The hosted and proxy repositories that a repository's answers come from, in order.
    func leaves(of repository: Repository) -> [Repository] {
        var found: [Repository] = []
        var seen: Set<Int64> = []
        func visit(_ repository: Repository) {
            guard seen.insert(repository.record.id).inserted else { return }
            guard repository.record.kind == .group else { return found.append(repository) }
            members(of: repository).forEach(visit)
        }
        visit(repository)
        return found
    }

    /// The leaves that a repository takes a name from, in the order in which it asks them: a reserved name is left to those that host,
    /// and under `first_owner` they come first.
    func leaves(of repository: Repository, for package: PackageID) -> [Repository] {
        let leaves = leaves(of: repository)
        let hosted = leaves.filter { $0.record.kind == .hosted }
        guard reservedNames(of: repository).first(covering: package) == nil else { return hosted }
        let all = leaves.filter { $0.record.proxy.reservedNames.first(covering: package) == nil }
        guard repository.record.kind == .group, repository.record.group.policy != .union else { return all }
        return hosted + all.filter { $0.record.kind != .hosted }
    }

    /// What a group and the groups in it reserve.
    private func reservedNames(of repository: Repository) -> [NamePattern] {
        var found: [NamePattern] = []
        var seen: Set<Int64> = []
        func visit(_ repository: Repository) {
            guard repository.record.kind == .group, seen.insert(repository.record.id).inserted else { return }
            found += repository.record.group.reservedNames
            members(of: repository).forEach(visit)
        }
        visit(repository)
        return found
    }

    /// The groups that a repository is in.
    func groups(over repository: Repository) -> [Repository] {
        repositories.filter { $0.record.kind == .group && $0.record.group.members.contains(repository.record.id) }
    }

    /// Whether they see the whole server.
    var mayInspect: Bool { AccessPolicy.mayInspect(principal) }

    /// Whether they manage a repository, or see the whole server.
    func manages(_ repository: Repository) -> Bool {
        AccessPolicy.mayInspect(principal) || may(.manage, repository)
    }

    /// Whether anything can be done to a repository by them.
    func may(_ permission: Permission, _ repository: Repository) -> Bool {
        AccessPolicy.decide(permission, on: repository, for: principal, in: snapshot) == .allowed
    }

    private func mayRead(_ repository: Repository) -> Bool { may(.read, repository) }
}

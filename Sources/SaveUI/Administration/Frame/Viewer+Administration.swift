internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// What of the server its viewer looks after. What is done there, the REST API decides.
extension Viewer {
    /// Sees the whole server.
    var inspects: Bool { AccessPolicy.mayInspect(principal) }
    /// Changes the whole server.
    var administersAll: Bool { AccessPolicy.mayAdminister(principal) }
    /// Sees the pages of administration.
    var administers: Bool { inspects || snapshot.projects.contains(where: manages) }

    /// The projects that they manage, ordered by name.
    var managedProjects: [ProjectRecord] { snapshot.projects.filter(manages).sorted { $0.name < $1.name } }

    func manages(_ project: ProjectRecord) -> Bool {
        AccessPolicy.permissions(of: principal, in: project, catalogue: snapshot).contains(.manage)
    }

    /// Whether they may change what is in a project of this name.
    func manages(project name: String) -> Bool { snapshot.project(name).map(manages) ?? false }

    /// The repositories that they manage, or all for those who see the whole server, ordered by project and name.
    var managedRepositories: [Repository] { repositories.filter(manages) }

    /// - Throws: `forbidden` for people who look after nothing.
    func requireAdministration() throws {
        guard administers else {
            throw SaveError(
                .forbidden, "there is nothing that you manage: an owner of a project can make you an owner of it as well")
        }
    }

    /// Keeps the pages of a project from those who do not manage it, whatever they may see of it elsewhere.
    ///
    /// - Throws: `notFound` for a project that they may not know of, `forbidden` for one that is not theirs.
    func requireManaged(project name: String) throws {
        if inspects || manages(project: name) { return }
        let isSeen =
            snapshot.project(name).map { project in
                AccessPolicy.permissions(of: principal, in: project, catalogue: snapshot).contains(.read)
                    || repositories.contains { $0.record.projectID == project.id }
            } ?? false
        guard isSeen else { throw SaveError(.notFound, "there is no such project") }
        throw SaveError(.forbidden, "you may not manage the project \(name)")
    }

    /// A repository that they manage or inspect.
    ///
    /// - Throws: `repositoryNotFound`, `forbidden`.
    func managedRepository(project: String, name: String) throws -> Repository {
        guard let found = snapshot.repository(project: project, name: name), may(.read, found) else {
            throw SaveError(.repositoryNotFound, "there is no such repository, or it is not for you")
        }
        guard manages(found) else { throw SaveError(.forbidden, "you may not manage \(found.record.coordinates)") }
        return found
    }
}

extension Links {
    /// A page of administration, by its segments.
    func administration(_ path: String..., query: [(String, String)] = []) -> String {
        Self.url(prefix + "/ui/admin" + path.map { "/" + ASCII.percentEncoded($0) }.joined(), query)
    }

    var audit: String { prefix + "/ui/audit" }
}

internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// The policies that a caller may know of, and what it may make policies for.
extension Caller {
    /// The policies of what the caller manages, in the order in which they are asked; all for who may see all.
    var policies: [PolicyRecord] { allPolicies.filter { mayInspect || manages($0.scope) } }

    /// A policy by its number. Reading takes what changing takes, except that auditors may.
    ///
    /// - Throws: `notFound`, as a `Denial` where the caller may not know; `Denial` for an auditor who would change it.
    func policy(_ number: String, changing: Bool) throws -> PolicyRecord {
        let missing = SaveError(.notFound, "there is no such policy")
        guard TextForm.recordID.matches(number), let policy = allPolicies.first(where: { $0.id == Int64(number) }) else {
            throw missing
        }
        if manages(policy.scope) { return policy }
        guard mayInspect else { throw Denial(shown: missing) }
        guard !changing else { throw Denial.forbidden("only administrators may do this") }
        return policy
    }

    /// What a new policy is for, if the caller may make one for it.
    ///
    /// - Throws: what `project` and `repository` throw, `Denial` where only administrators may, `invalidRequest` for a group.
    func policyScope(_ name: String) throws -> (scope: PolicyRecord.Scope, repository: Repository?) {
        switch PolicyScopeName(name) {
        case .server?:
            guard mayAdminister else {
                throw Denial.forbidden(
                    "only administrators may make policies for the whole server: name a project of yours in 'scope'")
            }
            return (.server, nil)
        case .project(let name)?: return (.project(try project(name, .manage).id), nil)
        case .repository(let project, let name)?:
            let repository = try repository(project: project, name: name, .manage)
            guard repository.record.kind != .group else {
                throw SaveError.invalid(
                    "scope", "'scope' names a group, which has no files of its own: name a member of it, or a project")
            }
            return (.repository(repository.record.id), repository)
        case nil: throw SaveError.invalid("scope", "'scope' must be \(TextForm.policyScope.summary)")
        }
    }
}

/// The waivers that a caller may know of, and what it may do with them.
extension Caller {
    enum WaiverUse: Sendable, Hashable {
        case reading, granting, removing
    }

    /// The caller's own, and those of the projects that it manages; all for who may see all.
    var waivers: [WaiverRecord] { allWaivers.filter(mayKnow) }

    /// A waiver by its number.
    ///
    /// - Throws: `notFound`, as a `Denial` where the caller may not know; `Denial` where it may read it only.
    func waiver(_ number: String, _ use: WaiverUse) throws -> WaiverRecord {
        let missing = SaveError(.notFound, "there is no such waiver")
        guard TextForm.recordID.matches(number), let waiver = allWaivers.first(where: { $0.id == Int64(number) }) else {
            throw missing
        }
        guard mayKnow(waiver) else { throw Denial(shown: missing) }
        switch use {
        case .reading: break
        case .granting: try requireGrant(of: waiver)
        case .removing: try requireRemoval(of: waiver)
        }
        return waiver
    }

    /// Lets the account that asked take a request back, and owners and administrators end any waiver of the project.
    ///
    /// - Throws: `Denial`.
    func requireRemoval(of waiver: WaiverRecord) throws {
        let isOwn = isRequester(of: waiver) && waiver.state == .requested
        guard isOwn || manages(.project(waiver.project)) else {
            throw Denial.forbidden("only owners of the project and administrators end a waiver that was granted")
        }
    }

    /// Lets only those grant a waiver who could let the file pass by a policy as well: administrators any, owners those from policies
    /// of their own project, and from policies of the server that come after what owners allow.
    ///
    /// - Throws: `Denial`.
    func requireGrant(of waiver: WaiverRecord) throws {
        if mayAdminister { return }
        guard manages(.project(waiver.project)) else {
            throw Denial.forbidden("only owners of the project and administrators grant waivers: ask one of them to")
        }
        guard let policy = allPolicies.first(where: { $0.id == waiver.policy }) else {
            throw SaveError(.notFound, "there is no such policy")
        }
        guard manages(policy.scope) || policy.scope == .server && policy.priority > PolicyRules.ownersPriority else {
            throw Denial.forbidden(
                "the policy \(policy.name) is the administrators', with a priority of at most \(PolicyRules.ownersPriority): ask one of them to grant it"
            )
        }
    }

    /// The policies by a name that the caller may name in a waiver of a project: those that refuse files there, and what it may see.
    func policies(named name: String, in project: ProjectRecord) -> [PolicyRecord] {
        allPolicies.filter { $0.name.utf8.elementsEqual(name.utf8) && mayName($0, in: project) }
    }

    /// The same by a number.
    func policy(number: Int64, in project: ProjectRecord) -> PolicyRecord? {
        allPolicies.first { $0.id == number && mayName($0, in: project) }
    }

    /// A refusal tells the name of its policy to all readers of the repository. Of other policies only those know that may see them.
    private func mayName(_ policy: PolicyRecord, in project: ProjectRecord) -> Bool {
        let isInProject =
            switch policy.scope {
            case .server: true
            case .project(let id): id == project.id
            case .repository(let id): repository(id: id)?.record.projectID == project.id
            }
        let refuses = policy.isEnabled && policy.action == .deny && !policy.isDryRun
        return isInProject && (refuses || mayInspect || manages(policy.scope))
    }

    private func isRequester(of waiver: WaiverRecord) -> Bool {
        principal.name.map { $0.text.utf8.elementsEqual(waiver.requestedBy.utf8) } ?? false
    }

    private func mayKnow(_ waiver: WaiverRecord) -> Bool {
        if mayInspect || manages(.project(waiver.project)) { return true }
        // A later account of the name knows no project by it that it cannot see.
        return isRequester(of: waiver) && projects.contains { $0.id == waiver.project }
    }
}

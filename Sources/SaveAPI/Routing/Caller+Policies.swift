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

internal import SaveAccess
internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Puts refused changes into the audit trail: see `AuditAggregator`.
struct RefusedChanges: Sendable {
    let aggregator: AuditAggregator
    let resolver: RequestResolver

    /// Records that a change was refused in a repository that its sender may read; of a caller without credentials it is counted.
    func record(_ error: any Error, _ resolved: ResolvedRequest) async {
        // Asking how far an upload is, is no change.
        guard !resolved.request.method.isRead else { return }
        let refused = error as? Publisher.Refused
        var action: String
        let path: AssetPath?
        switch resolved.route {
        case .upload(let plan) where plan.action != nil, .unpublish(let plan) where plan.action != nil:
            (action, path) = ("package.\(plan.action ?? "")", try? plan.package.map { try AssetPath($0.name) })
        case .upload(let plan) where plan.purpose == nil: (action, path) = ("file.upload", plan.path)
        case .upload(let plan): (action, path) = ("file.upload", try? plan.package.map { try AssetPath($0.name) })
        case .session: (action, path) = ("file.upload", nil)
        case .unpublish(let plan): (action, path) = ("package.retract", try? plan.package.map { try AssetPath($0.name) })
        case .delete(let asset, _): (action, path) = ("file.delete", asset)
        case .deleteAll(let directory): (action, path) = ("file.delete", directory)
        case .index, .asset, .checksum, .redirect, .identity, .lookup, .staticDocument: return
        }
        // What arrived knows better than what was asked for, where the format got as far as to read it.
        if let refused { action = "package.\(refused.action)" }
        let repository = resolved.repository
        if case .anonymous = resolved.principal { return count(error, resolved.request, resolved.principal, in: repository) }
        await aggregator.recordRefusal(
            Publisher.refusal(of: action, path, in: repository, refused?.error ?? error), resolved.audit, route: action,
            in: repository.record.coordinates)
    }

    /// Records, or counts, that a change was refused because of how it was asked: by whom, where, by which method.
    ///
    /// What the protocol has no path for would change nothing: clients ask for what other servers have, and some with POST.
    func note(_ error: any Error, _ request: HTTPRequest, _ principal: Principal) async {
        let catalogue = resolver.catalogue.snapshot
        let code = (error as? SaveError)?.code
        if let error = error as? SaveError, code == .repositoryNotFound {
            await recordHidden(error, request, principal, catalogue)
        } else if code != .notFound, [.post, .put, .patch, .delete].contains(request.method) {
            let repository = try? resolver.find(resolver.path(request.rawPath), .system, catalogue)
            count(error, request, principal, in: repository)
        }
    }

    private func count(_ error: any Error, _ request: HTTPRequest, _ principal: Principal, in repository: Repository?) {
        aggregator.noteRefusal(error, of: principal, request, in: repository)
    }

    /// Records a change of a repository that is not there, or that the caller may not know of.
    private func recordHidden(
        _ error: SaveError, _ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot
    ) async {
        let actions: [HTTPMethod: String] = [
            .put: "file.upload", .post: "file.upload", .patch: "file.upload", .delete: "file.delete",
        ]
        guard let action = actions[request.method], let path = try? resolver.path(request.rawPath), path.segments.count > 2
        else { return }
        let (project, name) = (path.segments[1], path.segments[2])
        let event = AuditEvent(
            action, "file", "\(project)/\(name)",
            outcome: catalogue.repository(project: project, name: name) == nil ? .failed : .denied,
            details: ["error": .string(error.code.rawValue)])
        await record(event, AuditContext(request, principal), route: "\(action) of \(format(of: path))")
    }

    /// Records a refusal that needs no more than its event.
    ///
    /// - Parameter route: what was asked for, without names that callers choose.
    func record(_ event: AuditEvent, _ context: AuditContext, route: String) async {
        await aggregator.recordRefusal(event, context, route: route)
    }

    /// The format that a path begins with. What callers make up there is one, or each would be counted by itself.
    private func format(of path: RequestPath) -> String {
        path.segments.first.flatMap { resolver.formats.descriptor($0)?.id } ?? ""
    }
}

internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// The steps of an upload that takes more than one request.
extension WriteHandler {
    /// Carries a step out.
    ///
    /// - Throws: what `UploadSessions` throws.
    func answer(_ step: UploadStep, _ resolved: ResolvedRequest) async throws -> HTTPResponse {
        let (request, repository, principal) = (resolved.request, resolved.repository, resolved.principal)
        let (sessions, id) = (services.sessions, repository.record.id)
        switch step.action {
        case .open:
            guard request.body.length == 0 else {
                throw SaveError.invalid("body", "body: an upload is begun without one; send it to the URL in Location")
            }
            if let copy = step.copy, let answer = try await publish(copy, resolved) { return answer }
            return respond(202, to: step, try await sessions.open(in: id, by: principal), in: repository)
        case .append(let session):
            let progress = try await sessions.append(
                try ClaimedDigests(request.headers).checking(request.body), at: try ContentRange(request), to: session, in: id,
                by: principal,
                limit: repository.maxFileSize(maxFileSize))
            return respond(202, to: step, progress, in: repository)
        case .status(let session):
            return respond(204, to: step, try sessions.status(of: session, in: id, by: principal), in: repository)
        case .abandon(let session):
            try await sessions.abandon(session, in: id, by: principal)
            return HTTPResponse(status: 204)
        }
    }

    /// Publishes a file that is here already.
    ///
    /// - Returns: nil where there is none that the caller may read, or it cannot be copied now.
    /// - Throws: what `Publisher.upload` throws.
    private func publish(_ copy: UploadStep.Copy, _ resolved: ResolvedRequest) async throws -> HTTPResponse? {
        guard let file = await file(copy.source, resolved) else { return nil }
        let publisher = Publisher(repository: resolved.repository, services: services)
        let authority = ChangeAuthority(resolved.sender, .write, on: resolved.repository.record.id, services)
        do {
            let report = try await publisher.upload(
                copy.plan, resolved.request, by: authority, limit: maxFileSize, context: resolved.audit, copying: file)
            return success(report, of: copy.plan, in: resolved.repository)
        } catch {
            // "If a registry does not support cross-repository mounting or is unable to mount the requested blob, it SHOULD return a 202"
            // (OCI Distribution Specification, "Mounting a blob from another repository"): the client then sends the bytes.
            let failure = ((error as? Publisher.Refused)?.error ?? error) as? SaveError
            if let failure, Self.endsCopyOnly.contains(failure.code) { return nil }
            throw error
        }
    }

    /// What keeps a file from being copied and not its bytes from being sent: it has gone meanwhile, or others were faster.
    private static let endsCopyOnly: Set<SaveError.Code> = [.conflict, .assetNotFound, .busy, .storageUnavailable]

    /// What a request of the same caller for a file gives, where it is here; nil for whatever else there is or is not.
    private func file(_ path: String, _ resolved: ResolvedRequest) async -> CopiedFile? {
        let request = HTTPRequest(
            method: .head, target: Array(path.utf8), client: resolved.request.client, isSecure: resolved.request.isSecure)
        guard let source = try? await resolver.resolve(request, resolved.sender), source.repository.record.online,
            (try? RouteAuthorization.check(source)) != nil, case .asset(let place, let package) = source.route,
            case .stored(let asset, let blob, _)? = try? await sources.source(of: source.repository, in: source.catalogue)
                .asset(place, package: package, method: .head)
        else { return nil }
        return CopiedFile(asset, blob, in: source.repository.record.coordinates)
    }

    private func respond(
        _ status: Int, to step: UploadStep, _ progress: UploadSessions.Progress, in repository: Repository
    ) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "Location": "\(prefix)\(repository.basePath)\(step.place.percentEncoded)/\(progress.id)", "Range": progress.range,
            "Cache-Control": "no-store",
        ]
        if let field = step.idField { headers.append(field, progress.id) }
        return HTTPResponse(status: status, headers: headers)
    }
}

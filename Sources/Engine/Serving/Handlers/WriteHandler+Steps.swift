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

internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Carries out the routes that change a repository.
struct WriteHandler: RouteHandler {
    let services: PublishingServices
    let sources: RepositorySources
    let resolver: RequestResolver
    /// The largest file that any repository takes, in bytes.
    let maxFileSize: Int64?
    /// The path that clients have before every path of this server: `Location` is theirs.
    let prefix: String

    func reply(to resolved: ResolvedRequest) throws -> Reply {
        if resolved.request.hasEncodedBody { throw SaveError.encodedBody }
        return .pending { Answer(try await answer(resolved)) }
    }

    /// - Throws: `methodNotAllowed` for a proxy or a group, what the format throws, `alreadyExists` and the like.
    private func answer(_ resolved: ResolvedRequest) async throws -> HTTPResponse {
        let record = resolved.repository.record
        guard record.kind == .hosted else {
            let path = try resolver.path(resolved.request.rawPath).dropping(3)
            let allowed = try await AllowedMethods.field(of: path, in: resolved.repository, isPast: false)
            throw SaveError(
                .methodNotAllowed, "\(record.coordinates) is a \(record.kind.rawValue): upload to a hosted repository",
                details: ["allow": allowed ?? "OPTIONS"])
        }
        let publisher = Publisher(repository: resolved.repository, services: services)
        let authority = ChangeAuthority(
            resolved.sender, RouteAuthorization.permission(for: resolved.route), on: record.id, services)
        switch resolved.route {
        case .upload(let plan), .unpublish(let plan):
            if plan.session == nil { try checkWhole(resolved.request) }
            let report = try await publisher.upload(
                plan, resolved.request, by: authority, limit: maxFileSize, context: resolved.audit)
            return success(report, of: plan, in: resolved.repository)
        case .session(let step): return try await answer(step, resolved)
        case .delete(let path, let status):
            try checkWhole(resolved.request)
            try await publisher.delete(
                path, by: authority, onlyIf: try ChangeConditions(resolved.request.headers), context: resolved.audit)
            return success("deleted", nil, status, resolved.repository)
        case .deleteAll(let directory):
            try checkWhole(resolved.request)
            guard try ChangeConditions(resolved.request.headers).isEmpty else {
                throw SaveError(
                    .invalidRequest, "If-Match and If-None-Match are about files, not directories: send the request without them")
            }
            try await publisher.deleteAll(under: directory, by: authority, context: resolved.audit)
            return HTTPResponse(status: 204)
        case .index, .asset, .checksum, .redirect, .identity, .lookup, .staticDocument:
            throw SaveError.misrouted
        }
    }

    /// RFC 9110, 14.5: "An origin server SHOULD respond with a 400 (Bad Request) status code if it receives Content-Range on a PUT for a
    /// target resource that does not support partial PUT requests": a fragment would be taken for the file.
    private func checkWhole(_ request: HTTPRequest) throws {
        guard request.headers.bytes(of: "content-range") != nil else { return }
        throw SaveError.invalid(
            "Content-Range", "Content-Range: parts of files are not put together here: send the whole file, without this field")
    }

    /// What became of an upload.
    func success(_ report: Publisher.Report, of plan: UploadPlan, in repository: Repository) -> HTTPResponse {
        // 201 says that something is there that was not, but where a protocol has one answer for both.
        let isSame = plan.status == 201 && report.outcome != .created && report.answer == nil
        var answer = success(report.sentence, report.answer, isSame ? 200 : plan.status, repository)
        if let location = plan.location {
            answer.headers.append("Location", prefix + repository.basePath + location.percentEncoded)
        }
        return answer
    }

    /// What was done, in the protocol's own words where it has some, or in a sentence in the form that the format's clients read.
    private func success(_ sentence: String, _ document: Document?, _ status: Int, _ repository: Repository) -> HTTPResponse {
        if status == 204 { return HTTPResponse(status: status) }
        if let document {
            var response = HTTPResponse(document)
            response.status = status
            return response
        }
        guard case .json(_, _, _, let success, _, _) = repository.descriptor.refusals else { return .text(status, sentence) }
        return .json(status, TemplateWords(message: sentence, status: status).filled(into: success))
    }
}

extension ResolvedRequest {
    /// The sender as the audit trail names it.
    var audit: AuditContext { AuditContext(request, principal) }
}

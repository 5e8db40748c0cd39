/// Carries out the routes that change a repository, for who may.
struct ChangeAnswers: Sendable {
    let services: EngineServices
    /// The largest file that any repository takes, in bytes.
    let maxFileSize: Int64?

    /// - Throws: `methodNotAllowed` for a proxy or a group, what the format throws, `alreadyExists` and the like.
    func answer(_ resolved: ResolvedRequest, allowed: () async throws -> String?) async throws -> HTTPResponse {
        let record = resolved.repository.record
        guard record.kind == .hosted else {
            throw SaveError(
                .methodNotAllowed, "\(record.coordinates) is a \(record.kind.rawValue): upload to a hosted repository",
                details: ["allow": try await allowed() ?? "OPTIONS"])
        }
        let publisher = Publisher(repository: resolved.repository, services: services)
        switch resolved.route {
        case .upload(let plan), .retract(let plan):
            guard plan.status == 200 || plan.status == 201 else {
                throw SaveError(.internalFailure, "the format would answer an upload with the status \(plan.status)")
            }
            let outcome = try await publisher.upload(
                plan, resolved.request, mayDelete: resolved.granted.contains(.delete), limit: maxFileSize, context: resolved.audit
            )
            var answer = told(outcome.word, outcome == .created ? plan.status : 200, resolved.repository)
            if let location = plan.location {
                answer.headers.append("Location", resolved.repository.basePath + location.percentEncoded)
            }
            return answer
        case .session(let step): return try await answer(step, resolved)
        case .delete(let path):
            try await publisher.delete(path, context: resolved.audit)
            return HTTPResponse(status: 204)
        case .index, .asset, .redirect, .identity, .fixed:
            throw SaveError(.internalFailure, "a read reached the writing side")
        }
    }

    /// A word about what went well, in the form that the format's clients read.
    private func told(_ word: String, _ status: Int, _ repository: Repository) -> HTTPResponse {
        guard case .json(_, let member) = repository.descriptor.refusals else { return .text(status, word) }
        return .json(status, .object(JSONObject([(member, .string(word))])))
    }
}

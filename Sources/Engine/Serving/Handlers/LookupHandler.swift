internal import SaveAccess
package import SaveHTTP
package import SavePlatform

/// Answers questions whose body is a JSON document (`Route.lookup`).
struct LookupHandler: RouteHandler {
    /// Bytes of a question, without a content coding.
    static let maxBodyBytes = 8 << 20

    /// Takes gzip off bytes, of which at most so many come out; nil for bytes that are not of that coding.
    ///
    /// - Throws: `tooLarge`.
    typealias Gunzip = @Sendable (_ bytes: [UInt8], _ limit: Int) throws -> [UInt8]?

    /// For reading a question, and for the format's answer.
    let pool: BlockingPool
    let gunzip: Gunzip?

    func reply(to resolved: ResolvedRequest) throws -> Reply {
        guard case .lookup(let lookup) = resolved.route else { throw SaveError.misrouted }
        return .pending { Answer(try await answer(lookup, resolved.request, in: resolved.repository)) }
    }

    /// - Throws: `unsupportedMediaType`, `tooLarge`, `invalidRequest`, and what the format throws.
    private func answer(_ lookup: String, _ request: HTTPRequest, in repository: Repository) async throws -> HTTPResponse {
        guard let format = repository.format.cast({ $0 as? any LookupAnswering }) else {
            throw SaveError.unsupported("such questions")
        }
        let type = request.headers["content-type"].map { MediaType($0).essence }
        guard type == nil || type == MediaType.json.essence else {
            throw SaveError(.unsupportedMediaType, "the body must be JSON: Content-Type: application/json")
        }
        let bytes = try decoded(try await request.body.collect(limit: Self.maxBodyBytes), request.headers)
        let document = try await format.ask(on: pool) { format in
            let question: JSONValue
            do {
                question = try JSONValue(parsing: bytes)
            } catch {
                throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
            }
            return try format.answer(lookup, about: question)
        }
        var response = HTTPResponse(document)
        response.headers["Cache-Control"] = "no-store"
        return response
    }

    private func decoded(_ bytes: [UInt8], _ headers: HTTPHeaders) throws -> [UInt8] {
        switch headers.values(of: "content-encoding").map(ASCII.lowercased) {
        case [], ["identity"]: return bytes
        case ["gzip"], ["x-gzip"]:
            guard let gunzip else { throw SaveError.encodedBody }
            guard let plain = try gunzip(bytes, Self.maxBodyBytes) else {
                throw SaveError.invalid("Content-Encoding", "Content-Encoding: the body is damaged, or not packed with gzip")
            }
            return plain
        default: throw SaveError.encodedBody
        }
    }
}

extension HTTPRequest {
    /// Whether there is a body, or may be one, in another content coding than the identity.
    package var hasEncodedBody: Bool {
        guard body.length != 0 else { return false }
        return headers.values(of: "content-encoding").contains { ASCII.lowercased($0) != "identity" }
    }
}

extension SaveError {
    package static let encodedBody = SaveError(
        .unsupportedMediaType, "encoded request bodies are not accepted here: send the body without Content-Encoding")
}

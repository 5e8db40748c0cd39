internal import SaveAccess
internal import SaveAdvisories
package import SaveHTTP
package import SavePlatform
internal import SaveStorage

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
    /// Nil where no questions about advisories are answered with any.
    let advisories: AdvisoryDatabase?

    /// Packages of one question; a large project has some thousand.
    private static let maxPackages = 20_000
    /// Versions of all of them.
    private static let maxVersions = 20_000

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
        let question = try await pool.run(lasting: .reading(bytes.count)) {
            do {
                return try JSONValue(parsing: bytes)
            } catch {
                throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
            }
        }
        let advised = try await advised(lookup, question, in: repository)
        let document =
            if let advised { advised } else {
                try await format.ask(on: pool) { try $0.answer(lookup, about: question) }
            }
        var response = HTTPResponse(document)
        response.headers["Cache-Control"] = "no-store"
        return response
    }

    /// The answer to a question about advisories; nil for other ones.
    private func advised(_ lookup: String, _ question: JSONValue, in repository: Repository) async throws -> Document? {
        guard let advisories, let format = repository.format.cast({ $0 as? any AdvisoryAnswering }),
            let ecosystem = advisories.ecosystem(of: repository.record.format),
            let wanted = try await format.ask(on: pool, { try $0.versions(in: lookup, about: question) })
        else { return nil }
        guard wanted.count <= Self.maxPackages else {
            throw SaveError(.invalidRequest, "the question has more than \(Self.maxPackages) packages: ask in parts")
        }
        guard wanted.values.reduce(0, { $0 + $1.count }) <= Self.maxVersions else {
            throw SaveError(.invalidRequest, "the question has more than \(Self.maxVersions) versions: ask in parts")
        }
        var found: [String: [JSONObject]] = [:]
        for (name, versions) in wanted.mapValues(Set.init) where !versions.isEmpty {
            try Task.checkCancellation()
            found[name] = try await advisories.notices(of: name, versions: versions, in: ecosystem)
        }
        let answers = found
        return try await format.ask(on: pool) { try $0.answer(lookup, about: question, advisories: answers) }
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

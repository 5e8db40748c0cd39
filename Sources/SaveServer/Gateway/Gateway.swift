internal import SaveAPI
internal import SavePlatform
internal import Synchronization

/// The first to see a request: the server's own paths by their first segment, everything else to the data plane.
final class Gateway: Responder {
    private let dataPlane: DataPlane
    private let api: RESTAPI
    private let health: Health
    private let authenticator: any RequestAuthenticating
    private let metrics: @Sendable () -> String
    private let log: Log

    init(
        dataPlane: DataPlane, api: RESTAPI, health: Health, authenticator: any RequestAuthenticating,
        metrics: @escaping @Sendable () -> String, log: Log
    ) {
        self.dataPlane = dataPlane
        self.api = api
        self.health = health
        self.authenticator = authenticator
        self.metrics = metrics
        self.log = log
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let target = request.target
        if isBelow("/api", target) {
            let isPage = request.rawPath.count <= "/api/".utf8.count
            return isPage ? await read(request) { api.describe(to: request) } : await respondFromAPI(to: request)
        }
        if isBelow("/health", target) { return await read(request) { await health.respond(to: request) } }
        if isBelow("/metrics", target) { return await read(request) { await respondWithMetrics(to: request) } }
        if request.rawPath.elementsEqual("/".utf8) {
            return await read(request) {
                .text(
                    200,
                    "Save: a repository manager. Repositories are at /<format>/<project>/<repository>/, "
                        + "the REST API at /api/v1, described at /api.")
            }
        }
        return await dataPlane.respond(to: request)
    }

    /// The answer of a path that can be read and nothing else.
    private func read(_ request: HTTPRequest, _ answer: () async -> HTTPResponse) async -> HTTPResponse {
        let allow = "GET, HEAD, OPTIONS"
        guard !request.method.isRead else { return await answer() }
        if request.method == .options { return HTTPResponse(status: 204, headers: ["Allow": allow]) }
        var response = ErrorResponder.text(
            SaveError(.methodNotAllowed, "this can only be read", details: ["allow": allow]), request: request, log: log)
        response.closesConnection = request.body.length != 0
        return response
    }

    /// Only reads of repositories are answered from memory; paths of the server itself are never among them.
    func immediateResponse(to request: HTTPRequest) -> HTTPResponse? { dataPlane.immediateResponse(to: request) }

    private func isBelow(_ prefix: StaticString, _ target: [UInt8]) -> Bool {
        prefix.withUTF8Buffer { prefix in
            guard target.starts(with: prefix) else { return false }
            guard target.count > prefix.count else { return true }
            return target[prefix.count] == UInt8(ascii: "/") || target[prefix.count] == UInt8(ascii: "?")
        }
    }

    private func respondFromAPI(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let path = try RequestPath(decoding: request.rawPath)
            guard path.segments.count >= 2, path.segments[0] == "api", path.segments[1] == "v1" else {
                throw SaveError(.notFound, "there is nothing here; the REST API is at /api/v1")
            }
            let principal = try await principal(of: request)
            return await api.respond(to: request, principal: principal, path: path)
        } catch {
            var response = ErrorResponder.json(error, request: request, log: log)
            response.closesConnection = request.body.length != 0
            return response
        }
    }

    /// Names of projects and counts of requests are nobody's business but the operators'.
    private func respondWithMetrics(to request: HTTPRequest) async -> HTTPResponse {
        do {
            switch try await principal(of: request) {
            case .system, .user(_, _, .admin, _), .user(_, _, .auditor, _): break
            case .anonymous: throw SaveError(.unauthenticated, "metrics are for administrators and auditors")
            case .user, .robot: throw SaveError(.forbidden, "metrics are for administrators and auditors")
            }
            return HTTPResponse(
                status: 200, headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"],
                body: .bytes(Array(metrics().utf8)))
        } catch {
            return ErrorResponder.text(error, request: request, log: log)
        }
    }

    private func principal(of request: HTTPRequest) async throws -> Principal {
        if let known = authenticator.cached(request) { return known }
        return try await authenticator.authenticate(request)
    }
}

/// `/health`, `/health/live` and `/health/ready`, for load balancers: no credentials, no details but the failing part.
final class Health: Sendable {
    private let store: any MetadataStore
    private let blobs: any BlobStore
    private let version: String
    private let isDraining = Mutex(false)

    init(store: any MetadataStore, blobs: any BlobStore, version: String) {
        self.store = store
        self.blobs = blobs
        self.version = version
    }

    /// From now on not ready: no new requests, please.
    func drain() { isDraining.withLock { $0 = true } }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let path = String(decoding: request.rawPath, as: UTF8.self)
        switch path {
        case "/health/live": return answer(nil)
        case "/health", "/health/ready":
            if isDraining.withLock({ $0 }) { return answer("draining") }
            return answer(await failingPart())
        default: return .text(404, "there is nothing here; try /health, /health/live or /health/ready")
        }
    }

    private func failingPart() async -> String? {
        do {
            _ = try await store.read { try $0.lastAudit()?.sequence }
        } catch {
            return "database"
        }
        do {
            _ = try await blobs.stat(BlobDigest(of: []))
        } catch {
            return "blob store"
        }
        return nil
    }

    private func answer(_ failing: String?) -> HTTPResponse {
        var body: JSONObject = ["status": .string(failing == nil ? "ok" : "unavailable"), "version": .string(version)]
        if let failing { body["failing"] = .string(failing) }
        var response = HTTPResponse.json(failing == nil ? 200 : 503, .object(body))
        response.headers.append("Cache-Control", "no-store")
        return response
    }
}

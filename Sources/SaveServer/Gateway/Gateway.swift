package import SaveAPI
package import SaveAccess
package import SaveHTTP
internal import SavePlatform
package import SaveServing
internal import SaveStorage
package import SaveUI

/// The first to see a request: the server's own paths by their table, the REST API below `/api/v1`, pages below `/ui`, everything
/// else to the data plane.
package final class Gateway: Responder {
    private let dataPlane: DataPlane
    private let api: RESTAPI
    private let pages: UserInterface
    private let authenticator: any RequestAuthenticating
    private let formats: FormatRegistry
    private let crossSite: CrossSiteGuard
    private let crossOrigin: CrossOriginReads
    private let checkWritable: @Sendable () throws -> Void
    private let log: Log
    /// The server's own paths.
    package let paths: [ServerPath]

    package init(
        dataPlane: DataPlane, api: RESTAPI, pages: UserInterface, paths: [ServerPath], formats: FormatRegistry,
        authenticator: any RequestAuthenticating,
        crossSite: CrossSiteGuard, crossOrigin: CrossOriginReads = CrossOriginReads(origins: []),
        checkWritable: @escaping @Sendable () throws -> Void = {}, log: Log
    ) {
        self.dataPlane = dataPlane
        self.api = api
        self.pages = pages
        self.paths = paths
        self.authenticator = authenticator
        self.formats = formats
        self.crossSite = crossSite
        self.crossOrigin = crossOrigin
        self.checkWritable = checkWritable
        self.log = log
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        var response = await answer(request)
        // No answer is ever taken for something else than it says it is.
        if response.headers.bytes(of: "x-content-type-options") == nil {
            response.headers.append("X-Content-Type-Options", "nosniff")
        }
        return response
    }

    /// Only reads of repositories are answered from memory; paths of the server itself are never among them.
    package func immediateResponse(to request: HTTPRequest) -> HTTPResponse? {
        guard var response = dataPlane.immediateResponse(to: request) else { return nil }
        crossOrigin.apply(to: &response, request)
        return response
    }

    private func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let isAPI = isBelow("/api/v1", request)
        if let refusal = crossSite.refusal(of: request) {
            log(.warning, "a change asked for by another site", ["request_id": request.id.description])
            return refuse(refusal, request, isAPI: isAPI)
        }
        if !request.method.isRead, request.method != .options {
            do { try checkWritable() } catch { return refuse(error, request, isAPI: isAPI) }
        }
        if isAPI { return await respondFromAPI(to: request) }
        if isBelow("/ui", request) {
            return request.hasEncodedBody ? pages.refuse(SaveError.encodedBody, request) : await pages.respond(to: request)
        }
        if let path = paths.first(where: { request.rawPath.elementsEqual($0.path.utf8) }) {
            return await respond(to: request, at: path)
        }
        if isBelow("/api", request) || isBelow("/health", request) || isBelow("/metrics", request) {
            let known = paths.map(\.path).joined(separator: ", ")
            return .refusal(404, "there is nothing here; the server's own paths are \(known), and the REST API is at /api/v1")
        }
        if isBelow("/_/oidc", request), formats.place(of: request.rawPath)?.isMounted != true {
            return withoutTrustedPublishing(request)
        }
        if isBelow("/packages", request), request.method.isRead { return fileElsewhere(request) }
        if let preflight = crossOrigin.preflight(request) { return preflight }
        var response = await dataPlane.respond(to: request)
        crossOrigin.apply(to: &response, request)
        return response
    }

    /// Refuses a request in the form that its client reads, without looking at what it is about.
    private func refuse(_ error: any Error, _ request: HTTPRequest, isAPI: Bool) -> HTTPResponse {
        var response =
            if isAPI {
                ErrorResponder.json(error, request: request, log: log)
            } else if isBelow("/ui", request) {
                pages.refuse(error, request)
            } else {
                dataPlane.answer(error, to: request)
            }
        response.closesConnection = request.body.length != 0
        return response
    }

    /// Upload tools ask the host, not the repository, for a token in exchange for a build's identity. They ask without
    /// credentials, and only 404 tells them that there is no such thing here.
    private func withoutTrustedPublishing(_ request: HTTPRequest) -> HTTPResponse {
        var response = HTTPResponse.refusal(
            404, "trusted publishing is not offered here: publish with a user name and password, or with an API key")
        response.closesConnection = request.body.length != 0
        return response
    }

    /// From `/packages/<path>` to `/<path>`, whatever is there: the legacy JSON of Python packages has such URLs of files, because
    /// mirrors take files from no others. The place is relative: a proxy in front may have put a path before this one.
    private func fileElsewhere(_ request: HTTPRequest) -> HTTPResponse {
        let depth = request.rawPath.count { $0 == UInt8(ascii: "/") } - 1
        let rest = String(decoding: request.target.dropFirst("/packages/".utf8.count), as: UTF8.self)
        return HTTPResponse(
            status: 301, headers: ["Location": String(repeating: "../", count: depth) + "./" + rest, "Cache-Control": "no-cache"])
    }

    private func isBelow(_ prefix: StaticString, _ request: HTTPRequest) -> Bool {
        let path = request.rawPath
        return prefix.withUTF8Buffer { prefix in
            guard path.starts(with: prefix) else { return false }
            return path.count == prefix.count || path[path.startIndex + prefix.count] == UInt8(ascii: "/")
        }
    }

    private func respondFromAPI(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let path = try api.path(decoding: request.rawPath)
            if request.hasEncodedBody { throw SaveError.encodedBody }
            return await api.respond(to: request, from: try await sender(of: request), path: path)
        } catch {
            var response = ErrorResponder.json(error, request: request, log: log)
            response.closesConnection = request.body.length != 0
            return response
        }
    }

    /// Decides who may, then answers.
    private func respond(to request: HTTPRequest, at path: ServerPath) async -> HTTPResponse {
        do {
            if path.readers == .inspectors { try await requireInspector(request) }
            switch request.method {
            case .get, .head: return await path.answer(request)
            case .options: return HTTPResponse(status: 204, headers: ["Allow": "GET, HEAD, OPTIONS"])
            default:
                throw SaveError(
                    .methodNotAllowed, "this can only be read: use GET, HEAD or OPTIONS", details: ["allow": "GET, HEAD, OPTIONS"]
                )
            }
        } catch {
            var response = ErrorResponder.text(error, request: request, log: log)
            response.closesConnection = request.body.length != 0
            return response
        }
    }

    private func requireInspector(_ request: HTTPRequest) async throws {
        let principal = try await sender(of: request).principal
        if case .anonymous = principal { throw SaveError(.unauthenticated, "this is for administrators and auditors: sign in") }
        guard AccessPolicy.mayInspect(principal) else {
            throw SaveError(.forbidden, "this is for administrators and auditors: sign in as one of them")
        }
    }

    private func sender(of request: HTTPRequest) async throws -> Authentication {
        let sender: Authentication
        if let known = authenticator.cached(request) {
            sender = known
        } else {
            sender = try await authenticator.authenticate(request)
        }
        dataPlane.noteSignIn(of: sender.principal, request)
        return sender
    }
}

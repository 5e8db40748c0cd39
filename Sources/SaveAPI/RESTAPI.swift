package import SaveAccess
internal import SaveAudit
package import SaveHTTP
package import SavePlatform
internal import SaveServing
internal import SaveStorage

/// Everything below `/api/v1`.
package final class RESTAPI: Sendable {
    private let context: APIContext
    private let catalogue: Catalogue
    let table: RouteTable
    private let page: APIPage

    /// - Parameter catalogue: who and what there is; handlers see of it what their caller may.
    package init(context: APIContext, catalogue: Catalogue) {
        self.context = context
        self.catalogue = catalogue
        table = RouteTable.complete
        page = APIPage(table, version: context.version, prefix: context.publicAddress?.path ?? "")
    }

    /// The description for people, which needs no credentials: it is the same on every server of this version.
    package func describe(to request: HTTPRequest) -> HTTPResponse { page.response(to: request) }

    /// The path of a request, decoded once. An encoded slash in the name of a package is one of the name.
    ///
    /// - Throws: `invalidRequest` and `notFound` for what is no path: see `RequestPath`.
    package func path(decoding raw: ArraySlice<UInt8>) throws -> RequestPath { try table.path(decoding: raw) }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - sender: who sent it; anonymous is asked to sign in, whatever the path.
    ///   - path: the request's whole path, decoded once: see `path(decoding:)`.
    ///   - visitorsRead: whether anonymous may look into repositories that everybody may read: on pages, where nobody is asked for a
    ///     password by a browser.
    package func respond(
        to request: HTTPRequest, from sender: Authentication, path: RequestPath, visitorsRead: Bool = false
    ) async -> HTTPResponse {
        var response: HTTPResponse
        do {
            response = try await answer(request, sender, path, visitorsRead: visitorsRead)
            // A read takes no body, so one that came was not read.
            if request.method.isRead { response.closesConnection = request.body.length != 0 }
        } catch {
            response = ErrorResponder.json(Self.shown(error), request: request, log: context.log)
            // A caller that is refused may have a body still to send that nobody will read.
            response.closesConnection = request.body.length != 0
        }
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    }

    private func answer(
        _ request: HTTPRequest, _ sender: Authentication, _ path: RequestPath, visitorsRead: Bool
    ) async throws -> HTTPResponse {
        let routes = table.routes(at: path.segments.dropFirst(2))
        let isLooking =
            visitorsRead && request.method == .get
            && routes.contains { $0.route.method == .get && [.repository(.read), .refusal].contains($0.route.requirement) }
        if case .anonymous = sender.principal, !isLooking, !isOpen(routes) {
            throw SaveError(.unauthenticated, "sign in with a user name and password, or with an API key")
        }
        guard !routes.isEmpty else { throw SaveError(.notFound, "the API has no such path; /api shows those it has") }
        let allow = RouteTable.allow(routes.map(\.route))
        if request.method == .options { return HTTPResponse(status: 204, headers: ["Allow": allow]) }
        let method = request.method == .head ? .get : request.method
        guard let (route, arguments) = routes.first(where: { $0.route.method == method }) else {
            throw SaveError(
                .methodNotAllowed, "\(AuditName.bounded(request.method.name)) is not possible here", details: ["allow": allow])
        }
        let caller = Caller(sender, of: catalogue)
        let call = APICall(context: context, route: route, request: request, caller: caller, arguments: arguments)
        return try await run(call)
    }

    /// Whether what a path is takes no credentials.
    private func isOpen(_ routes: [(route: APIRoute, arguments: [String: String])]) -> Bool {
        context.advisoryService == .everyone && !routes.isEmpty && routes.allSatisfy { $0.route.requirement == .advisoryService }
    }

    /// Authorizes first, then reads what the request brings, then does it. A change that is refused leaves a record.
    private func run(_ call: APICall) async throws -> HTTPResponse {
        var call = call
        do {
            var handler = try call.route.admit(call)
            call.representation = try Self.representation(for: call)
            call.query = try RequestInput.query(of: call.request, rules: call.route.query)
            if let payload = call.route.payload {
                try payload.check(call.request)
            } else if call.route.method != .get {
                call.body = try await RequestInput.body(of: call.request, rule: call.route.body)
                // Clients take as long as they like to send a body.
                call = try call.asOfNow()
                handler = try call.route.admit(call)
            }
            let response = try await handler(call)
            return call.route.method == .get ? try call.conditional(response) : response
        } catch {
            if call.route.action != nil, !(error is ChangeNotVisible), !(error is CancellationError) {
                await recordRefusal(of: call, error)
            }
            throw error
        }
    }

    private static func representation(for call: APICall) throws -> MediaType {
        let offers = call.route.representations
        guard call.route.answer != nil else { return .json }
        if let type = ContentNegotiation.choose(offers, accept: call.request.headers["accept"]) { return type }
        let names = offers.map(\.essence).joined(separator: ", ")
        throw SaveError(.notAcceptable, "the answer comes as \(names); Accept names nothing of that")
    }

    private func recordRefusal(of call: APICall, _ error: any Error) async {
        var event = call.event(Self.resource(of: call))
        let code = (Self.shown(error) as? SaveError)?.code ?? .internalFailure
        event.outcome = error is Denial || code == .unauthenticated ? .denied : .failed
        event.details = ["error": .string(code.rawValue)]
        let route = "\(call.route.method.name) \(call.route.pattern.text)"
        await context.aggregator.recordRefusal(event, call.audit, route: route)
    }

    /// What a refused request was about: the path's variables, else the names in its body.
    private static func resource(of call: APICall) -> String {
        let inPath = call.route.pattern.variables.map { call[$0] }
        let inBody = ["project", "name", "username"].compactMap { call.body[$0]?.string }
        return (inPath.isEmpty ? inBody : inPath).joined(separator: "/")
    }

    private static func shown(_ error: any Error) -> any Error {
        switch error {
        case let denial as Denial: denial.shown
        case let change as ChangeNotVisible: change.shown
        default: error
        }
    }
}

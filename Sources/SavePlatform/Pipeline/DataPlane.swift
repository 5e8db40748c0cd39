/// Everything below `/<format>/<project>/<repository>/`: resolves the repository once, derives the permission from the
/// route, and only then lets anything run.
package final class DataPlane: Responder {
    /// Limits and sizes.
    package struct Configuration: Sendable {
        /// Bytes of rendered pages kept in memory.
        package var pageCacheSize = 64 << 20
        /// Files kept open.
        package var openFiles = 256
        /// The largest file that any repository takes, in bytes.
        package var maxFileSize: Int64?
        /// The scheme and host that clients use, without a final slash, where the operator says so.
        package var externalOrigin: String?

        package init() {}
    }

    private let services: EngineServices
    private let authenticator: any RequestAuthenticating
    private let configuration: Configuration
    private let indexes: IndexAnswers
    private let assets: AssetAnswers
    private let routes = RouteMemo(size: 4 << 20)
    private let memo = AnswerMemo(capacity: 16_384)

    package init(
        services: EngineServices, authenticator: any RequestAuthenticating, configuration: Configuration,
        compression: PageCompression
    ) {
        self.services = services
        self.authenticator = authenticator
        self.configuration = configuration
        indexes = IndexAnswers(
            services: services, cacheSize: configuration.pageCacheSize, externalOrigin: configuration.externalOrigin,
            compression: compression)
        assets = AssetAnswers(services: services, openFiles: configuration.openFiles)
    }

    /// The number of pages kept and their bytes.
    package var pageCacheUsage: (count: Int, cost: Int) { indexes.usage }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await answer(request)
        } catch let miss as SourceMiss {
            return refuse(miss.error, request)
        } catch {
            return refuse(error, request)
        }
    }

    package func immediateResponse(to request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .get else { return nil }
        let name = memo.name(of: request)
        let generation = services.catalogue.generation
        if let known = memo.answer(name, generation: generation, board: services.board, clock: services.clock) {
            if let key = known.principal.key { authenticator.noteUse(of: key, by: request) }
            return use(known.answer, by: known.principal, request)
        }
        let catalogue = services.catalogue.current
        guard let principal = authenticator.cached(request), let ready = ready(request, principal, catalogue) else { return nil }
        memo.remember(ready, as: name, generation: catalogue.generation, principal: principal)
        return use(ready, by: principal, request)
    }

    private func use(_ ready: any ReadyAnswer, by principal: Principal, _ request: HTTPRequest) -> HTTPResponse {
        services.noteUse(of: ready.freshness, by: request)
        services.tally.noteSignIn(of: principal, request)
        let response = ready.response(to: request)
        services.tally.note(ready.download, response, to: principal, request)
        return response
    }

    /// The answer that is in memory, for who may have it.
    private func ready(_ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot) -> (any ReadyAnswer)? {
        guard let known = routes.entry(for: request.target, in: catalogue), known.repository.record.online else { return nil }
        let repository = known.repository
        let granted = AccessPolicy.permissions(of: principal, on: repository, in: catalogue)
        guard AccessPolicy.decide(.read, on: repository, for: principal, granted: granted) == .allowed else { return nil }
        switch known.route {
        case .index(let index, let offers):
            return indexes.ready(index, offers: offers, request: request, repository: repository, catalogue: catalogue)
        case .asset(let path, _): return assets.ready(path, repository: repository, catalogue: catalogue)
        case .upload, .retract, .delete, .redirect, .identity, .fixed: return nil
        }
    }

    private func refuse(_ error: any Error, _ request: HTTPRequest) -> HTTPResponse {
        if request.method == .options, let refused = error as? SaveError, refused.code == .methodNotAllowed {
            return HTTPResponse(status: 204, headers: ["Allow": refused.details["allow"] ?? "OPTIONS"])
        }
        // uv reads `code` from exactly this type; everyone else prints the line of text.
        if request.method == .post, ContentNegotiation.choose([.text, .json], accept: request.headers["accept"]) == .json {
            return refuse(error, request, member: "code")
        }
        var response = ErrorResponder.text(error, request: request, log: services.log)
        response.closesConnection = !request.method.isRead
        return response
    }

    /// A refusal as an object with one member, the status and the line of text.
    private func refuse(_ error: any Error, _ request: HTTPRequest, member: String) -> HTTPResponse {
        var response = ErrorResponder.text(error, request: request, log: services.log)
        if case .bytes(let line) = response.body {
            let text = String(decoding: line.dropLast(), as: UTF8.self)
            response.headers["Content-Type"] = MediaType.json.value
            response.body = .bytes(JSONValue.object(JSONObject([(member, .string("\(response.status) \(text)"))])).bytes)
        }
        response.closesConnection = !request.method.isRead
        return response
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let principal: Principal
        if let known = authenticator.cached(request) {
            principal = known
        } else {
            principal = try await authenticator.authenticate(request)
        }
        services.tally.noteSignIn(of: principal, request)
        let catalogue = services.catalogue.current
        let (repository, route, granted): (Repository, Route, Permissions)
        do {
            (repository, route, granted) = try resolve(request, principal, catalogue)
        } catch let error as SaveError where error.code == .repositoryNotFound {
            await note(error, request, principal, catalogue)
            throw error
        } catch {
            count(error, request, principal, catalogue)
            throw error
        }
        let permission = Self.permission(for: route)
        if permission != .read {
            try await authorize(permission, repository, principal, granted, request, route)
        }
        guard repository.record.online else {
            let error = SaveError(.busy, "\(repository.record.coordinates) is offline", details: ["retry_after": "60"])
            await note(error, route, request, repository, principal)
            throw error
        }
        return try await perform(route, request, repository, principal, granted, catalogue)
    }

    /// Notes that somebody is signed in, where the data plane is not what is asked.
    package func noteSignIn(of principal: Principal, _ request: HTTPRequest) {
        services.tally.noteSignIn(of: principal, request)
    }

    /// Counts a change that was refused before it was known what it is; nobody in particular can ask for many of those.
    private func count(_ error: any Error, _ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot) {
        guard [.post, .put, .delete].contains(request.method) else { return }
        let repository = try? find(path(request.rawPath), .system, catalogue)
        services.tally.noteRefusal(error, of: principal, request, in: repository)
    }

    /// The repository and what the request means there. Who may not read the repository learns neither.
    private func resolve(
        _ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot
    ) throws -> (Repository, Route, Permissions) {
        if request.method == .get, let known = routes.entry(for: request.target, in: catalogue) {
            return (known.repository, known.route, try admit(principal, known.repository, catalogue))
        }
        // pipenv puts a slash between an index URL that ends in one and the package. Nothing may be served below such a path,
        // because relative links would lead elsewhere.
        let shorter = request.method.isRead ? RequestPath.withoutEmptySegments(request.rawPath) : nil
        let raw = shorter.map { Array($0.utf8)[...] } ?? request.rawPath
        let path = try path(raw)
        let repository = try find(path, principal, catalogue)
        let granted = try admit(principal, repository, catalogue)
        if let shorter { return (repository, .redirect(to: shorter, permanent: true), granted) }
        let inside = path.dropping(3)
        let query = try QueryItems(decoding: request.rawQuery)
        let route: Route
        do {
            route = try repository.format.route(
                FormatRequest(
                    method: request.method, path: inside, query: query, contentType: request.headers["content-type"]))
        } catch {
            throw AllowedMethods.refusal(error, of: request.method, inside, in: repository)
        }
        if request.method == .get { routes.remember(RouteMemo.Entry(repository: repository, route: route), for: request.target) }
        return (repository, route, granted)
    }

    /// The path, decoded once, as the format that it begins with writes paths.
    private func path(_ raw: ArraySlice<UInt8>) throws -> RequestPath {
        let format = services.catalogue.formats.descriptor(ofPath: raw)
        return try RequestPath(
            decoding: raw, escapedSlashesSeparate: format?.abilities.contains(.slashesInNames) ?? false)
    }

    /// The permission that a route needs: the only place that says so.
    package static func permission(for route: Route) -> Permission {
        switch route {
        case .index, .asset, .redirect, .identity, .fixed: .read
        case .upload: .write
        case .retract, .delete: .delete
        }
    }

    private func find(_ path: RequestPath, _ principal: Principal, _ catalogue: CatalogueSnapshot) throws -> Repository {
        guard path.segments.count >= 3 else { throw SaveError(.notFound, "there is nothing here") }
        let found = catalogue.repository(project: path.segments[1], name: path.segments[2])
        if let found, found.record.format == path.segments[0] { return found }
        if case .anonymous = principal { throw Self.signInFirst }
        throw Self.noSuchRepository
    }

    /// What someone may do in a repository that they may read.
    ///
    /// - Throws: for who may not, the same as for a repository that does not exist.
    private func admit(
        _ principal: Principal, _ repository: Repository, _ catalogue: CatalogueSnapshot
    ) throws -> Permissions {
        let granted = AccessPolicy.permissions(of: principal, on: repository, in: catalogue)
        switch AccessPolicy.decide(.read, on: repository, for: principal, granted: granted) {
        case .allowed: return granted
        case .unauthenticated: throw Self.signInFirst
        case .forbidden, .hidden: throw Self.noSuchRepository
        }
    }

    private static let noSuchRepository = SaveError(.repositoryNotFound, "there is no such repository")
    private static let signInFirst = SaveError(.unauthenticated, "sign in with a user name and password, or with an API key")

    private func authorize(
        _ permission: Permission, _ repository: Repository, _ principal: Principal, _ granted: Permissions,
        _ request: HTTPRequest, _ route: Route
    ) async throws {
        switch AccessPolicy.decide(permission, on: repository, for: principal, granted: granted) {
        case .allowed: return
        case .unauthenticated:
            services.tally.noteRefusal(Self.signInFirst, of: principal, request, in: repository)
            throw Self.signInFirst
        case .hidden: throw Self.noSuchRepository
        case .forbidden(let reason):
            let error = SaveError(.forbidden, reason)
            await note(error, route, request, repository, principal)
            throw error
        }
    }

    private func perform(
        _ route: Route, _ request: HTTPRequest, _ repository: Repository, _ principal: Principal, _ granted: Permissions,
        _ catalogue: CatalogueSnapshot
    ) async throws -> HTTPResponse {
        switch route {
        case .index(let index, let offers):
            do {
                return try await indexes.answer(
                    index, offers: offers, request: request, repository: repository, catalogue: catalogue)
            } catch  where offers.allSatisfy(\.isJSON) {
                // Whoever asks for what comes as JSON only reads nothing else.
                return refuse((error as? SourceMiss)?.error ?? error, request, member: "message")
            }
        case .asset(let path, let package):
            let (response, download) = try await assets.answer(
                path, package: package, request: request, repository: repository, catalogue: catalogue)
            services.tally.note(download, response, to: principal, request)
            return response
        case .redirect(let location, let permanent):
            let query = request.rawQuery.map { "?" + String(decoding: $0, as: UTF8.self) } ?? ""
            // The repository is a directory also where its own URL lacks the last slash.
            let isBare = request.rawPath.count { $0 == UInt8(ascii: "/") } == 3 && request.rawPath.last != UInt8(ascii: "/")
            let start = isBare ? "\(repository.record.name)/" : ""
            return HTTPResponse(
                status: permanent ? 301 : 302, headers: ["Location": start + location + query, "Cache-Control": "no-cache"])
        case .identity(let member):
            guard let name = principal.name else { throw Self.signInFirst }
            var answer = HTTPResponse.json(200, .object(JSONObject([(member, .string(name.text))])))
            answer.headers.append("Cache-Control", "no-store")
            return answer
        case .fixed(let document):
            return HTTPResponse(
                status: 200, headers: ["Content-Type": document.type.value, "Cache-Control": "no-cache"],
                body: .bytes(document.bytes))
        case .upload, .retract, .delete:
            do {
                return try await change(route, request, repository, principal, granted)
            } catch {
                await note(error, route, request, repository, principal)
                throw error
            }
        }
    }

    private func change(
        _ route: Route, _ request: HTTPRequest, _ repository: Repository, _ principal: Principal, _ granted: Permissions
    ) async throws -> HTTPResponse {
        guard repository.record.kind == .hosted else {
            let path = try path(request.rawPath)
            throw SaveError(
                .methodNotAllowed,
                "\(repository.record.coordinates) is a \(repository.record.kind.rawValue): upload to a hosted repository",
                details: ["allow": AllowedMethods.field(of: path.dropping(3), in: repository) ?? "OPTIONS"])
        }
        let publisher = Publisher(repository: repository, services: services)
        let context = AuditContext(request, principal)
        switch route {
        case .upload(let plan), .retract(let plan):
            guard plan.status == 200 || plan.status == 201 else {
                throw SaveError(.internalFailure, "the format would answer an upload with the status \(plan.status)")
            }
            let outcome = try await publisher.upload(
                plan, request, mayDelete: granted.contains(.delete), limit: configuration.maxFileSize, context: context)
            return .text(outcome == .created ? plan.status : 200, outcome.word)
        case .delete(let path):
            try await publisher.delete(path, context: context)
            return HTTPResponse(status: 204)
        default:
            throw SaveError(.internalFailure, "a read reached the writing side")
        }
    }

    /// Writes to the audit trail that somebody would have changed a repository that is not there, or not for them to know of.
    private func note(_ error: SaveError, _ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot) async {
        let actions: [HTTPMethod: String] = [.put: "file.upload", .post: "file.upload", .delete: "file.delete"]
        guard let action = actions[request.method], let path = try? path(request.rawPath),
            path.segments.count > 2
        else { return }
        let (project, name) = (path.segments[1], path.segments[2])
        let event = AuditEvent(
            action, "file", "\(project)/\(name)",
            outcome: catalogue.repository(project: project, name: name) == nil ? .failed : .denied,
            details: ["error": .string(error.code.rawValue)])
        let context = AuditContext(request, principal)
        let now = services.clock.now()
        do {
            try await services.store.write { try $0.record(event, context, at: now) }
        } catch {
            services.log(.error, "audit record not written", ["error": "\(error)", "request_id": request.id.description])
        }
    }

    /// Writes a refused change to the audit trail. A trail that cannot be written does not change the answer, which is a
    /// refusal already.
    private func note(
        _ error: any Error, _ route: Route, _ request: HTTPRequest, _ repository: Repository, _ principal: Principal
    ) async {
        let action: String
        let path: AssetPath?
        switch route {
        case .upload(let plan) where plan.purpose == nil: (action, path) = ("file.upload", plan.path)
        case .upload(let plan): (action, path) = ("file.upload", try? plan.package.map { try AssetPath($0.name) })
        case .retract(let plan): (action, path) = ("package.retract", try? plan.package.map { try AssetPath($0.name) })
        case .delete(let asset): (action, path) = ("file.delete", asset)
        case .index, .asset, .redirect, .identity, .fixed: return
        }
        do {
            try await Publisher(repository: repository, services: services)
                .recordRefusal(of: action, path, error, context: AuditContext(request, principal))
        } catch {
            services.log(.error, "audit record not written", ["error": "\(error)", "request_id": request.id.description])
        }
    }
}

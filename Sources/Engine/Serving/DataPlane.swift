package import SaveAccess
internal import SaveAudit
package import SaveHTTP
package import SavePlatform
package import SaveRepositories
package import SaveStorage
internal import Synchronization

/// Everything below `/<format>/<project>/<repository>/` and the mounts of formats: resolves the repository once, derives the
/// permission from the route, and only then lets anything run.
package final class DataPlane: Responder {
    /// Limits and sizes.
    package struct Configuration: Sendable {
        /// Bytes of rendered pages kept in memory.
        package var pageCacheSize = 64 << 20
        /// Files kept open.
        package var openFiles = 256
        /// The largest file that any repository takes, in bytes.
        package var maxFileSize: Int64?
        /// The address that clients use, where the operator says so.
        package var publicAddress: PublicAddress?
        /// Takes gzip off the bodies of questions; nil where none may have it.
        package var gunzip: (@Sendable (_ bytes: [UInt8], _ limit: Int) throws -> [UInt8]?)?
        /// Makes the keys of clients that sign in; nil where none can.
        package var keys: IssuedKeys?

        package init() {}
    }

    private let services: EngineServices
    private let authenticator: any RequestAuthenticating
    private let resolver: RequestResolver
    private let indexes: IndexHandler
    private let assets: FileHandler
    private let changes: WriteHandler
    private let lookups: LookupHandler
    private let listing: CatalogueListing
    private let front: RepositoryPage
    private let refusals: RefusedChanges
    private let refusal: ErrorRenderer
    private let signIns: LoginHandler
    private let memo = AnswerMemo(capacity: 16_384)
    private let fromMemory = Atomic<Int>(0)
    private let stale = Atomic<Int>(0)

    package init(
        services: EngineServices, authenticator: any RequestAuthenticating, configuration: Configuration,
        compression: PageCompression
    ) {
        self.services = services
        self.authenticator = authenticator
        resolver = RequestResolver(formats: services.catalogue.formats)
        indexes = IndexHandler(
            services: services, cacheSize: configuration.pageCacheSize, externalOrigin: configuration.publicAddress?.text,
            compression: compression)
        assets = FileHandler(services: services, openFiles: configuration.openFiles)
        changes = WriteHandler(
            services: services, maxFileSize: configuration.maxFileSize, prefix: configuration.publicAddress?.path ?? "")
        lookups = LookupHandler(services: services, gunzip: configuration.gunzip)
        listing = CatalogueListing(publicAddress: configuration.publicAddress)
        front = RepositoryPage(publicAddress: configuration.publicAddress)
        refusals = RefusedChanges(services: services, resolver: resolver)
        signIns = LoginHandler(
            services: services, authenticator: authenticator, resolver: resolver, refusals: refusals, keys: configuration.keys)
        refusal = ErrorRenderer(formats: services.catalogue.formats, log: services.log)
    }

    /// The number of pages kept and their bytes.
    package var pageCacheUsage: (count: Int, cost: Int) { indexes.usage }

    /// Pages that were rendered since the start.
    package var renderings: Int { indexes.renderingCount }

    /// Pages and files that were answered with from memory, since the start.
    package var memoryAnswers: Int { fromMemory.load(ordering: .relaxed) }
    /// Pages that were answered with although the upstream could not be asked, since the start.
    package var staleAnswers: Int { stale.load(ordering: .relaxed) }

    /// Whether a path is below a mount of a format.
    package func isMounted(_ path: ArraySlice<UInt8>) -> Bool { services.catalogue.formats.place(of: path)?.isMounted ?? false }

    /// Notes that somebody is signed in, where the data plane is not what is asked.
    package func noteSignIn(of principal: Principal, _ request: HTTPRequest) {
        services.aggregator.noteSignIn(of: principal, request)
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await answer(request)
        } catch {
            return refusal.answer(error, request)
        }
    }

    package func immediateResponse(to request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .get else { return nil }
        let name = memo.name(of: request)
        let generation = services.catalogue.live.generation
        if let known = memo.answer(name, generation: generation, counters: services.counters, clock: services.clock) {
            if let key = known.principal.key { authenticator.noteUse(of: key, by: request) }
            return use(known.answer, by: known.principal, request)
        }
        let catalogue = services.catalogue.current
        guard let sender = authenticator.cached(request), let ready = ready(request, sender.principal, catalogue) else {
            return nil
        }
        memo.remember(ready, as: name, generation: catalogue.generation, sender: sender)
        return use(ready, by: sender.principal, request)
    }

    private func use(_ ready: any ReadyAnswer, by principal: Principal, _ request: HTTPRequest) -> HTTPResponse {
        services.noteUse(of: ready.validity, by: request)
        fromMemory.wrappingAdd(1, ordering: .relaxed)
        if ready.validity.isStale { stale.wrappingAdd(1, ordering: .relaxed) }
        services.aggregator.noteSignIn(of: principal, request)
        let response = ready.response(to: request)
        services.aggregator.note(ready.download, response, to: principal, request)
        return response
    }

    /// The answer that is in memory, for who may have it.
    private func ready(_ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot) -> (any ReadyAnswer)? {
        guard let known = resolver.known(request, principal, catalogue), known.repository.record.online else { return nil }
        switch known.route {
        case .index(let index, let offers):
            return indexes.ready(index, offers: offers, request: request, repository: known.repository, catalogue: catalogue)
        case .asset(let path, _): return assets.ready(path, repository: known.repository, catalogue: catalogue)
        case .upload, .session, .unpublish, .delete, .deleteAll, .redirect, .identity, .lookup, .staticDocument: return nil
        }
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        if let step = try await signIns.step(of: request) {
            if request.hasEncodedBody { throw SaveError.encodedBody }
            return try await signIns.answer(step, request)
        }
        let sender: Authentication
        if let known = authenticator.cached(request) {
            sender = known
        } else {
            sender = try await authenticator.authenticate(request)
        }
        let principal = sender.principal
        services.aggregator.noteSignIn(of: principal, request)
        if let (document, needsName) = resolver.mountDocument(at: request.rawPath) {
            return try RouteHandler.mountDocument(document, needsName: needsName, request, principal)
        }
        let catalogue = services.catalogue.current
        if let place = resolver.place(at: request.rawPath) { return try listing.answer(place, request, principal, catalogue) }
        let resolved: ResolvedRequest
        do {
            resolved = try await resolver.resolve(request, sender, catalogue)
        } catch {
            await refusals.note(error, request, principal, catalogue)
            throw error
        }
        try await authorize(resolved)
        guard resolved.repository.record.online else {
            let error = SaveError.offline(resolved.repository)
            await refusals.record(error, resolved)
            throw error
        }
        return try await perform(resolved)
    }

    /// The permission that a route needs: the only place that says so.
    package static func permission(for route: Route) -> Permission {
        switch route {
        case .index, .asset, .redirect, .identity, .lookup, .staticDocument: .read
        case .upload, .session: .write
        case .unpublish, .delete, .deleteAll: .delete
        }
    }

    private func authorize(_ resolved: ResolvedRequest) async throws {
        let permission = Self.permission(for: resolved.route)
        guard permission != .read else {
            // `resolve` has already answered 404 to callers without read access. Of what is for everybody the very route counts.
            guard resolved.granted.contains(.read) || resolved.repository.isPublicDocument(resolved.route) else {
                throw SaveError.noSuchRepository
            }
            return
        }
        switch AccessPolicy.decide(permission, on: resolved.repository, for: resolved.principal, granted: resolved.granted) {
        case .allowed: return
        case .unauthenticated:
            if !resolved.request.method.isRead {
                refusals.count(SaveError.signInFirst, resolved.request, resolved.principal, in: resolved.repository)
            }
            throw SaveError.signInFirst
        case .hidden: throw SaveError.noSuchRepository
        case .forbidden(let reason):
            let error = SaveError(.forbidden, reason)
            await refusals.record(error, resolved)
            throw error
        }
    }

    private func perform(_ resolved: ResolvedRequest) async throws -> HTTPResponse {
        let request = resolved.request
        switch resolved.route {
        case .index(let index, let offers):
            do {
                let answer = try await indexes.answer(
                    index, offers: offers, request: request, repository: resolved.repository, catalogue: resolved.catalogue)
                if answer.headers["x-save-cache"] != nil { stale.wrappingAdd(1, ordering: .relaxed) }
                return answer
            } catch  where offers.allSatisfy(\.isJSON) {
                return refusal.answer(error, request, onlyJSON: true)
            }
        case .asset(let path, let package):
            let (response, download) = try await assets.answer(
                path, package: package, request: request, repository: resolved.repository, catalogue: resolved.catalogue)
            services.aggregator.note(download, response, to: resolved.principal, request)
            return response
        case .redirect(let location, let permanent):
            if !permanent, let page = try await front.answer(resolved, index: location) { return page }
            return RouteHandler.redirect(resolved, to: location, permanent: permanent)
        case .identity(let member): return try RouteHandler.identity(resolved.principal, member: member)
        case .lookup(let lookup): return try await lookups.answer(lookup, request, in: resolved.repository)
        case .staticDocument(let document): return RouteHandler.document(document)
        case .upload, .session, .unpublish, .delete, .deleteAll:
            do {
                if request.hasEncodedBody { throw SaveError.encodedBody }
                return try await changes.answer(resolved) {
                    let path = try resolver.path(request.rawPath).dropping(3)
                    return try await AllowedMethods.field(of: path, in: resolved.repository)
                }
            } catch {
                await refusals.record(error, resolved)
                throw error
            }
        }
    }
}

internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A request whose repository and meaning are known, from somebody who may read there. What comes after works with these,
/// and looks nothing up by name again.
struct ResolvedRequest: Sendable {
    let request: HTTPRequest
    let sender: Authentication
    let repository: Repository
    let route: Route
    /// What the principal may do in the repository; at least read, except where the route is for everybody.
    let granted: Permissions
    let catalogue: CatalogueSnapshot

    var principal: Principal { sender.principal }

    var audit: AuditContext { AuditContext(request, principal) }
}

/// Finds the repository and the meaning of a request, once. A caller who may not read the repository learns neither.
struct RequestResolver: Sendable {
    let formats: FormatRegistry
    let routes = RouteMemo(size: 4 << 20)

    /// The path, decoded once, as the format that it begins with writes paths: `[format, project, repository, …]`, whether it
    /// came by the format's id or by its mount.
    func path(_ raw: ArraySlice<UInt8>) throws -> RequestPath {
        let place = formats.place(of: raw)
        return try RequestPath(
            decoding: Self.ordinary(raw, place),
            escapedSlashesSeparate: place?.descriptor.abilities.contains(.slashesInNames) ?? false)
    }

    /// The undecoded path with the format's id where its mount was. All that comes after knows no mounts.
    private func ordinary(_ raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> { Self.ordinary(raw, formats.place(of: raw)) }

    private static func ordinary(_ raw: ArraySlice<UInt8>, _ place: FormatPlace?) -> ArraySlice<UInt8> {
        guard let place, place.isMounted else { return raw }
        return (Array("/\(place.descriptor.id)".utf8) + place.rest)[...]
    }

    /// What a mount answers by itself, without a repository: at `/v2` and `/v2/`, say.
    func mountDocument(at raw: ArraySlice<UInt8>) -> (document: Document, needsName: Bool)? {
        guard let place = formats.place(of: raw), place.isMounted else { return nil }
        return place.descriptor.mount?.document(at: place.rest)
    }

    /// The page above repositories that a path names; nil for every other path. A mount lists nothing.
    func place(at raw: ArraySlice<UInt8>) -> CatalogueListing.Place? {
        guard let place = formats.place(of: raw), !place.isMounted, let path = try? path(raw),
            (1...2).contains(path.segments.count), let format = path.segments.first
        else { return nil }
        return CatalogueListing.Place(
            format: format, project: path.segments.dropFirst().first, endsInSlash: path.endsInSlash)
    }

    /// A GET that was resolved before, by anybody; nil for others, and for who may not read there.
    func known(_ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot) -> RouteMemo.Entry? {
        guard let known = routes.entry(for: request.target, in: catalogue) else { return nil }
        let granted = AccessPolicy.permissions(of: principal, on: known.repository, in: catalogue)
        let decision = AccessPolicy.decide(.read, on: known.repository, for: principal, granted: granted)
        return decision == .allowed || known.repository.isPublicDocument(known.route) ? known : nil
    }

    /// - Throws: `unauthenticated` or `repositoryNotFound` where there is nothing that the sender may read, and what the format
    ///   throws for a path or a method that it does not have.
    func resolve(
        _ request: HTTPRequest, _ sender: Authentication, _ catalogue: CatalogueSnapshot
    ) async throws -> ResolvedRequest {
        let principal = sender.principal
        if request.method == .get, let known = routes.entry(for: request.target, in: catalogue) {
            let granted =
                known.repository.isPublicDocument(known.route)
                ? AccessPolicy.permissions(of: principal, on: known.repository, in: catalogue)
                : try admit(principal, known.repository, catalogue)
            return ResolvedRequest(
                request: request, sender: sender, repository: known.repository, route: known.route, granted: granted,
                catalogue: catalogue)
        }
        // pipenv puts a slash between an index URL that ends in one and the package. Nothing may be served below such a path,
        // because relative links would lead elsewhere.
        let shorter = request.method.isRead ? RequestPath.withoutEmptySegments(request.rawPath) : nil
        let (path, repository) = try find(request, shorter, principal, catalogue)
        let granted: Permissions
        var document: Route?
        do {
            granted = try admit(principal, repository, catalogue)
        } catch {
            if shorter == nil { document = await publicDocument(request, path, of: repository) }
            guard document != nil else { throw error }
            granted = []
        }
        let route: Route
        if let shorter {
            route = .redirect(to: shorter, permanent: true)
        } else if let document {
            // The very answer of the format that was looked at. It is not remembered: a caller who may read nothing else must not push
            // out what those remember who may.
            route = document
        } else {
            route = spelled(
                try await meaning(of: request, path.dropping(3), in: repository), try spelling(of: request, repository))
            if request.method == .get {
                routes.remember(RouteMemo.Entry(repository: repository, route: route), for: request.target)
            }
        }
        return ResolvedRequest(
            request: request, sender: sender, repository: repository, route: route, granted: granted, catalogue: catalogue)
    }

    /// What a request asks for, where that is a document that everybody may read. Only a format that has such is asked.
    private func publicDocument(_ request: HTTPRequest, _ path: RequestPath, of repository: Repository) async -> Route? {
        guard request.method.isRead, repository.descriptor.abilities.contains(.publicDocuments),
            let route = try? await meaning(of: request, path.dropping(3), in: repository),
            repository.isPublicDocument(route)
        else { return nil }
        return route
    }

    /// The path and the repository that it names.
    private func find(
        _ request: HTTPRequest, _ shorter: String?, _ principal: Principal, _ catalogue: CatalogueSnapshot
    ) throws -> (RequestPath, Repository) {
        let raw = shorter.map { Array($0.utf8)[...] } ?? request.rawPath
        do {
            let path = try path(raw)
            return (path, try find(path, principal, catalogue))
        } catch let error as SaveError where error.code == .invalidRequest && request.method.isRead {
            // An encoded slash is a part of a name to some upstreams. Nothing that is hosted has one.
            guard let format = formats.place(of: raw)?.descriptor, !format.abilities.contains(.upstreamIndexes),
                format.abilities.contains(.proxy), let path = try? RequestPath(keepingEscapedSlashes: ordinary(raw))
            else { throw error }
            let repository = try find(path, principal, catalogue)
            // A caller that may not read it does not learn what kind it is.
            _ = try admit(principal, repository, catalogue)
            guard Self.passesOn(repository) else { throw error }
            return (path, repository)
        }
    }

    /// Whether upstreams are asked for files of the repository by what clients ask for.
    private static func passesOn(_ repository: Repository) -> Bool {
        repository.record.kind != .hosted && !repository.descriptor.abilities.contains(.upstreamIndexes)
    }

    private func spelling(of request: HTTPRequest, _ repository: Repository) throws -> RequestSpelling? {
        guard request.method.isRead, Self.passesOn(repository) else { return nil }
        return try RequestSpelling(rawPath: ordinary(request.rawPath), rawQuery: request.rawQuery)
    }

    private func spelled(_ route: Route, _ spelling: RequestSpelling?) -> Route {
        switch (route, spelling) {
        case (.asset(let path, package: nil), let spelling?): return .asset(path.spelled(spelling), package: nil)
        case (.index(.directory(let path?), let offers), let spelling?):
            // A query is about the page. Where the spelling says nothing that the path does not, there is one page of both.
            let directory = RequestSpelling(path: String(decoding: spelling.path.utf8.dropLast(), as: UTF8.self), query: nil)
            guard let key = try? SpelledKey.path(of: directory), key != path else { return route }
            return .index(.directory(path.spelled(directory)), offers: offers)
        default: return route
        }
    }

    private func meaning(of request: HTTPRequest, _ path: RequestPath, in repository: Repository) async throws -> Route {
        let query = try QueryItems(decoding: request.rawQuery)
        do {
            return try await repository.format.route(
                FormatRequest(method: request.method, path: path, query: query, contentType: request.headers["content-type"]))
        } catch {
            throw await AllowedMethods.refusal(error, of: request.method, path, in: repository)
        }
    }

    /// The repository that a path names.
    ///
    /// - Throws: `notFound` for a path too short to name one, `unauthenticated` or `repositoryNotFound` where there is none.
    func find(_ path: RequestPath, _ principal: Principal, _ catalogue: CatalogueSnapshot) throws -> Repository {
        guard path.segments.count >= 3 else { throw CatalogueListing.nothing }
        let found = catalogue.repository(project: path.segments[1], name: path.segments[2])
        if let found, found.record.format == path.segments[0] { return found }
        if case .anonymous = principal { throw SaveError.signInFirst }
        throw SaveError.noSuchRepository
    }

    /// The repository of a request whose meaning does not matter.
    ///
    /// - Throws: `unauthenticated` or `repositoryNotFound` where there is none that the sender may read.
    func repository(of request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot) throws -> Repository {
        let repository = try find(path(request.rawPath), principal, catalogue)
        _ = try admit(principal, repository, catalogue)
        return repository
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
        case .unauthenticated: throw SaveError.signInFirst
        case .forbidden, .hidden: throw SaveError.noSuchRepository
        }
    }
}

extension Repository {
    /// Whether a route reads a document that everybody may read, whoever may read the repository.
    func isPublicDocument(_ route: Route) -> Bool {
        guard case .index(let index, _) = route else { return false }
        return isPublicDocument(index)
    }

    func isPublicDocument(_ index: IndexKey) -> Bool {
        guard case .document(_, isPublic: true) = index else { return false }
        return descriptor.abilities.contains(.publicDocuments)
    }
}

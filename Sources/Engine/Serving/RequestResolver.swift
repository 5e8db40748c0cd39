internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Finds the repository and the route of a request, once. A caller who may not read the repository learns neither.
struct RequestResolver: RequestResolving {
    let formats: FormatRegistry
    let catalogue: CurrentCatalogue
    private let clock: PlatformClock
    private let routes = RouteMemo(size: 4 << 20)

    init(formats: FormatRegistry, catalogue: CurrentCatalogue, clock: PlatformClock) {
        self.clock = clock
        self.formats = formats
        self.catalogue = catalogue
    }

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

    func known(_ request: HTTPRequest, _ sender: Authentication) -> ResolvedRequest? {
        known(request, sender, catalogue.snapshot)
    }

    private func known(
        _ request: HTTPRequest, _ sender: Authentication, _ catalogue: CatalogueSnapshot
    ) -> ResolvedRequest? {
        guard request.method == .get, let known = routes.entry(for: request.target, in: catalogue) else { return nil }
        return ResolvedRequest(request, sender, known.repository, known.route, catalogue, asOf: known.asOf)
    }

    func resolve(_ request: HTTPRequest, _ sender: Authentication) async throws -> ResolvedRequest {
        let catalogue = catalogue.snapshot
        if let known = known(request, sender, catalogue) { return known }
        // pipenv puts a slash between an index URL that ends in one and the package. Nothing may be served below such a path,
        // because relative links would lead elsewhere.
        let shorter = request.method.isRead ? RequestPath.withoutEmptySegments(request.rawPath) : nil
        let (path, repository) = try find(request, shorter, sender.principal, catalogue)
        do {
            // Before the format is asked: what it says of a path is not for callers who may not read the repository.
            try admit(sender.principal, to: repository, catalogue)
        } catch {
            guard shorter == nil, let place = try? place(path),
                let document = await publicDocument(request, place, of: repository)
            else { throw error }
            // The very answer of the format that was looked at. It is not remembered: callers without access must not push out what is
            // remembered for others.
            return ResolvedRequest(request, sender, repository, document, catalogue, asOf: place.asOf)
        }
        let place = try place(path)
        let route: Route
        if let shorter {
            route = .redirect(to: shorter, permanent: true)
        } else {
            route = spelled(
                try await meaning(of: request, place, in: repository), try spelling(of: request, place, repository))
            if request.method == .get {
                routes.remember(
                    RouteMemo.Entry(repository: repository, route: route, asOf: place.asOf), for: request.target)
            }
        }
        return ResolvedRequest(request, sender, repository, route, catalogue, asOf: place.asOf)
    }

    /// A place in a repository, and as of when it is read.
    private struct Place {
        let below: RequestPath
        /// nil for now.
        let asOf: Timestamp?
    }

    /// - Throws: `invalidRequest` for a time at which no repository can be read.
    private func place(_ path: RequestPath) throws -> Place {
        let below = path.dropping(3)
        guard let read = try AsOf.split(below, now: clock.now()) else { return Place(below: below, asOf: nil) }
        return Place(below: read.below, asOf: read.time)
    }

    /// What a request asks for, where that is a public document. Only a format that has such documents is asked.
    private func publicDocument(_ request: HTTPRequest, _ place: Place, of repository: Repository) async -> Route? {
        guard request.method.isRead, repository.descriptor.abilities.contains(.publicDocuments),
            let route = try? await meaning(of: request, place, in: repository),
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
            try admit(principal, to: repository, catalogue)
            guard Self.passesOn(repository) else { throw error }
            return (path, repository)
        }
    }

    /// Whether upstreams are asked for files of the repository by what clients ask for.
    private static func passesOn(_ repository: Repository) -> Bool {
        repository.record.kind != .hosted && !repository.descriptor.abilities.contains(.upstreamIndexes)
    }

    private func spelling(of request: HTTPRequest, _ place: Place, _ repository: Repository) throws -> RequestSpelling? {
        guard request.method.isRead, Self.passesOn(repository) else { return nil }
        let raw = ordinary(request.rawPath)
        return try RequestSpelling(rawPath: place.asOf == nil ? raw : Self.withoutTime(raw), rawQuery: request.rawQuery)
    }

    /// An undecoded path without the two segments that say as of when it is read.
    private static func withoutTime(_ raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let slashes = raw.indices.filter { raw[$0] == UInt8(ascii: "/") }
        guard slashes.count > 3 else { return raw }
        let rest = slashes.count > 5 ? raw[slashes[5]...] : [UInt8(ascii: "/")]
        return raw[..<slashes[3]] + rest
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

    /// - Throws: what the format throws; `methodNotAllowed` where something is to be changed that was.
    private func meaning(of request: HTTPRequest, _ place: Place, in repository: Repository) async throws -> Route {
        let query = try QueryItems(decoding: request.rawQuery)
        let isPast = place.asOf != nil
        do {
            let route = try await repository.format.route(
                FormatRequest(
                    method: request.method, path: place.below, query: query, contentType: request.headers["content-type"]))
            guard isPast, RouteAuthorization.permission(for: route) != .read else { return route }
            throw Self.isPast
        } catch {
            // Whatever else the format says of a change, such as a sign-in that has to be sent elsewhere.
            let isChange = isPast && !request.method.isRead && ErrorResponder.isRefusal(error)
            throw await AllowedMethods.refusal(
                isChange ? Self.isPast : error, of: request.method, place.below, in: repository, isPast: isPast)
        }
    }

    private static let isPast = SaveError(
        .methodNotAllowed,
        "below /\(AsOf.marker)/ is the repository as it was, which can only be read: leave out /\(AsOf.marker)/ and the time",
        details: ["allow": "GET, HEAD, OPTIONS"])

    /// The repository that a path names.
    ///
    /// - Throws: `notFound` for a path too short to name one, `unauthenticated` or `repositoryNotFound` where there is none.
    func find(_ path: RequestPath, _ principal: Principal, _ catalogue: CatalogueSnapshot) throws -> Repository {
        guard path.segments.count >= 3 else { throw SaveError.nothingHere }
        let found = catalogue.repository(project: path.segments[1], name: path.segments[2])
        if let found, found.record.format == path.segments[0] { return found }
        if case .anonymous = principal { throw SaveError.signInFirst }
        throw SaveError.noSuchRepository
    }

    /// The repository of a request whose route does not matter.
    ///
    /// - Throws: `unauthenticated` or `repositoryNotFound` where there is none that the sender may read.
    func repository(of request: HTTPRequest, _ principal: Principal) throws -> Repository {
        let catalogue = catalogue.snapshot
        let repository = try find(path(request.rawPath), principal, catalogue)
        try admit(principal, to: repository, catalogue)
        return repository
    }

    /// Refuses callers who may not read a repository.
    private func admit(_ principal: Principal, to repository: Repository, _ catalogue: CatalogueSnapshot) throws {
        try RouteAuthorization.check(
            .read, on: repository, for: principal,
            granted: AccessPolicy.permissions(of: principal, on: repository, in: catalogue))
    }
}

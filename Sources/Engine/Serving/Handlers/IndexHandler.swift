internal import SaveAccess
internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage
internal import Synchronization

/// Rendered indexes: negotiated, compressed, with strong validators, kept in memory until something they depend on
/// changes.
struct IndexHandler: RouteHandler {
    private struct Key: AnswerKey {
        let repository: Int64
        let index: IndexKey
        let type: MediaType
        let isCompressed: Bool
        /// What absolute URLs on the page begin with, where it has such.
        let origin: String?
        /// As of when the repository is shown; nil for now.
        let asOf: Timestamp?

        /// The essence tells types apart well enough; hashing the whole field as well would cost as much again.
        func hash(into hasher: inout Hasher) {
            hasher.combine(repository)
            hasher.combine(index)
            hasher.combine(type.essence)
            hasher.combine(isCompressed)
            hasher.combine(asOf)
        }
    }

    /// Which rendering may be shared: one of the same page that began after the same changes.
    private struct Flight: Hashable, Sendable {
        let key: Key
        let upstreams: [UpstreamID]
        let versions: [ChangeCounters.Version]
    }

    private let services: RepositorySources
    private let revalidation: UpstreamRevalidation
    private let externalOrigin: String?
    private let compression: PageCompression
    /// Nil where pages show no advisories.
    private let advisories: AdvisoryDatabase?
    /// By repository, index, type, coding, origin and time (`RenderingTests`, `AsOfTests`).
    private let cache: AnswerCache<Key, CachedAnswer>
    private let flights = SingleFlight<Flight, CachedAnswer>()
    private let renderings = Renderings()

    private final class Renderings: Sendable {
        let count = Atomic<Int>(0)
    }

    /// Listings above this are rendered on a thread that may take its time.
    private static let maxInlineFiles = 200
    /// Bytes of a file that a page shows the content of.
    private static let maxDocumentBytes = 4 << 20
    /// Nanoseconds after which a page that lacks a document is made again.
    private static let documentRetry: UInt64 = 10_000_000_000

    /// - Parameters:
    ///   - cacheSize: bytes of rendered pages kept.
    ///   - externalOrigin: the scheme and host that clients use, for pages that need absolute URLs.
    ///   - compression: gzip.
    init(
        services: RepositorySources, revalidation: UpstreamRevalidation, cacheSize: Int, externalOrigin: String?,
        compression: PageCompression, advisories: AdvisoryDatabase? = nil
    ) {
        self.advisories = advisories
        self.services = services
        self.revalidation = revalidation
        self.externalOrigin = externalOrigin
        self.compression = compression
        cache = AnswerCache(limit: cacheSize, counters: services.counters, clock: services.clock)
    }

    /// The number of pages kept and their bytes.
    var usage: (count: Int, cost: Int) { cache.usage }

    /// Pages that were rendered since the start.
    var renderingCount: Int { renderings.count.load(ordering: .relaxed) }

    func reply(to resolved: ResolvedRequest) throws -> Reply {
        guard case .index(let index, let offers) = resolved.route else { throw SaveError.misrouted }
        let request = resolved.request
        guard let type = ContentNegotiation.choose(offers, accept: request.headers["accept"]) else {
            throw SaveError(
                .notAcceptable,
                "this page comes as \(offers.map(\.essence).joined(separator: ", ")); none of them is acceptable to the client")
        }
        let key = key(index, type, resolved)
        let known = cache.current(key, in: resolved.catalogue)
        // What is made while it is sent is not made on the thread that serves all others.
        if let known, known.isWhole, !demandsUpstream(known.validity, request) { return .ready(known) }
        return .pending {
            let page = try await currentPage(key, resolved)
            return Answer(page, validity: page.validity, isFromMemory: page === known, to: request)
        }
    }

    /// Whether a client that is given what has this validity wants an upstream asked first, and has to wait for that.
    private func demandsUpstream(_ validity: CacheValidity, _ request: HTTPRequest) -> Bool {
        !validity.ttls.isEmpty && Revalidation(request) == .demanded
    }

    /// The page as it is now, or as upstreams have it now where the client demands that.
    private func currentPage(_ key: Key, _ resolved: ResolvedRequest) async throws -> CachedAnswer {
        let (repository, catalogue) = (resolved.repository, resolved.catalogue)
        let started = services.clock.uptime()
        do {
            let known = try await page(key, repository, catalogue)
            guard demandsUpstream(known.validity, resolved.request),
                await revalidation.insist(on: known.validity, askedBefore: started)
            else { return known }
        } catch let miss as SourceMiss {
            guard demandsUpstream(miss.validity, resolved.request),
                await revalidation.insist(on: miss.validity, askedBefore: started)
            else { throw miss }
        }
        return try await page(key, repository, catalogue)
    }

    /// The page that is in memory, or a new one.
    private func page(_ key: Key, _ repository: Repository, _ catalogue: CatalogueSnapshot) async throws -> CachedAnswer {
        if let known = cache.current(key, in: catalogue) { return known }
        let leaves = repository.record.kind == .group ? catalogue.leaves(of: repository) : [repository]
        let flight = Flight(
            key: key, upstreams: leaves.map(\.upstream),
            versions: leaves.map { services.counters.version($0.record.id, .index(key.index)) }
                + [services.advisories(for: repository).version])
        return try await flights.run(flight) { try await make(key, repository, catalogue) }
    }

    /// The fields of a request that decide which page it gets, or whether an upstream is asked first.
    static let decidingFields: [StaticString] = ["accept", "accept-encoding", "cache-control", "host"]

    private func key(_ index: IndexKey, _ type: MediaType, _ resolved: ResolvedRequest) -> Key {
        let (request, repository) = (resolved.request, resolved.repository)
        // Without a configured origin a page with absolute URLs is made for each that clients use, and shown to no others.
        var isAbsolute = repository.descriptor.abilities.contains(.absoluteLinks)
        // What is no page of links has no base that its readers would resolve one against: bandersnatch takes a path for one below
        // the URL of the repository.
        switch index {
        case .custom, .document: isAbsolute = true
        case .root, .package, .directory, .search: break
        }
        return Key(
            repository: repository.record.id, index: index, type: type,
            isCompressed: ContentNegotiation.acceptsGzip(request.headers.bytes(of: "accept-encoding")),
            origin: externalOrigin ?? (isAbsolute ? request.origin : nil), asOf: resolved.asOf)
    }

    private func make(_ key: Key, _ repository: Repository, _ catalogue: CatalogueSnapshot) async throws -> CachedAnswer {
        let source = services.source(of: repository, in: catalogue, asOf: key.asOf)
        var sourced = SourcedListing(listing: Listing(), validity: CacheValidity())
        // What is about the repository itself needs nothing of it.
        var isKept = key.index.isKept
        do {
            if case .document = key.index {} else { sourced = try await source.listing(key.index) }
        } catch let miss as SourceMiss where miss.error.code == .packageNotFound {
            guard try await isThere(key.index, without: repository, catalogue) else { throw miss }
            // Anybody can invent names of packages.
            (sourced.validity, isKept) = (miss.validity, false)
        }
        if case .search(let query) = key.index { sourced.listing.found.cut(to: query) }
        if externalOrigin == nil, let origin = key.origin { sourced.listing.linkReasons(from: origin) }
        // The repository itself counts, too: a group's members may change. Its version is taken last, because fetching an
        // upstream's page changes it, and what the listing rests on is in its own validity.
        sourced.validity.dependencies += services.structure(of: repository, .index(key.index), in: catalogue)
        try await addAdvisories(to: &sourced, for: key.index, of: repository)
        let listing = sourced.listing
        let (documents, refusal) = try await documents(for: key.index, of: repository, from: source, &sourced)
        let earlier = cache.last(key)
        if let earlier, earlier.validity.isSameState(as: sourced.validity) {
            // Most often the upstream has confirmed what it said before.
            return isKept ? keep(earlier.holding(as: sourced.validity), for: key) : earlier.holding(as: sourced.validity)
        }
        renderings.count.wrappingAdd(1, ordering: .relaxed)
        let context = RenderContext(
            basePath: repository.basePath + (key.asOf.map(AsOf.path) ?? ""), externalOrigin: key.origin, documents: documents,
            reservedNames: catalogue.reservedNames(in: repository, showing: sourced), isPrivate: !repository.record.anonymousRead)
        let count = listing.assets.count + listing.packages.count
        let pool = count > Self.maxInlineFiles ? services.processors : nil
        let rendering = try await repository.format.ask(on: pool, lasting: .rendering(count)) { format in
            do {
                let document = try format.render(key.index, as: key.type, from: listing, context: context)
                return try Rendering(document, key.isCompressed ? compression : nil)
            } catch { throw refusal ?? error }
        }
        let change = isKept ? LastChange(to: rendering.etag, at: services.clock.now(), after: earlier) : nil
        let answer = CachedAnswer(
            response: response(
                rendering, change, repository.record.anonymousRead || repository.isPublicDocument(key.index),
                isStale: sourced.validity.isStale),
            etag: rendering.etag, lastModified: change?.validator, validity: sourced.validity,
            cost: rendering.cost + 1024, body: body(of: rendering, repository.format))
        return isKept ? keep(answer, for: key) : answer
    }

    /// Whether an index is there, and empty, though nobody has its package (`IndexesWithoutPackages`).
    private func isThere(_ index: IndexKey, without repository: Repository, _ catalogue: CatalogueSnapshot) async throws -> Bool {
        guard let format = repository.format.cast({ $0 as? any IndexesWithoutPackages }) else { return false }
        let leaves = repository.record.kind == .group ? catalogue.leaves(of: repository) : [repository]
        guard leaves.allSatisfy({ $0.record.kind == .hosted }) else { return false }
        return try await format.ask { $0.isThereWithoutPackage(index) }
    }

    /// Says on the indexes that a format makes for that which advisories there are of a package.
    ///
    /// - Throws: where the advisories cannot be read: a client that looks for them must not be told that there are none.
    private func addAdvisories(
        to sourced: inout SourcedListing, for index: IndexKey, of repository: Repository
    ) async throws {
        guard let package = index.showingAdvisories, let advisories,
            let ecosystem = advisories.ecosystem(of: repository.record.format)
        else { return }
        sourced.validity.dependencies.append(services.advisories(for: repository))
        let versions = Set(sourced.listing.assets.compactMap(\.version))
        sourced.listing.attributes["advisories"] = .array(
            try await advisories.shown(of: package, versions: versions, in: ecosystem))
    }

    private func keep(_ answer: CachedAnswer, for key: Key) -> CachedAnswer {
        // Neither must a host that a caller made up push out other pages.
        if case .document = key.index, externalOrigin == nil { return answer }
        cache.insert(answer, for: key, cost: answer.cost)
        return answer
    }

    /// The body of a page that is sent in pieces.
    private func body(
        of rendering: Rendering, _ format: IsolatedFormat<any RepositoryFormat>
    ) -> (@Sendable () throws -> ByteStream)? {
        guard case .pieces(let pieces, let length) = rendering.content else { return nil }
        let begin = rendering.isCompressed ? compression.begin : nil
        let pool = services.processors
        return {
            let stream = try PieceStream(pieces, begin)
            return ByteStream(length: begin == nil ? length : nil) {
                try await format.ask(on: pool, lasting: .long) { _ in try stream.next() }
            }
        }
    }

    /// The bytes of the files that the format wants to show. One that cannot be had is left out; when an upstream is at
    /// fault, the page is soon made again.
    ///
    /// - Returns: also why a file is not given out, for a page that is nothing without it.
    private func documents(
        for index: IndexKey, of repository: Repository, from source: any ContentSource, _ sourced: inout SourcedListing
    ) async throws -> ([[UInt8]], SaveError?) {
        // What is about the repository itself needs nothing of it, and may be public.
        if case .document = index { return ([], nil) }
        guard let format = repository.format.cast({ $0 as? any IndexEmbeddingFiles }) else { return ([], nil) }
        var documents: [[UInt8]] = []
        var refusal: SaveError?
        let listing = sourced.listing
        for path in try await format.ask({ try $0.documents(for: index, in: listing) }) {
            do {
                let content = try await source.asset(path, package: index.package, method: .get)
                documents.append(try await content.bytes(limit: Self.maxDocumentBytes, pool: services.pool))
                if case .stored(_, _, let validity) = content { sourced.validity.merge(validity) }
            } catch let miss as SourceMiss {
                sourced.validity.merge(miss.validity)
            } catch let error as SaveError where error.code == .blocked {
                refusal = error
            } catch let error as SaveError {
                services.log(.warning, "a page lacks a document", ["file": path.text, "error": error.description])
                sourced.validity.validUntil = min(
                    sourced.validity.validUntil ?? .max, services.clock.uptime() &+ Self.documentRetry)
            }
        }
        return (documents, refusal)
    }

    private func response(
        _ rendering: Rendering, _ change: LastChange?, _ isPublic: Bool, isStale: Bool
    ) -> HTTPResponse {
        var response = HTTPResponse(status: 200)
        if case .whole(let bytes) = rendering.content { response.body = .bytes(bytes) }
        response.headers.append("Content-Type", rendering.type.value)
        if rendering.isCompressed { response.headers.append("Content-Encoding", "gzip") }
        response.headers.append("ETag", rendering.etag)
        if let change { response.headers.append("Last-Modified", change.time.httpDate) }
        // A publish shows at once, so a copy is never used unasked; asking costs a 304.
        response.headers.append("Cache-Control", isPublic ? "no-cache" : "private, no-cache")
        response.headers.append(
            "Vary", isPublic ? "Accept, Accept-Encoding" : "Accept, Accept-Encoding, Authorization")
        response.headers.append("X-Content-Type-Options", "nosniff")
        // Names are other people's text: even if a format forgot to escape one, nothing on the page runs.
        response.headers.append("Content-Security-Policy", HTTPResponse.inertPolicy)
        if isStale {
            response.headers.append("X-Save-Cache", "stale")
            response.headers.append("Warning", "110 - \"Response is Stale\"")
        }
        for (name, value) in rendering.headers.sorted(by: { $0.key < $1.key }) where response.headers[name] == nil {
            response.headers.append(name, value)
        }
        return response
    }
}

extension IndexKey {
    /// Whether it stays in memory, so that it is known when it changed: words that are searched for once, and pages of a size that one client
    /// chose, must not push out pages that many clients ask for.
    fileprivate var isKept: Bool {
        switch self {
        case .search: false
        case .custom(let name, _): !name.utf8.contains(UInt8(ascii: "?"))
        case .root, .package, .directory, .document: true
        }
    }

    /// The package whose advisories an index shows: its name begins with `advisories/`. All others do without the advisories, also
    /// where these cannot be read.
    fileprivate var showingAdvisories: PackageID? {
        guard case .custom(let name, let package?) = self, name.utf8.starts(with: "advisories/".utf8) else { return nil }
        return package
    }
}

extension Listing {
    /// Reasons that end with a path lead to the host that the page is for.
    fileprivate mutating func linkReasons(from origin: String) {
        for place in assets.indices {
            guard let reason = assets[place].withdrawn?.reason else { continue }
            let linked = RefusalLine.linked(reason, from: origin)
            if linked.utf8.count != reason.utf8.count { assets[place].withdrawn = Withdrawal(reason: linked) }
        }
    }
}

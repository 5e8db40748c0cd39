internal import SaveCaching
internal import SaveAccess
internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// One index of an upstream: asked for, read, and kept as it came.
struct UpstreamPage: Sendable {
    typealias KnownIndex = UpstreamMemory.KnownIndex

    /// The upstream says that it has no such index.
    struct Missing: Error {
        let status: Int
    }

    let context: UpstreamContext
    let index: IndexKey
    /// What the index is read with.
    let configuration: UpstreamConfiguration?
    /// The files that it was last reconciled with, for those who make the package's pages of it.
    let lastRead = UpstreamMemory.LastRead()

    init(_ context: UpstreamContext, _ index: IndexKey, _ configuration: UpstreamConfiguration?) {
        self.context = context
        self.index = index
        self.configuration = configuration
    }

    // MARK: The upstream

    /// What the upstream gave.
    struct Fetched {
        let known: KnownIndex
        let status: Int
        /// Whether it is another listing than what is cached.
        let isChanged: Bool
    }

    /// Asks the upstream, with the validators of what is cached.
    ///
    /// - Throws: `Missing`, `UpstreamFailure`, and what the client and the stores throw.
    func fetch(_ cached: KnownIndex?) async throws -> Fetched {
        let base = UpstreamBase(context)
        var search = Search()
        if index == UpstreamConfiguration.index, let places = try await base.placesToTry() {
            return try await fetch(cached, inFirstOf: places)
        }
        if index.package != nil, let guess = try await base.firstGuess() {
            // A page that is there proves its place; lists are asked for only where it is not.
            if let answer = try await fetch(cached, looking: &search, in: guess.place, isGuess: !guess.isOnly) { return answer }
            if guess.isOnly { return try await fetch(cached, where: search) }
        }
        switch try await base.place() {
        case .known(let known): return try await fetch(cached, from: known)
        case .unsure(let places) where index.package != nil:
            for place in places {
                if let answer = try await fetch(cached, looking: &search, in: place) { return answer }
            }
            return try await fetch(cached, where: search)
        case .unsure: return try await fetch(cached, from: try await base.proven())
        }
    }

    func fetch(_ cached: KnownIndex?, from base: String) async throws -> Fetched {
        let (wanted, response) = try await ask(base, validating: cached?.row)
        switch response.status {
        case 200: return try await accept(response, limit: wanted.maxSize, from: base, cached)
        case 304:
            guard let cached else {
                throw invalid("the upstream answered 304 to an unconditional request: check what is in front of it", 304)
            }
            return try await verified(cached)
        default: throw failure(response, asking: wanted.url)
        }
    }

    /// Asks the upstream for what is read once and not kept.
    ///
    /// - Throws: what `fetch` throws.
    func once() async throws -> Listing {
        let base = try await UpstreamBase(context).likeliest()
        let (wanted, response) = try await ask(base, validating: nil)
        guard response.status == 200 else { throw failure(response, asking: wanted.url) }
        let bytes = try await all(response, limit: wanted.maxSize)
        return try await read(
            document(bytes, from: response.url, response.headers["content-type"]), from: base, isKnown: true)
    }

    private func ask(_ base: String, validating row: CachedIndex?) async throws -> (UpstreamRequest, ClientResponse) {
        var wanted = try await request(below: base)
        var firstMiss: (any Error)?
        for place in wanted.places(last: row?.url) {
            wanted.url = place
            let response = try await send(wanted, validating: row)
            guard context.settings.meansMissing(response.status) else { return (wanted, response) }
            firstMiss = firstMiss ?? missing(response.status, place)
        }
        throw firstMiss ?? Missing(status: 404)
    }

    private func send(_ wanted: UpstreamRequest, validating row: CachedIndex?) async throws -> ClientResponse {
        try checkServer(of: wanted.url)
        // An index that another server answers for is that server's: it was not configured, and who runs it is not known.
        var request = ClientRequest(
            url: wanted.url, credentials: context.credentials(for: wanted.url), decodes: true, waitsForReader: large != nil,
            maxSize: wanted.maxSize,
            redirects: .sameServer)
        if let accept = wanted.accept { request.headers.append("Accept", accept) }
        // Validators are of the URL that they came from, and a configuration may have moved the index since.
        if let row, row.url == wanted.url || configuration == nil && wanted.furtherURLs.isEmpty {
            if let etag = row.etag { request.headers.append("If-None-Match", etag) }
            if let lastModified = row.lastModified { request.headers.append("If-Modified-Since", lastModified) }
        }
        return try await context.client.send(request)
    }

    private func request(below base: String) async throws -> UpstreamRequest {
        let format = context.repository.format
        guard let configuring = context.repository.configuring else {
            return try await format.upstreamRequest(for: .index(index), base: base)
        }
        guard let configuration else { return try await configuring.ask { try $0.configurationRequest(base: base) } }
        let (index, value) = (index, configuration.value)
        return try await configuring.ask { try $0.upstreamRequest(for: .index(index), base: base, configuration: value) }
    }

    /// An upstream without the document that says where things are is none of the format, whatever it has besides.
    private func missing(_ status: Int, _ url: String) -> any Error {
        guard index == UpstreamConfiguration.index else { return Missing(status: status) }
        return invalid(
            "the upstream does not have \(UpstreamConfiguration.path(url)) (\(status)), which says where its files are: check remote_url",
            status)
    }

    /// What messages call it.
    var noun: String { index == UpstreamConfiguration.index ? "configuration" : "index" }

    private func failure(_ response: ClientResponse, asking url: String) -> UpstreamFailure {
        let status = response.status
        switch status {
        case 300..<400:
            let target = response.headers["location"].flatMap { URLReference.resolve($0, against: url) }
            let host = target.flatMap { URLOrigin(of: $0) }?.host ?? "nowhere"
            return invalid(
                "the upstream redirects this \(noun) to another server, \(host), which was not asked: point remote_url to where the index is, or list \(status) in missing_statuses if that is how the upstream says that it has no such package",
                status, redirectedTo: host)
        case 401:
            return UpstreamFailure(
                SaveError(
                    .upstreamInvalid, "the upstream refuses access (401): check remote_username and remote_password of the proxy"),
                status: status, concernsAll: true)
        case 403:
            return invalid(
                "the upstream refuses access (403); list 403 in missing_statuses if that is how it says that it has no such package",
                status)
        default:
            let seconds = RetryAfter.seconds(response.headers["retry-after"], now: context.clock.now())
            // 500 may be about one page; these are about the server.
            let concernsAll = [429, 502, 503, 504].contains(status)
            return UpstreamFailure(
                SaveError(
                    .upstreamUnavailable, "the upstream answered \(status): ask again later",
                    details: seconds.map { ["retry_after": String($0)] } ?? [:]),
                status: status, retryAfter: seconds, concernsAll: concernsAll)
        }
    }

    func invalid(_ message: String, _ status: Int?, redirectedTo: String? = nil) -> UpstreamFailure {
        UpstreamFailure(
            SaveError(.upstreamInvalid, message), status: status, concernsAll: false, redirectedTo: redirectedTo)
    }

    private func verified(_ cached: KnownIndex) async throws -> Fetched {
        func fetched(_ known: KnownIndex, isChanged: Bool = false) -> Fetched {
            Fetched(known: known, status: 304, isChanged: isChanged)
        }
        var row = cached.row
        row.verified = context.clock.now()
        let verified = row
        await context.memory.copies.finish { $0 == key }
        try await context.store.write { writing in
            // Where this page's copy did not get to the disk, there is none, or an older one, of which nothing was said.
            guard try isAsked(in: writing), try writing.cachedIndex(verified.repository, verified.key)?.blob == verified.blob
            else { return }
            try writing.put(verified)
        }
        // Files that came since may tell what the upstream does not; that is another page, if the upstream's is not.
        let end = context.deadline(seconds: context.settings.cacheTTL)
        if cached.offered.isIncomplete {
            let completed = cached.offered.completed(by: try await files())
            if completed.listing != cached.offered.listing {
                return fetched(known(completed, verified, until: end), isChanged: true)
            }
        }
        if cached.isStale { return fetched(known(cached.offered, verified, cached.ttl.content, until: end)) }
        // Everything that was made of the page goes on to hold.
        cached.ttl.renew(now: context.clock.uptime(), until: end)
        return fetched(cached.verified(verified))
    }

    private func accept(
        _ response: ClientResponse, limit: Int64, from base: String, _ cached: KnownIndex?
    ) async throws -> Fetched {
        let contentType = response.headers["content-type"]
        let listing: Listing
        let digest: BlobDigest
        var bytes: [UInt8]?
        var writer: (any BlobWriter)?
        if let format = large {
            (listing, digest, writer) = try await bounded(limit) {
                try await receive(response.body, from: response.url, contentType, format)
            }
        } else {
            let all = try await all(response, limit: limit)
            let document = document(all, from: response.url, contentType)
            async let digested = context.processors.run(lasting: .reading(all.count)) { BlobDigest(of: all) }
            listing = try await read(document, from: base, isKnown: cached != nil)
            digest = try await digested
            bytes = all
        }
        try await lookAgain(at: listing, before: cached)
        let now = context.clock.now()
        let row = CachedIndex(
            repository: context.id, key: index.text, blob: digest, url: response.url, contentType: contentType,
            etag: response.headers["etag"], lastModified: response.headers["last-modified"], fetched: now, verified: now)
        let (copied, held) = (bytes, writer)
        await context.memory.copies.add(key) {
            await copy(copied, row)
            await held?.cancel()
        }
        let offered = try await offered(listing)
        let isOdd = try await report(offered, since: cached?.offered)
        let end = context.deadline(seconds: context.settings.cacheTTL)
        guard let cached, cached.listing == offered.listing, !isOdd else {
            return Fetched(known: known(offered, row, until: end), status: 200, isChanged: true)
        }
        // Some servers know no validators, and send the same again and again.
        if cached.isStale {
            return Fetched(known: known(offered, row, cached.ttl.content, until: end), status: 200, isChanged: false)
        }
        cached.ttl.renew(now: context.clock.uptime(), until: end)
        let known = KnownIndex(offered, row: row, ttl: cached.ttl, readWith: configuration)
        return Fetched(known: known, status: 200, isChanged: false)
    }

    /// A page with content is not given up for one with none that came once: a portal, or a server that lost its disk for a
    /// moment, sends such pages as well. The upstream has to say it again `negative_cache_ttl` later. A page of a package
    /// none of whose files are to be given out, as when it is quarantined, means it.
    ///
    /// - Throws: `UpstreamFailure`, after which what is cached is shown.
    private func lookAgain(at listing: Listing, before cached: KnownIndex?) async throws {
        guard let earlier = cached?.listing, Self.hasContent(earlier), !Self.hasContent(listing),
            try await !isWithheld(listing)
        else { return context.memory.emptied.remove(key) }
        let now = context.clock.uptime()
        if let believed = context.memory.emptied[key], believed <= now { return context.memory.emptied.remove(key) }
        let seconds = max(UpstreamIndex.quietSeconds, context.settings.negativeCacheTTL)
        if context.memory.emptied[key] == nil {
            context.memory.emptied.insert(context.deadline(seconds: seconds), for: key)
        }
        throw UpstreamFailure(
            SaveError(
                .upstreamInvalid,
                "the upstream's page lists nothing any more; what it listed before is shown until it says so again"),
            status: 200, retryAfter: seconds, concernsAll: false)
    }

    private func isWithheld(_ listing: Listing) async throws -> Bool {
        let facts = PackageFacts(repository: context.repository, id: index.package, attributes: listing.attributes)
        return try await PackageQuarantine().verdicts(on: facts).whole?.withholding != nil
    }

    private static func hasContent(_ listing: Listing) -> Bool { !listing.assets.isEmpty || !listing.packages.isEmpty }

    private func all(_ response: ClientResponse, limit: Int64) async throws -> [UInt8] {
        try await bounded(limit) { try await response.body.collect(limit: Int(clamping: limit)) }
    }

    private func bounded<Value>(_ limit: Int64, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as SaveError where error.code == .tooLarge {
            throw invalid("the upstream's \(noun) is larger than \(limit) bytes", 200)
        }
    }

    // MARK: Large documents

    /// The format, where the index may be too large to be held in memory.
    var large: IsolatedFormat<any StreamedRootIndex>? {
        index == .root ? context.repository.format.cast { $0 as? any StreamedRootIndex } : nil
    }

    /// Brings a large document to the disk and reads it from there.
    ///
    /// - Returns: also the writer, which holds the document until its row is written.
    private func receive(
        _ body: ByteStream, from url: String, _ contentType: String?, _ format: IsolatedFormat<any StreamedRootIndex>
    ) async throws -> (Listing, BlobDigest, any BlobWriter) {
        let writer = try await context.blobs.begin()
        do {
            for try await chunk in body { try await writer.write(chunk) }
            let digest = try await writer.finish().digest
            let file = FileBytes(try writer.reader())
            let listing = try await format.ask(on: context.processors, lasting: .long) {
                try $0.root(from: file, url: url, contentType: contentType).verified()
            }
            _ = try await writer.commit(expecting: digest)
            return (listing, digest, writer)
        } catch {
            await writer.cancel()
            throw error
        }
    }

    // MARK: What is read

    var key: UpstreamMemory.Key { UpstreamMemory.Key(upstream: context.upstream, index: index) }

    func known(
        _ offered: ReconciledListing, _ row: CachedIndex, _ content: UpstreamTTL.Content = .new(), until end: UInt64
    ) -> KnownIndex {
        KnownIndex(
            offered, row: row, ttl: UpstreamTTL(key, content, now: context.clock.uptime(), until: end, renews: true),
            readWith: configuration)
    }

    func document(_ bytes: [UInt8], from url: String, _ contentType: String?) -> UpstreamDocument {
        UpstreamDocument(url: url, contentType: contentType, bytes: bytes, configuration: configuration?.value ?? JSONObject())
    }

    /// - Parameter isKnown: whether the upstream had the package before.
    func read(_ document: UpstreamDocument, from base: String, isKnown: Bool) async throws -> Listing {
        let index = index
        let places = FilePlaces(base: base, configuration: configuration)
        do {
            let length = BlockingPool.Length.reading(document.bytes.count)
            let listing = try await context.repository.format.ask(on: context.processors, lasting: length) {
                try places.listing(in: document, of: index, by: $0)
            }
            // Some servers answer an empty page for what they do not have; a client would take it for a package that is
            // here. Of a package that was there, it says that every file was taken away.
            if index.package != nil, listing.assets.isEmpty, listing.attributes.isEmpty, !isKnown { throw Missing(status: 200) }
            return listing
        } catch let error as SaveError where SourceMiss.codes.contains(error.code) {
            throw missing(200, document.url)
        }
    }

    func offered(_ listing: Listing) async throws -> ReconciledListing {
        let files = try await files()
        return try await context.processors.run(lasting: .rendering(listing.assets.count)) {
            ReconciledListing(listing, cached: files)
        }
    }

    /// The files of the package that are here.
    private func files() async throws -> [StoredAsset] {
        guard let package = index.package else { return [] }
        let cached = try await context.cachedFiles(of: package)
        lastRead.note(cached)
        return cached.files
    }

    /// - Returns: whether policies may judge otherwise than before.
    private func report(_ offered: ReconciledListing, since earlier: ReconciledListing?) async throws -> Bool {
        // What other indexes list of a package comes and goes, such as the newest snapshots of a version, or the commit of a branch.
        guard case .package(let package) = index else { return false }
        let found = try await anomalies(in: offered, since: earlier)
        return await AnomalyReport(context: context, key: key, package: package).tell(found, keepsBytes: !offered.changed.isEmpty)
    }

    /// What is odd about the package now, and was not before.
    private func anomalies(in offered: ReconciledListing, since earlier: ReconciledListing?) async throws -> [UpstreamAnomaly] {
        guard let package = index.package else { return [] }
        let now = context.clock.now()
        guard let earlier else {
            return UpstreamAnomaly.find(in: offered, since: nil, at: now) + (try await likeness(of: package, now))
        }
        let quarantine = try await UpstreamAnomaly.findQuarantine(
            in: offered.listing, since: earlier.listing, of: context.repository, at: now)
        let found = UpstreamAnomaly.find(in: offered, since: earlier, at: now)
        guard let quarantine else { return found }
        // Its files leave the page with it.
        return found.filter { $0.kind != .vanishedFile } + [quarantine]
    }

    private func likeness(of package: PackageID, _ now: Timestamp) async throws -> [UpstreamAnomaly] {
        let hosted = context.catalogue.current.hosted(beside: context.repository)
        guard !hosted.isEmpty else { return [] }
        let like = try await context.store.read { try LookAlikeNames.first(like: package, hostedIn: hosted, $0) }
        return like.map { [UpstreamAnomaly(nameLike: $0, at: now)] } ?? []
    }
}

internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// An upstream, cached. Indexes are kept for a time and revalidated; files are kept for good once their digest is right.
struct ProxySource: FileSource {
    let repository: Repository
    let services: EngineServices
    /// What is remembered of the upstream, and what is under way, is this one's.
    let upstream: UpstreamID

    init(repository: Repository, services: EngineServices) {
        self.repository = repository
        self.services = services
        upstream = services.upstream.id(of: repository)
    }

    var id: Int64 { repository.record.id }
    var settings: ProxySettings { repository.record.proxy }
    /// Whether the upstream's index tells which files there are.
    var isIndexed: Bool { repository.descriptor.abilities.contains(.upstreamIndexes) }
    /// What is cached of the upstream's files.
    private var cache: HostedSource { HostedSource(repository: repository, services: services) }

    /// What the upstream says of packages that it found is passed on: which of their files were looked at is not known.
    func found(_ query: SearchQuery, by rules: FileRules) async throws -> SourcedListing {
        try await UpstreamSearch(self).found(query)
    }

    func listing(_ index: IndexKey) async throws -> SourcedListing {
        // Nobody can list an arbitrary site: show what was fetched from it.
        guard isIndexed else { return try await fetched(in: index) }
        guard index != UpstreamConfiguration.index else { throw SaveError(.notFound, "this is no index: check the URL") }
        try refuseReserved(index.package)
        // Upstreams are asked for pages of packages; what else a format makes of a package comes from the same page.
        let found = try await UpstreamIndex(self).current(index.package.map(IndexKey.package) ?? index)
        let known = found.known
        var answer = SourcedListing(listing: known.listing, validity: validity(of: found))
        if !settings.reservedNames.isEmpty {
            answer.listing.packages.removeAll { settings.reservedNames.first(covering: $0.id) != nil }
        }
        if let package = index.package, let deriving {
            try await SidecarAnnouncements(self, deriving).apply(to: &answer, of: package, found)
        }
        answer.listing.assets.removeAll { $0.sidecarOf != nil }
        return answer
    }

    func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity) {
        guard isIndexed else { return try await cache.owns(package) }
        do {
            try refuseReserved(package)
            return (true, validity(of: try await UpstreamIndex(self).current(.package(package))))
        } catch let miss as SourceMiss {
            return (false, miss.validity)
        }
    }

    func asset(
        _ path: AssetPath, package: PackageID?, method: HTTPMethod, by rules: FileRules
    ) async throws -> AssetContent {
        let spelling = isIndexed ? nil : path.spelling
        let plain = path.plain
        let path = try spelling.map(SpelledKey.path) ?? plain
        try refuseReserved(package)
        // Taken before anything is looked at: what changes while a file is judged outdates the judgement.
        let facts = facts(of: package)
        // What the upstream's page says counts for files that are here already as well.
        let remembered = try await remembered(package)
        let asListed = try await admit(path, package, remembered, by: rules)
        if let cached = try await cached(path, package) {
            let validity = if let asListed { asListed } else { try await admit(cached.subject, package, remembered, by: rules) }
            return cached.content.depending(on: validity.merging(facts))
        }
        var found = try await record(of: path, package, remembered, by: rules)
        if let spelling { found.origin = try await origin(of: plain, spelling) }
        let record = found
        if let file = record.sidecarOf, let deriving, try await deriving.ask({ $0.file(ofSidecar: path) }) == file {
            let content = try await UpstreamSidecar(self, deriving).content(of: record)
            // It may have taken seconds: judged again, by what is known now.
            let facts = self.facts(of: package)
            let validity = try await admit(path, package, try await self.remembered(package), by: rules)
            return content.depending(on: facts.merging(validity ?? CacheValidity()))
        }
        if method == .head, let described = try await UpstreamFile(self).describe(record) { return described }
        let seat = services.fills.join(fill(of: path), pool: services.pool) { fill in
            try await UpstreamFile(self).fetch(record, into: fill)
        }
        return .arriving(ArrivingAsset(repository: id, record: record, head: try await seat.fill.head(), seat: seat))
    }

    /// A directory of what was fetched from a site without an index, with links to what clients have to ask for.
    private func fetched(in index: IndexKey) async throws -> SourcedListing {
        var index = index
        if case .directory(let path?) = index, let spelling = path.spelling {
            index = .directory(try SpelledKey.path(of: spelling))
        }
        var answer = try await cache.listing(index)
        for place in answer.listing.assets.indices {
            let asset = answer.listing.assets[place]
            guard let spelling = SpelledKey.spelling(of: asset.path, origin: asset.origin) else { continue }
            answer.listing.assets[place].path = asset.path.spelled(spelling)
        }
        for name in answer.listing.directories {
            guard let path = try? AssetPath(name), let spelling = SpelledKey.spelling(of: path, origin: nil) else { continue }
            answer.listing.directoryLinks[name] = path.spelled(spelling).link
        }
        return answer
    }

    /// Where the upstream has what a client asked for, as the client wrote it; nil where the format has places of its own.
    private func origin(of plain: AssetPath, _ spelling: RequestSpelling) async throws -> String? {
        let base = try URLReference.directory(settings.remoteURL)
        let place = try await repository.format.upstreamRequest(for: .asset(plain), base: settings.remoteURL).url
        return place.utf8.elementsEqual((base + plain.percentEncoded).utf8) ? base + spelling.reference : nil
    }

    /// - Throws: a miss for a name that the upstream is never asked for, cached or not.
    private func refuseReserved(_ package: PackageID?) throws {
        guard let package, let pattern = settings.reservedNames.first(covering: package) else { return }
        let version = services.counters.version(id, .index(.package(package)))
        throw SourceMiss.reserved(
            package, pattern, in: repository, CacheValidity(dependencies: [.init(repository: repository, version: version)]))
    }

    // MARK: Rules

    /// What a judgement of a package's files rests on.
    private func facts(of package: PackageID?) -> CacheValidity {
        guard isIndexed, let package else { return CacheValidity() }
        var indexes = [IndexKey.package(package)]
        if repository.configuring != nil { indexes.append(UpstreamConfiguration.index) }
        return CacheValidity(
            dependencies: indexes.map { .init(repository: repository, version: services.counters.version(id, .index($0))) })
    }

    /// The page of a package, however old. Asks nobody.
    private func remembered(_ package: PackageID?) async throws -> UpstreamMemory.KnownIndex? {
        guard isIndexed, let package else { return nil }
        return try await UpstreamIndex(self).remembered(.package(package))
    }

    /// Asks the rules about a file as a page has it, or about the package where the page does not have the file.
    ///
    /// - Returns: nil where the page does not have it.
    private func admit(
        _ path: AssetPath, _ package: PackageID?, _ known: UpstreamMemory.KnownIndex?, by rules: FileRules
    ) async throws -> CacheValidity? {
        guard let known else { return nil }
        var subject = known.record(path).map { $0.judged(as: known.record) }
        if subject == nil { subject = try await deriving?.ask { $0.file(ofSidecar: path) }.flatMap(known.record) }
        let validity = try await admit(subject, package, known, by: rules)
        return subject == nil ? nil : validity
    }

    private func admit(
        _ subject: AssetRecord?, _ package: PackageID?, _ known: UpstreamMemory.KnownIndex?, by rules: FileRules
    ) async throws -> CacheValidity {
        let attributes = known?.listing.attributes ?? JSONObject()
        return try await rules.admit(subject, of: PackageFacts(repository: repository, id: package, attributes: attributes))
    }

    // MARK: Files

    /// The rows of a package's files that are here.
    func cachedFiles(of package: PackageID) async throws -> UpstreamMemory.CachedFiles {
        let id = id
        let version = services.counters.version(id, .sidecars(package))
        return .init(files: try await services.store.read { try $0.assets(id, package: package) }, version: version)
    }

    /// The cached file, unless its upstream place has no digest to go by and was not looked at for longer than `cache_ttl`.
    func stored(_ path: AssetPath, _ package: PackageID?) async throws -> AssetContent? {
        try await cached(path, package)?.content
    }

    /// - Returns: also the record of the file, or of the one that it is a sidecar of.
    private func cached(
        _ path: AssetPath, _ package: PackageID?
    ) async throws -> (content: AssetContent, subject: AssetRecord)? {
        do {
            let found = try await cache.file(path, of: package)
            var validity = found.validity
            let blob = try await cache.open(found.asset)
            if !isIndexed {
                guard let age = age(of: found.asset), !hasDoubtfulKey(found.asset) else { return nil }
                validity.validUntil = deadline(seconds: settings.cacheTTL - age)
            }
            return (.stored(found.asset, blob, validity), found.subject)
        } catch is SourceMiss {
            return nil
        } catch let error as SaveError where error.code == .blobCorrupt {
            // The upstream still has it: drop the record and fetch it again.
            services.log(.warning, "cached file is damaged and will be fetched again", ["file": path.text])
            try await forget(path)
            services.counters.invalidate(id, [.asset(path)] + (package.map { [.sidecars($0)] } ?? []))
            return nil
        }
    }

    /// Seconds since the upstream was asked for a file that no index describes; nil where it is to be asked again.
    func age(of asset: StoredAsset) -> Int64? {
        let validators = UpstreamValidators(asset.record)
        let age = services.clock.now().seconds - validators.verified.seconds
        return wrote(validators) && age >= 0 && age < settings.cacheTTL ? age : nil
    }

    /// Whether validators are the words of the upstream that there is now.
    func wrote(_ validators: UpstreamValidators) -> Bool { validators.remote.map { $0 == settings.remoteURL } ?? true }

    /// Whether a cached file is kept under what may be another request's key now: until it was noted which `remote_url` a file is
    /// from, several spellings had one key.
    func hasDoubtfulKey(_ asset: StoredAsset) -> Bool {
        !isIndexed && UpstreamValidators(asset.record).remote == nil
            && (SpelledKey.spelling(of: asset.record.path, origin: "?") != nil
                || asset.record.path.text.utf8.contains { ASCII.isReservedInPaths($0) })
    }

    /// Drops the record of a file whose bytes are not here, unless another request has fetched it again.
    private func forget(_ path: AssetPath) async throws {
        let id = id
        guard let asset = try await services.store.read({ try $0.asset(id, path) }),
            try await services.blobs.stat(asset.blob)?.size != asset.size
        else { return }
        try await services.store.write { writing in
            guard try writing.asset(id, path) == asset else { return }
            _ = try writing.deleteAsset(id, path)
        }
    }

    /// What is known of a file that is not here.
    private func record(
        of path: AssetPath, _ package: PackageID?, _ remembered: UpstreamMemory.KnownIndex?, by rules: FileRules
    ) async throws -> AssetRecord {
        guard isIndexed else {
            let missing = UpstreamMemory.Key(upstream: upstream, index: .custom(path.text, package: nil))
            if let until = services.upstream.misses[missing], until > services.clock.uptime() { throw miss(path, until: until) }
            let record = AssetRecord(path: path)
            _ = try await admit(record, package, nil, by: rules)
            return record
        }
        guard let package else { throw miss(path, until: nil) }
        let found = try await UpstreamIndex(self).current(.package(package))
        let known = found.known
        // The rules know what was remembered, not what the upstream has said since.
        if known.ttl.content != remembered?.ttl.content { _ = try await admit(path, package, known, by: rules) }
        if let record = try await placed(path, found) { return record }
        if let file = try await deriving?.ask({ $0.file(ofSidecar: path) }) ?? nil, let record = try await placed(file, found),
            let sidecar = try await deriving?.ask({ $0.embeddedSidecar(of: record) }) ?? nil
        {
            return sidecar
        }
        throw SourceMiss(
            error: SaveError(.assetNotFound, "there is no file '\(path.filename)' upstream: check the name"),
            validity: validity(of: found))
    }

    /// A file that an upstream lists, where it is known where the upstream keeps it.
    ///
    /// - Throws: `upstreamInvalid` where the upstream's configuration gives no URL for it.
    private func placed(_ path: AssetPath, _ found: UpstreamMemory.FoundIndex) async throws -> AssetRecord? {
        guard let record = found.known.record(path), record.origin == nil else { return found.known.record(path) }
        guard let locating = repository.format.cast({ $0 as? any FileLocating }) else { return nil }
        // Asked when the index was read: what was wrong is for those who want the file.
        let places = FilePlaces(base: UpstreamBase(self).assumed, configuration: found.configuration)
        guard let url = try await locating.ask({ try places.location(of: record, by: $0) }) else { return nil }
        var placed = record
        placed.origin = url
        return placed
    }

    func miss(_ path: AssetPath, until: UInt64?) -> SourceMiss {
        SourceMiss(
            error: SaveError(.assetNotFound, "there is no file '\(path)' in \(repository.record.coordinates): check the name"),
            validity: CacheValidity(
                dependencies: [.init(repository: repository, version: services.counters.version(id, .asset(path)))],
                validUntil: until))
    }

    /// - Parameters:
    ///   - version: taken before it was looked for.
    ///   - asked: `PlatformClock.uptime` when the upstream said so.
    func miss(_ index: IndexKey, _ version: ChangeCounters.Version, asked: UInt64, until: UInt64) -> SourceMiss {
        let what = index.package.map { "package '\($0)'" } ?? "index"
        let ttl = UpstreamTTL(
            UpstreamMemory.Key(upstream: upstream, index: index), .nothing, now: asked, until: until, renews: false)
        return SourceMiss(
            error: SaveError(.packageNotFound, "there is no \(what) in \(repository.record.coordinates): check the name"),
            validity: CacheValidity(
                dependencies: [.init(repository: repository, version: version)], ttls: [ttl], validUntil: end))
    }

    private func validity(of found: UpstreamMemory.FoundIndex) -> CacheValidity {
        let own = CacheValidity(
            dependencies: [.init(repository: repository, version: found.version)], ttls: [found.known.ttl], validUntil: end,
            isStale: found.known.isStale)
        guard let configuration = found.configuration else { return own }
        return own.merging(
            CacheValidity(
                dependencies: [.init(repository: repository, version: configuration.version)],
                ttls: [configuration.known.ttl], isStale: configuration.known.isStale))
    }

    /// What is made of an index that was forgotten while it was on its way is for those who waited for it, and is not kept. A
    /// version that was taken before this is asked shows when it is forgotten later.
    private var end: UInt64? { services.upstream.id(of: repository) == upstream ? nil : 0 }

    // MARK: For the parts of the proxy

    /// A file is on its way once, even when what is remembered of indexes is forgotten meanwhile.
    func fill(of path: AssetPath) -> FillRegistry.Key { FillRegistry.Key(upstream: repository.upstream, path: path) }

    /// Whether the repository still has its files from where this proxy asks for them.
    func hasPlace(in reading: any MetadataReading) throws -> Bool {
        let asked = repository.record
        return try reading.repositories().first { $0.id == asked.id }?.hasSamePlace(as: asked) ?? false
    }

    /// The format, where its files carry sidecars within them and the upstream's index says which files there are.
    private var deriving: IsolatedFormat<any EmbeddedMetadata>? {
        isIndexed ? repository.format.cast { $0 as? any EmbeddedMetadata } : nil
    }

    /// Records a file whose bytes are here, and that there is its package: a sidecar whose file is not here makes none. A file of
    /// an upstream that the proxy no longer has is not recorded: its name is the next one's.
    func keep(_ record: AssetRecord, _ blob: BlobInfo) async throws {
        let now = services.clock.now()
        let asset = StoredAsset(
            repository: id, record: record, blob: blob.digest, size: blob.size, uploadedBy: nil, created: now)
        let isSaid = try await isAnnounced(record)
        let isOther: Bool? = try await services.store.write { writing in
            guard try hasPlace(in: writing) else { return nil }
            let earlier = try writing.asset(asset.repository, asset.record.path)
            try writing.put(asset)
            if let package = asset.record.package, asset.record.sidecarOf == nil,
                try writing.package(asset.repository, package) == nil
            {
                try writing.put(
                    PackageRecord(
                        repository: asset.repository, id: package, displayName: package.name, created: now, updated: now))
            }
            return earlier.map { $0.record.checksums != asset.record.checksums } ?? false
        }
        guard let isOther else { return }
        services.counters.invalidate(id, subjects(of: record, isSaid: isSaid && !isOther))
    }

    /// Whether the package's pages say of a sidecar that is not here what they will say when it is.
    private func isAnnounced(_ record: AssetRecord) async throws -> Bool {
        guard record.sidecarOf != nil, let package = record.package, let deriving else { return false }
        return try await SidecarAnnouncements(self, deriving).isListed(record, of: package)
    }

    /// What a newly cached file shows in: for a sidecar its package's pages, unless they say the same of it already, and the
    /// directories of a proxy that lists what it has fetched.
    private func subjects(of record: AssetRecord, isSaid: Bool) -> [ChangeCounters.Subject] {
        guard isIndexed else {
            return [.asset(record.path), .index(.directory(nil))]
                + ChangeCounters.directories(above: record.path).map { .index(.directory($0)) }
        }
        guard record.sidecarOf != nil, !isSaid, let package = record.package else { return [.asset(record.path)] }
        return [.asset(record.path), .sidecars(package)]
    }

    /// `PlatformClock.uptime` some seconds from now.
    func deadline(seconds: Int64) -> UInt64 {
        let (nanoseconds, overflow) = UInt64(clamping: max(0, seconds)).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = services.clock.uptime().addingReportingOverflow(nanoseconds)
        return overflow || carry ? .max : sum
    }

    /// The repository's upstream credentials, if `url` is on the very server they are for.
    func credentials(for url: String) -> ClientCredentials? {
        guard let username = settings.remoteUsername, let sealed = settings.sealedPassword,
            let password = services.unseal(sealed),
            let origin = URLOrigin(of: settings.remoteURL), origin == URLOrigin(of: url)
        else { return nil }
        return ClientCredentials(username: username, password: password)
    }
}

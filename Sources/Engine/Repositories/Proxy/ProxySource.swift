internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// An upstream, cached. Indexes are kept for a time and revalidated; files are kept for good once their digest is right.
struct ProxySource: FileSource {
    let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    var repository: Repository { context.repository }
    private var settings: ProxySettings { context.settings }
    private var isIndexed: Bool { context.isIndexed }
    private var deriving: IsolatedFormat<any EmbeddedMetadata>? { context.deriving }
    private var cache: ProxyCache { ProxyCache(context) }
    /// The rows of what is cached, as those of a hosted repository.
    var kept: HostedSource { HostedSource(repository: repository, storage: context.storage) }

    func found(_ query: SearchQuery, by rules: FileRules) async throws -> SourcedListing {
        guard !rules.isAsOf else {
            throw SourceMiss(
                error: SaveError(.notFound, "an upstream cannot be searched as of a time: ask for the package by its name"),
                validity: CacheValidity())
        }
        return try await UpstreamSearch(context).found(query, by: rules)
    }

    func listing(_ index: IndexKey) async throws -> SourcedListing {
        // Nobody can list an arbitrary site: show what was fetched from it.
        guard isIndexed else { return try await fetched(in: index) }
        guard index != UpstreamConfiguration.index else { throw SaveError(.notFound, "this is no index: check the URL") }
        try refuse(index.package, by: try await settings.reservedNames.first(coveringIndexOf: index.package, in: repository))
        if let describing = context.describing { return try await described(index, describing) }
        // Upstreams are asked for pages of packages; what else a format makes of a package mostly comes from the same page.
        let found = try await UpstreamIndex(context).current(index.package.map(IndexKey.package) ?? index)
        let known = found.known
        var answer = SourcedListing(listing: known.listing, validity: context.validity(of: found))
        try await UnlistedFiles(context).read(index, into: &answer)
        if !settings.reservedNames.isEmpty {
            answer.listing.packages.removeAll { settings.reservedNames.first(covering: $0.id) != nil }
        }
        if let package = index.package, let deriving {
            try await SidecarAnnouncements(context, deriving).apply(to: &answer, of: package, found)
        }
        answer.listing.assets.removeAll { $0.sidecarOf != nil }
        return answer
    }

    func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity) {
        guard isIndexed else { return try await kept.owns(package) }
        do {
            try refuseReserved(package)
            return (true, context.validity(of: try await UpstreamIndex(context).current(.package(package))))
        } catch let miss as SourceMiss {
            guard context.describing != nil else { return (false, miss.validity) }
            let own = try await kept.owns(package)
            return (own.owned, own.validity.merging(miss.validity))
        }
    }

    func asset(
        _ path: AssetPath, package: PackageID?, method: HTTPMethod, by rules: FileRules
    ) async throws -> AssetContent {
        let spelling = isIndexed ? nil : path.spelling
        let plain = path.plain
        let path = try spelling.map(SpelledKey.path) ?? plain
        try refuseReserved(package)
        // Nobody says when an arbitrary site had what it has now: only what was fetched by then is known.
        if rules.isAsOf, !isIndexed { return try await fetched(path, package, method, by: rules) }
        // Policies about licences go by what stands beside a file: it comes here before the file is judged.
        let lacking =
            repository.asksLicenses
            ? await SidecarsForLicenses(context).bring(for: path, listedIn: try await self.remembered(package)) : nil
        // Taken before anything is looked at: what changes while a file is judged outdates the judgement.
        let facts = facts(of: package)
        // What the upstream's page says counts for files that are here already as well.
        let remembered = try await remembered(package)
        let asListed = try await admit(path, package, remembered, by: rules)
        try await refuse(path, package, remembered, lacking: lacking, by: rules)
        if let cached = try await cache.cached(path, package) {
            let validity = if let asListed { asListed } else { try await admit(cached.subject, package, remembered, by: rules) }
            return cached.content.depending(on: validity.merging(facts))
        }
        var found = try await record(of: path, package, remembered, by: rules)
        if let spelling { found.origin = try await origin(of: plain, spelling) }
        let record = found
        if let file = record.sidecarOf, let deriving, try await deriving.ask({ $0.file(ofSidecar: path) }) == file {
            let content = try await UpstreamSidecar(context, deriving).content(of: record)
            // It may have taken seconds: judged again, by what is known now.
            let facts = self.facts(of: package)
            let validity = try await admit(path, package, try await self.remembered(package), by: rules)
            return content.depending(on: facts.merging(validity ?? CacheValidity()))
        }
        if method == .head, let described = try await UpstreamFile(context).describe(record) { return described }
        let seat = context.fills.join(context.fill(of: path), pool: context.pool) { fill in
            try await UpstreamFile(context).fetch(record, into: fill)
        }
        return .arriving(ArrivingAsset(repository: context.id, record: record, head: try await seat.fill.head(), seat: seat))
    }

    /// A file that was fetched from a site without an index, which is not asked.
    private func fetched(
        _ path: AssetPath, _ package: PackageID?, _ method: HTTPMethod, by rules: FileRules
    ) async throws -> AssetContent {
        do {
            return try await kept.asset(path, package: package, method: method, by: rules)
        } catch let miss as SourceMiss where miss.absence == nil {
            // Refused, or missing because nobody knows whether it was there.
            _ = try await admit(AssetRecord(path: path), package, nil, by: rules)
            throw miss
        }
    }

    /// A directory of what was fetched from a site without an index, with links to what clients have to ask for.
    private func fetched(in index: IndexKey) async throws -> SourcedListing {
        var index = index
        if case .directory(let path?) = index, let spelling = path.spelling {
            index = .directory(try SpelledKey.path(of: spelling))
        }
        var answer = try await kept.listing(index)
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
        try refuse(package, by: settings.reservedNames.first(covering: package))
    }

    private func refuse(_ package: PackageID?, by pattern: NamePattern?) throws {
        guard let package, let pattern else { return }
        let version = context.counters.version(context.id, .index(.package(package)))
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
            dependencies: indexes.map { .init(repository: repository, version: context.counters.version(context.id, .index($0))) }
        )
    }

    /// The page of a package, however old. Asks nobody.
    private func remembered(_ package: PackageID?) async throws -> UpstreamMemory.KnownIndex? {
        guard isIndexed, let package else { return nil }
        return try await UpstreamIndex(context).remembered(.package(package))
    }

    /// Asks the rules about a file as a page has it, or about the package where the page does not have the file.
    ///
    /// - Returns: nil where the page does not have it.
    private func admit(
        _ path: AssetPath, _ package: PackageID?, _ known: UpstreamMemory.KnownIndex?, by rules: FileRules
    ) async throws -> CacheValidity? {
        if let describing = context.describing {
            return try await admit(path, package, known, describing, by: rules)
        }
        guard let known else { return nil }
        var subject = try await UnlistedFiles(context).record(path, package, in: known)
        if let described = subject?.sidecarOf {
            let file = try await UnlistedFiles(context).record(described, package, in: known)
            subject = subject?.judged { _ in file }
        }
        if subject == nil { subject = try await deriving?.ask { $0.file(ofSidecar: path) }.flatMap(known.record) }
        // That somebody asks for a version says nothing of when there was one: it is not noted as seen.
        let isUnlisted = subject.map { known.record($0.path) == nil } ?? false
        let validity = try await admit(subject, package, known, isUnlisted: isUnlisted, by: rules)
        return subject == nil ? nil : validity
    }

    func admit(
        _ subject: AssetRecord?, _ package: PackageID?, _ known: UpstreamMemory.KnownIndex?, isUnlisted: Bool = false,
        by rules: FileRules
    ) async throws -> CacheValidity {
        let attributes = known?.listing.attributes ?? JSONObject()
        let facts = PackageFacts(
            repository: repository, id: package, attributes: attributes, listed: known?.listing.assets ?? [],
            isQuestion: isUnlisted)
        return try await rules.admit(subject, of: facts)
    }

    /// Refuses a file for now whose licence cannot be had, where a policy may deny it by that.
    ///
    /// - Parameter failure: why it cannot be had; nil where it is known, or where there is none.
    private func refuse(
        _ path: AssetPath, _ package: PackageID?, _ known: UpstreamMemory.KnownIndex?, lacking failure: SaveError?,
        by rules: FileRules
    ) async throws {
        guard let failure, let known, let file = known.record(path) else { return }
        let facts = PackageFacts(
            repository: repository, id: package, attributes: known.listing.attributes, files: [file],
            listed: known.listing.assets, isQuestion: true)
        let verdict = try await rules.verdicts(on: facts)(file)
        if repository.deniesByLicense(verdict, of: package) { throw failure }
    }

    // MARK: Files

    /// What is known of a file that is not here.
    private func record(
        of path: AssetPath, _ package: PackageID?, _ remembered: UpstreamMemory.KnownIndex?, by rules: FileRules
    ) async throws -> AssetRecord {
        guard isIndexed else {
            try context.refuseMissed(path)
            let record = AssetRecord(path: path)
            _ = try await admit(record, package, nil, by: rules)
            return record
        }
        if let describing = context.describing { return try await described(path, describing) }
        guard let package else { throw context.miss(path, until: nil) }
        let found = try await UpstreamIndex(context).current(.package(package))
        let known = found.known
        let lacking = await SidecarsForLicenses(context).bring(for: path, listedIn: known)
        // The rules know what was remembered, not what the upstream has said since, nor the licence that came with it.
        if repository.asksLicenses || known.ttl.content != remembered?.ttl.content {
            _ = try await admit(path, package, known, by: rules)
        }
        try await refuse(path, package, known, lacking: lacking, by: rules)
        if let record = try await placed(path, package, found) { return record }
        if let file = try await deriving?.ask({ $0.file(ofSidecar: path) }) ?? nil,
            let record = try await placed(file, package, found),
            let sidecar = try await deriving?.ask({ $0.embeddedSidecar(of: record) }) ?? nil
        {
            return sidecar
        }
        throw SourceMiss(
            error: SaveError(.assetNotFound, "there is no file '\(path.filename)' upstream: check the name"),
            validity: context.validity(of: found))
    }

    /// A file that an upstream lists, or has all the same, where it is known where the upstream keeps it.
    ///
    /// - Throws: `upstreamInvalid` where the upstream's configuration gives no URL for it, a miss where the upstream has just said so.
    private func placed(
        _ path: AssetPath, _ package: PackageID, _ found: UpstreamMemory.FoundIndex
    ) async throws -> AssetRecord? {
        guard let record = try await UnlistedFiles(context).record(path, package, in: found.known) else { return nil }
        if found.known.record(path) == nil { try context.refuseMissed(path) }
        guard record.origin == nil else { return record }
        guard let locating = repository.format.cast({ $0 as? any FileLocating }) else { return nil }
        // Asked when the index was read: what was wrong is for those who want the file.
        let places = FilePlaces(base: UpstreamBase(context).assumed, configuration: found.configuration)
        guard let url = try await locating.ask({ try places.location(of: record, by: $0) }) else { return nil }
        var placed = record
        placed.origin = url
        return placed
    }
}

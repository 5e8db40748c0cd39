internal import SaveAccess
internal import SaveCaching
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Files that no index of the upstream lists, for formats that know from a path what a file is.
extension ProxySource {
    /// What an index lists. Directories, and packages of which the upstream has no index, have what was fetched.
    func described(_ index: IndexKey, _ describing: IsolatedFormat<any PathDescribing>) async throws -> SourcedListing {
        if case .directory = index { return try await kept.listing(index) }
        let asked = try await describing.ask { $0.upstreamIndex(for: index) }
        do {
            let found = try await UpstreamIndex(context).current(asked)
            let listing = try await PublishTimes(context)?.applied(to: found.known.listing) ?? found.known.listing
            return SourcedListing(listing: listing, validity: context.validity(of: found))
        } catch let miss as SourceMiss {
            guard index.package != nil, var fetched = try? await kept.listing(index) else { throw miss }
            fetched.validity.merge(miss.validity)
            return fetched
        }
    }

    /// Asks the rules about a path. What neither a page lists nor the cache has may not be there at all: it is not noted as seen, and
    /// before it is refused the upstream is asked whether there is such a file. What is missing is not refused, so that a group asks
    /// the next member.
    func admit(
        _ path: AssetPath, _ package: PackageID?, _ known: UpstreamMemory.KnownIndex?,
        _ describing: IsolatedFormat<any PathDescribing>, by rules: FileRules
    ) async throws -> CacheValidity {
        guard let subject = try await subject(path, known, describing) else {
            return try await admit(nil, package, known, by: rules)
        }
        if try await isKnown(path, subject, known) { return try await admit(subject, package, known, by: rules) }
        let facts = PackageFacts(
            repository: repository, id: package, attributes: known?.listing.attributes ?? JSONObject(), files: [subject],
            listed: known?.listing.assets ?? [], isQuestion: true)
        let verdicts = try await rules.verdicts(on: facts)
        // Of a package that is refused as a whole no upstream is asked anything.
        let isDoubtful = verdicts.whole?.withholding == nil && verdicts(subject).withholding != nil
        let isThere = isDoubtful ? try await UpstreamFile(context).isThere(path) : false
        return try await admit(subject, package, known, isUnlisted: !isThere, by: rules)
    }

    private func isKnown(
        _ path: AssetPath, _ subject: AssetRecord, _ known: UpstreamMemory.KnownIndex?
    ) async throws -> Bool {
        if known?.record(subject.path) != nil { return true }
        let id = context.id
        return try await context.store.read { try $0.asset(id, path) != nil || $0.asset(id, subject.path) != nil }
    }

    /// The file by which policies judge a path: the one that stands for its version, as the page has it where one is known.
    func subject(
        _ path: AssetPath, _ known: UpstreamMemory.KnownIndex?, _ describing: IsolatedFormat<any PathDescribing>
    ) async throws -> AssetRecord? {
        guard let listed = try await describing.ask({ $0.listedFile(for: path) }) else { return nil }
        var subject = known?.record(listed.path) ?? listed
        if let built = listed.published {
            // A build's name is its publisher's word, and when the file came to the upstream is the upstream's: the later one counts.
            let changed = try await PublishTimes(context)?.time(of: path)
            subject.published = changed.map { max($0, built) } ?? built
            return subject
        }
        if subject.published == nil, path != listed.path {
            // Where it is not known when the other one came, this one did.
            let id = context.id
            let isByItself = try await context.store.read { reading in
                try reading.asset(id, listed.path) == nil && reading.asset(id, path) != nil
            }
            if isByItself { subject.path = path }
        }
        subject.published =
            try await PublishTimes(context)?.published(subject, for: path, in: known?.listing) ?? subject.published
        return subject
    }

    /// What is known of a file that is not here.
    func described(_ path: AssetPath, _ describing: IsolatedFormat<any PathDescribing>) async throws -> AssetRecord {
        let (described, mayChange) = try await describing.ask { ($0.record(at: path), $0.mayChange(path)) }
        guard var record = described else { throw context.miss(path, until: nil) }
        try context.refuseMissed(path)
        record.isMutable = mayChange
        return record
    }
}

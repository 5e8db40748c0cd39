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

    /// The file by which policies judge a path: the one that stands for its version, as the page has it where one is known.
    func subject(
        _ path: AssetPath, _ known: UpstreamMemory.KnownIndex?, _ describing: IsolatedFormat<any PathDescribing>
    ) async throws -> AssetRecord? {
        guard let listed = try await describing.ask({ $0.listedFile(for: path) }) else { return nil }
        var subject = known?.record(listed.path) ?? listed
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

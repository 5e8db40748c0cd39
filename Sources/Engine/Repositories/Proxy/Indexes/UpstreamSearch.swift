internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// What an upstream finds. Asked each time and kept nowhere: there are more words than indexes.
struct UpstreamSearch: Sendable {
    private let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    /// - Throws: `SourceMiss` where the upstream, or the format, has no searches; `upstreamUnavailable` and others where it
    ///   does not answer sensibly.
    func found(_ query: SearchQuery) async throws -> SourcedListing {
        let index = IndexKey.search(query.fromFirst)
        guard context.repository.searching != nil else { throw miss(index) }
        var found = FoundPackages()
        do {
            found = try await UpstreamIndex(context).once(index).found
        } catch is UpstreamPage.Missing {
            throw miss(index)
        }
        let count = found.matches.count
        // Names are not to be believed twice, nor more of them than were asked for.
        var seen: Set<PackageID> = []
        found.matches = found.matches.prefix(query.end).filter { match in
            context.settings.reservedNames.first(covering: match.package.id) == nil && seen.insert(match.package.id).inserted
        }
        found.total = max(found.total - (count - found.matches.count), found.matches.count)
        return SourcedListing(listing: Listing(found: found), validity: validity(index))
    }

    private func miss(_ index: IndexKey) -> SourceMiss {
        SourceMiss(
            error: SaveError(
                .notFound,
                "the upstream of \(context.repository.record.coordinates) has no search: ask for the package by its name"
            ),
            validity: validity(index))
    }

    private func validity(_ index: IndexKey) -> CacheValidity {
        CacheValidity(dependencies: [
            .init(repository: context.repository, version: context.counters.version(context.id, .index(index)))
        ])
    }
}

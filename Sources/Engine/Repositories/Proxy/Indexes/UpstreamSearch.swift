internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// What an upstream finds. Asked each time and kept nowhere: there are more words than indexes.
struct UpstreamSearch: Sendable {
    private let context: UpstreamContext

    init(_ context: UpstreamContext) { self.context = context }

    /// - Parameter rules: a package is told of by a version that clients get. Where the one that the upstream names is refused, what its
    ///   page has left decides, if that is here; an upstream is not asked for the pages of all that it finds.
    /// - Throws: `SourceMiss` where the upstream, or the format, has no searches; `upstreamUnavailable` and others where it
    ///   does not answer sensibly.
    func found(_ query: SearchQuery, by rules: FileRules) async throws -> SourcedListing {
        let index = IndexKey.search(query.fromFirst)
        guard let format = context.repository.searching else { throw miss(index) }
        var listing = Listing()
        do {
            listing = try await UpstreamIndex(context).once(index)
        } catch is UpstreamPage.Missing {
            throw miss(index)
        }
        var found = listing.found
        let count = found.matches.count
        // Names are not to be believed twice, nor more of them than were asked for.
        var seen: Set<PackageID> = []
        let plausible = found.matches.prefix(query.end).filter { match in
            context.settings.reservedNames.first(covering: match.package.id) == nil && seen.insert(match.package.id).inserted
        }
        let named = Dictionary(grouping: listing.assets) { $0.package }
        found.matches = []
        for match in plausible {
            if try await isAllowed(match.package.id, named[match.package.id] ?? [], by: rules) {
                found.matches.append(match)
            } else if let known = try await UpstreamIndex(context).remembered(.package(match.package.id)) {
                let left = try await rules.filter(
                    SourcedListing(listing: known.listing, validity: CacheValidity()),
                    of: facts(match.package.id, attributes: known.listing.attributes)
                ).listing
                if let match = try await format.ask({ $0.match(match.package, in: left) }) { found.matches.append(match) }
            }
        }
        found.total = max(found.total - (count - found.matches.count), found.matches.count)
        return SourcedListing(listing: Listing(found: found), validity: validity(index))
    }

    /// Whether clients get all that an upstream names of a package; where it names nothing, whether they get the package.
    private func isAllowed(_ package: PackageID, _ named: [AssetRecord], by rules: FileRules) async throws -> Bool {
        var facts = facts(package)
        (facts.files, facts.listed) = (named, named)
        let verdicts = try await rules.verdicts(on: facts)
        if let whole = verdicts.whole { return whole.withholding == nil }
        return named.allSatisfy { verdicts($0).withholding == nil }
    }

    /// Nothing is noted of what was only found.
    private func facts(_ package: PackageID, attributes: JSONObject = JSONObject()) -> PackageFacts {
        PackageFacts(repository: context.repository, id: package, attributes: attributes, isQuestion: true)
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

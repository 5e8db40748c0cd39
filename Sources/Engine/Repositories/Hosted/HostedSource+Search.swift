internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

extension HostedSource {
    private struct Hit: Sendable {
        let package: PackageSummary
        let rank: SearchQuery.Rank
    }

    /// So many packages are looked at, in the order of their names.
    private static let maxSearched = 20_000

    /// The packages that fit, with the files of those only that are to be shown.
    ///
    /// - Throws: `SourceMiss` where the format has no searches.
    func found(_ query: SearchQuery, by rules: FileRules) async throws -> SourcedListing {
        let validity = validity(.index(.search(query)))
        guard let format = repository.searching else {
            throw SourceMiss(
                error: SaveError(.notFound, "there is no such index: check the URL"), validity: validity)
        }
        let hits = try await hits(query, format)
        var found = FoundPackages(total: hits.count)
        for hit in hits.prefix(query.end) {
            do {
                let listing = try await shownFiles(of: hit.package.id, by: rules)
                let match = try await format.ask { $0.match(hit.package, in: listing) }
                if let match { found.matches.append(match) }
            } catch let error as SaveError where error.code == .packageNotFound {
                // It went while the others were read.
                found.total -= 1
            }
        }
        return SourcedListing(listing: Listing(found: found), validity: validity)
    }

    private func shownFiles(of package: PackageID, by rules: FileRules) async throws -> Listing {
        let listing = try await files(of: package)
        let facts = PackageFacts(repository: repository, id: package, attributes: listing.attributes)
        return try await rules.filter(SourcedListing(listing: listing, validity: CacheValidity()), of: facts).listing
    }

    private func hits(_ query: SearchQuery, _ format: IsolatedFormat<any PackageSearching>) async throws -> [Hit] {
        let id = repository.record.id
        let matcher = SearchQuery.Matcher(query)
        var hits: [Hit] = []
        var last: PackageID?
        for _ in 0..<(Self.maxSearched / 1000) {
            let start = last
            let page = try await storage.store.read { try $0.packages(id, after: start, limit: 1000, matching: nil) }
            hits += try await format.ask(on: storage.processors) { format in
                page.compactMap { record in
                    let package = PackageSummary(id: record.id, displayName: record.displayName)
                    return matcher.rank(package) { format.searchText(of: record.attributes) }.map {
                        Hit(package: package, rank: $0)
                    }
                }
            }
            guard page.count == 1000 else { break }
            last = page.last?.id
        }
        // Of equal rank, in the order of their names, which they come in.
        return SearchQuery.sorted(hits, by: \.rank)
    }
}

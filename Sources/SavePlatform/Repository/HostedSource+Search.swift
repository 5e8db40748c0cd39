extension HostedSource {
    private struct Hit: Sendable {
        let package: PackageSummary
        let rank: SearchQuery.Rank
    }

    /// So many packages are looked at, in the order of their names.
    private static let mostSearched = 20_000

    /// The packages that fit, with the files of those only that are to be shown.
    ///
    /// - Throws: `notFound` where the format has no searches.
    func found(_ query: SearchQuery) async throws -> Listing {
        guard let format = repository.format as? any PackageSearching else {
            throw SaveError(.notFound, "there is no such index")
        }
        let id = repository.record.id
        let hits = try await services.store.read { try Self.hits(query, id, format, $0) }
        var found = FoundPackages(total: hits.count)
        for hit in hits.prefix(query.end) {
            do {
                let listing = try await files(of: hit.package.id)
                if let match = format.match(hit.package, in: listing) { found.matches.append(match) }
            } catch let error as SaveError where error.code == .packageNotFound {
                // It went while the others were read.
                found.total -= 1
            }
        }
        return Listing(found: found)
    }

    private static func hits(
        _ query: SearchQuery, _ id: Int64, _ format: any PackageSearching, _ reading: any MetadataReading
    ) throws -> [Hit] {
        let matcher = SearchQuery.Matcher(query)
        var hits: [Hit] = []
        var last: PackageID?
        for _ in 0..<(mostSearched / 1000) {
            let page = try reading.packages(id, after: last, limit: 1000, matching: nil)
            for record in page {
                let package = PackageSummary(id: record.id, displayName: record.displayName)
                guard let rank = matcher.rank(package, { format.searchText(of: record.attributes) }) else { continue }
                hits.append(Hit(package: package, rank: rank))
            }
            guard page.count == 1000 else { break }
            last = page.last?.id
        }
        // Of equal rank, in the order of their names, which they come in.
        return SearchQuery.sorted(hits, by: \.rank)
    }
}

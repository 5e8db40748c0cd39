internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

extension GroupSource {
    /// What the members find, each package from one of them: a name that is reserved, or that a member has who hosts, is not
    /// shown as an upstream knows it.
    ///
    /// - Throws: `SourceMiss` when no member has searches.
    func found(_ query: SearchQuery) async throws -> SourcedListing {
        let matcher = SearchQuery.Matcher(query)
        var answer = SourcedListing(listing: Listing(), validity: CacheValidity())
        var seen: Set<PackageID> = []
        var answered = false
        for member in members {
            do {
                let next = try await member.source.listing(.search(query.fromFirst))
                answered = true
                answer.validity.merge(next.validity)
                let found = next.listing.found
                var kept: [PackageMatch] = []
                for match in found.matches where seen.insert(match.package.id).inserted {
                    if try await isShown(match.package.id, from: member) { kept.append(match) }
                }
                answer.listing.found.total += found.total - (found.matches.count - kept.count)
                answer.listing.found.matches += kept
            } catch let miss as SourceMiss {
                answer.validity.merge(miss.validity)
            }
        }
        guard answered else {
            throw SourceMiss(
                error: SaveError(
                    .notFound, "there is no search in \(repository.record.coordinates): ask for the package by its name"),
                validity: answer.validity)
        }
        answer.listing.found.matches = SearchQuery.sorted(answer.listing.found.matches) { matcher.rank($0.package) }
        return answer
    }

    private func isShown(_ package: PackageID, from member: Member) async throws -> Bool {
        if member.isHosted { return true }
        guard candidates(for: package).contains(where: { !$0.isHosted }) else { return false }
        if repository.record.group.policy == .union { return true }
        for owner in members where owner.isHosted {
            if try await owner.source.owns(package).owned { return false }
        }
        return true
    }
}

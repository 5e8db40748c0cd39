/// Several repositories behind one URL.
///
/// `first_owner`: a package is answered by one member alone, index and files both; members that host are asked before
/// members that proxy, so that a name which somebody here owns is never taken from, or even asked of, an upstream.
/// `union`: listings are merged, the first member to have a file wins; whoever can publish upstream can then add files to
/// a name that is hosted here.
///
/// Only a miss moves on to the next member. Any other error stops: an outage of the owner must not hand its name to a
/// later member.
package struct GroupSource: ContentSource {
    let repository: Repository
    /// The hosted and proxy repositories the group reaches, in order.
    let members: [any ContentSource]
    /// The same, those that host first.
    let byOwnership: [any ContentSource]

    /// - Parameter leaves: hosted and proxy repositories in order, groups in groups already taken apart.
    init(repository: Repository, leaves: [(Repository, any ContentSource)]) {
        self.repository = repository
        members = leaves.map(\.1)
        byOwnership =
            leaves.filter { $0.0.record.kind == .hosted }.map(\.1) + leaves.filter { $0.0.record.kind != .hosted }.map(\.1)
    }

    package func listing(_ index: IndexKey) async throws -> SourcedListing {
        switch (index, repository.record.group.policy) {
        case (.root, _), (.directory, _), (_, .union): try await merged(index)
        case (_, .firstOwner): try await firstOwner(index)
        }
    }

    package func asset(_ path: AssetPath, package: PackageID?, method: HTTPMethod) async throws -> AssetContent {
        if let package, repository.record.group.policy == .firstOwner {
            let (owner, freshness) = try await owner(of: package)
            if let owner { return try await owner.asset(path, package: package, method: method).depending(on: freshness) }
            throw SourceMiss(error: SaveError(.packageNotFound, "there is no package '\(package)'"), freshness: freshness)
        }
        var before = Freshness()
        for member in members {
            do {
                return try await member.asset(path, package: package, method: method).depending(on: before)
            } catch let miss as SourceMiss {
                before.merge(miss.freshness)
            }
        }
        let error = SaveError(.assetNotFound, "there is no file '\(path)' in \(repository.record.coordinates)")
        throw SourceMiss(error: error, freshness: before)
    }

    package func owns(_ package: PackageID) async throws -> (owned: Bool, freshness: Freshness) {
        let (owner, freshness) = try await owner(of: package)
        return (owner != nil, freshness)
    }

    /// The member that has a package, with the freshness of everyone who was asked on the way.
    private func owner(of package: PackageID) async throws -> ((any ContentSource)?, Freshness) {
        var freshness = Freshness()
        for member in byOwnership {
            let answer = try await member.owns(package)
            freshness.merge(answer.freshness)
            if answer.owned { return (member, freshness) }
        }
        return (nil, freshness)
    }

    private func firstOwner(_ index: IndexKey) async throws -> SourcedListing {
        var before = Freshness()
        for member in byOwnership {
            do {
                var answer = try await member.listing(index)
                answer.freshness.merge(before)
                return answer
            } catch let miss as SourceMiss {
                before.merge(miss.freshness)
            }
        }
        throw SourceMiss(error: SaveError(.packageNotFound, "there is no such package"), freshness: before)
    }

    private func merged(_ index: IndexKey) async throws -> SourcedListing {
        var answer: SourcedListing?
        var before = Freshness()
        var lastMiss = SaveError(.packageNotFound, "there is no such package")
        for member in members {
            do {
                let next = try await member.listing(index)
                answer = answer.map { Self.merge($0, next) } ?? next
            } catch let miss as SourceMiss {
                before.merge(miss.freshness)
                lastMiss = miss.error
            }
        }
        guard var answer else { throw SourceMiss(error: lastMiss, freshness: before) }
        answer.freshness.merge(before)
        return answer
    }

    private static func merge(_ left: SourcedListing, _ right: SourcedListing) -> SourcedListing {
        var listing = left.listing
        let packages = Set(listing.packages.map(\.id))
        listing.packages = (listing.packages + right.listing.packages.filter { !packages.contains($0.id) }).sorted {
            $0.id < $1.id
        }
        let paths = Set(listing.assets.map(\.path))
        listing.assets += right.listing.assets.filter { !paths.contains($0.path) }
        listing.directories = Set(listing.directories + right.listing.directories).sorted()
        return SourcedListing(listing: listing, freshness: left.freshness.merging(right.freshness))
    }
}

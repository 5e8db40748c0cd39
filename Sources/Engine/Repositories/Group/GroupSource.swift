internal import SaveAccess
package import SavePlatform
internal import SaveStorage

/// Several repositories behind one URL.
///
/// `first_owner`: a package is answered by one member alone, index and files both; members that host are asked before
/// members that proxy, so that a name which somebody here owns is never taken from, or even asked of, an upstream.
/// `union`: listings are merged, the first member to have a file wins; everybody who can publish upstream can then add files to
/// a name that is hosted here. Under both, a reserved name is left to the members that host.
///
/// Only a miss moves on to the next member. Any other error stops: an outage of the owner must not hand its name to a
/// later member.
package struct GroupSource: ContentSource {
    /// A hosted or proxy repository that the group reaches.
    struct Member {
        let repository: Repository
        let source: any ContentSource
        var isHosted: Bool { repository.record.kind == .hosted }
    }

    let repository: Repository
    /// In the order in which they are asked.
    let members: [Member]
    /// Names that are left to members that host.
    private let reserved: [NamePattern]

    /// - Parameters:
    ///   - members: in the group's order, groups in groups already taken apart.
    ///   - reserved: what this group and the groups in it reserve.
    init(repository: Repository, members: [Member], reserved: [NamePattern]) {
        self.repository = repository
        self.members =
            repository.record.group.policy == .union
            ? members : members.filter(\.isHosted) + members.filter { !$0.isHosted }
        self.reserved = reserved
    }

    package func listing(_ index: IndexKey) async throws -> SourcedListing {
        if case .search(let query) = index { return try await found(query) }
        if let package = index.package, reserved.first(covering: package) == nil,
            let pattern = try await reservation(ofIndexOf: package)
        {
            return try await hosted(index, of: package, reserved: pattern)
        }
        guard let package = index.package, !isUnion else { return try await merged(index).sourced() }
        var validity = CacheValidity()
        var isFree = false
        for member in candidates(for: package) {
            if !member.isHosted, !isFree {
                try await refuseNested(package, &validity)
                isFree = true
            }
            if let answer = try await listing(index, of: package, by: member, &validity) { return answer }
        }
        if !isFree { try await refuseNested(package, &validity) }
        throw noPackage(package, validity)
    }

    /// What members that host list of a package of whose namespace no upstream is asked.
    private func hosted(_ index: IndexKey, of package: PackageID, reserved pattern: NamePattern) async throws -> SourcedListing {
        do {
            return try await GroupSource(repository: repository, members: members.filter(\.isHosted), reserved: []).listing(index)
        } catch let miss as SourceMiss {
            throw SourceMiss.reserved(package, pattern, in: repository, miss.validity)
        }
    }

    /// What a member lists of a package; nil where it does not have it.
    ///
    /// - Parameter validity: of those who were asked before; what this one says is added.
    private func listing(
        _ index: IndexKey, of package: PackageID, by member: Member, _ validity: inout CacheValidity
    ) async throws -> SourcedListing? {
        // What hosts a name may list nothing under it any more. A proxy has what it lists, and is asked once for both.
        if member.isHosted {
            let answer = try await member.source.owns(package)
            validity.merge(answer.validity)
            guard answer.owned else { return nil }
        }
        do {
            var answer = try await member.source.listing(index)
            if !counts(member) { answer.listing.removeSerials() }
            answer.validity.merge(validity)
            return answer
        } catch let miss as SourceMiss {
            validity.merge(miss.validity)
            guard member.isHosted else { return nil }
            guard members.contains(where: { !$0.isHosted }) else { throw SourceMiss(error: miss.error, validity: validity) }
            throw SourceMiss(error: deleted(package, member), validity: validity)
        }
    }

    package func asset(_ path: AssetPath, package: PackageID?, method: HTTPMethod) async throws -> AssetContent {
        if let package {
            if isDescribing { return try await unlisted(path, package, method) }
            if isUnion { return try await listed(path, package, method) }
            let (owner, validity) = try await owner(of: package)
            return try await owner.source.asset(path, package: package, method: method).depending(on: validity)
        }
        var before = CacheValidity()
        var missing: SaveError?
        for member in members {
            do {
                return try await member.source.asset(path, package: nil, method: method).depending(on: before)
            } catch let miss as SourceMiss {
                before.merge(miss.validity)
                missing = missing ?? miss.absence
            }
        }
        throw noFile(path, before, missing)
    }

    package func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity) {
        do {
            return (true, try await owner(of: package).validity)
        } catch let miss as SourceMiss {
            return (false, miss.validity)
        }
    }

    private var isUnion: Bool { repository.record.group.policy == .union }

    /// The members that may have a package.
    func candidates(for package: PackageID?) -> [Member] {
        reserved.first(covering: package) == nil ? members : members.filter(\.isHosted)
    }

    /// The rule that keeps a name from being taken from an upstream, if there is one.
    func reservation(of package: PackageID?) -> NamePattern? {
        reserved.first(covering: package)
            ?? members.lazy.compactMap { $0.repository.record.proxy.reservedNames.first(covering: package) }.first
    }

    /// The rule of the group that keeps the index of a package from being taken from an upstream, if there is one.
    func reservation(ofIndexOf package: PackageID) async throws -> NamePattern? {
        try await reserved.first(coveringIndexOf: package, in: repository)
    }

    // MARK: first_owner

    /// The member that has a package, with the validity of everyone who was asked on the way.
    ///
    /// - Throws: `SourceMiss` when nobody has it.
    private func owner(of package: PackageID) async throws -> (owner: Member, validity: CacheValidity) {
        var validity = CacheValidity()
        var isFree = false
        for member in candidates(for: package) {
            if !member.isHosted, !isFree {
                try await refuseNested(package, &validity)
                isFree = true
            }
            let answer = try await member.source.owns(package)
            validity.merge(answer.validity)
            if answer.owned { return (member, validity) }
        }
        if !isFree { try await refuseNested(package, &validity) }
        throw noPackage(package, validity)
    }

    // MARK: Names below names

    /// The nearest name that a package lies below (`PackageNesting`) and that a member hosts, with that member.
    ///
    /// - Parameter validity: what the answer rests on is added.
    func hostedName(
        above package: PackageID, _ validity: inout CacheValidity
    ) async throws -> (name: PackageID, host: Repository)? {
        guard !isUnion, let format = repository.format.cast({ $0 as? any PackageNesting }) else { return nil }
        for name in try await format.ask({ $0.names(above: package) }) {
            for member in members where member.isHosted {
                let answer = try await member.source.owns(name)
                validity.merge(answer.validity)
                if answer.owned { return (name, member.repository) }
            }
        }
        return nil
    }

    /// Missing, not refused: the go command asks for all that a package may be in, and goes on with the shorter name.
    ///
    /// - Throws: a miss for a package that no upstream is asked for, since it lies below one that is hosted here.
    private func refuseNested(_ package: PackageID, _ validity: inout CacheValidity) async throws {
        guard let (name, host) = try await hostedName(above: package, &validity) else { return }
        throw SourceMiss(
            error: SaveError(
                .packageNotFound,
                "'\(package)' is not hosted here, and lies below '\(name)', which \(host.record.coordinates) hosts, so it is taken from no upstream: publish it there"
            ), validity: validity)
    }

    // MARK: The number of the last change

    /// Whether what a member says of the last change of a package is passed on.
    ///
    /// A mirror keeps the largest number that it has seen, and comes for packages with larger ones (bandersnatch does). So all numbers
    /// of an index must be of one count, in which a later change always has a larger number. What is hosted here is in one
    /// count, whichever repositories it is in; each upstream has its own. Beside another count, a package of an upstream has no
    /// number: a mirror leaves it out and says so, instead of missing its changes, or those of others, in silence. Within one
    /// count the largest number is that of the last change. Members that come and go count as changes
    /// of what is hosted in the group (`MetadataWriting.renewSerials`).
    private func counts(_ member: Member) -> Bool {
        member.isHosted || members.allSatisfy { $0.repository.record.id == member.repository.record.id }
    }

    // MARK: All members together

    /// What the members list, put together: of a root index, a directory, or a package under `union`.
    ///
    /// - Throws: `SourceMiss` when nobody has it.
    func merged(_ index: IndexKey) async throws -> MergedListing {
        var merged = MergedListing(areShared: isUnion)
        var withheld: [(Int, SourcedListing)] = []
        for (place, member) in members(for: index.package) {
            do {
                var next = try await member.source.listing(index)
                if !counts(member) { next.listing.removeSerials() }
                if next.withholding != nil {
                    merged.withhold(next, at: place)
                    withheld.append((place, next))
                    continue
                }
                if !member.isHosted, !reserved.isEmpty {
                    next.listing.packages.removeAll { reserved.first(covering: $0.id) != nil }
                }
                merged.add(next, from: place)
            } catch let miss as SourceMiss {
                merged.add(miss)
            }
        }
        // Where nobody gives anything out, the page says so.
        if merged.isEmpty { for (place, next) in withheld { merged.add(next, from: place) } }
        guard !merged.isEmpty else { throw noPackage(index.package, merged.validity) }
        switch index {
        case .package, .custom: try await merged.settle(by: repository.format)
        // Nothing is said there of a whole.
        case .root, .directory, .document, .search: break
        }
        return merged
    }

    /// A file, from the very member that it is listed from: the digest that the page shows is that member's.
    private func listed(_ path: AssetPath, _ package: PackageID, _ method: HTTPMethod) async throws -> AssetContent {
        let merged = try await merged(.package(package))
        var before = merged.validity
        var missing: SaveError?
        // What is on no page is the metadata of a listed file, or was listed once and is still here.
        let isListed = merged.places[path] != nil
        // A member that gives nothing out is asked last: it refuses what it has, and says why.
        let members = members(for: package)
        let order = members.filter { !merged.withheld.contains($0.0) } + members.filter { merged.withheld.contains($0.0) }
        for (place, member) in order where !isListed || merged.places[path] == place {
            do {
                let content = try await member.source.asset(path, package: package, method: method)
                let subject = content.record.sidecarOf ?? path
                guard !merged.shadowed.contains(subject) || merged.places[subject] != nil,
                    merged.places[subject] ?? place == place
                else { continue }
                return content.depending(on: before)
            } catch let miss as SourceMiss {
                before.merge(miss.validity)
                missing = missing ?? miss.absence
            }
        }
        throw noFile(path, before, missing)
    }

    /// Whether members that proxy may have a file that no index lists.
    private var isDescribing: Bool {
        repository.descriptor.abilities.contains(.upstreamIndexes)
            && repository.format.cast { $0 as? any PathDescribing } != nil
    }

    /// A file of a package whose files no index need list: under `first_owner` from the member that hosts the package, and from no other
    /// one; else from the first that has the file.
    private func unlisted(_ path: AssetPath, _ package: PackageID, _ method: HTTPMethod) async throws -> AssetContent {
        var before = CacheValidity()
        var missing: SaveError?
        for member in candidates(for: package) {
            var isOwner = false
            if member.isHosted, !isUnion {
                let answer = try await member.source.owns(package)
                before.merge(answer.validity)
                guard answer.owned else { continue }
                isOwner = true
            }
            do {
                return try await member.source.asset(path, package: package, method: method).depending(on: before)
            } catch let miss as SourceMiss {
                before.merge(miss.validity)
                missing = missing ?? miss.absence
                guard isOwner else { continue }
                guard try await isForeign(package, in: member) else { break }
                throw SourceMiss(error: deleted(package, member), validity: before)
            }
        }
        guard missing == nil, reservation(of: package) != nil else { throw noFile(path, before, missing) }
        throw noPackage(package, before)
    }

    /// Whether a package is none of a member that hosts others of its namespace.
    private func isForeign(_ package: PackageID, in member: Member) async throws -> Bool {
        guard hasNamespaces, members.contains(where: { !$0.isHosted }) else { return false }
        do {
            _ = try await member.source.listing(.package(package))
            return false
        } catch is SourceMiss { return true }
    }

    private var hasNamespaces: Bool { repository.format.cast { $0 as? any PackageNamespaces } != nil }

    /// The candidates, each with its place.
    private func members(for package: PackageID?) -> [(Int, Member)] {
        Array(candidates(for: package).enumerated())
    }

    // MARK: Nobody has it

    /// A reserved name is refused and not missing: a client that is told "not found" goes on to the next index it knows,
    /// where somebody else may have published under the name.
    private func noPackage(_ package: PackageID?, _ validity: CacheValidity) -> SourceMiss {
        if let package, let pattern = reservation(of: package) {
            return .reserved(package, pattern, in: repository, validity)
        }
        let what = package.map { "package '\($0)'" } ?? "such index"
        return SourceMiss(
            error: SaveError(.packageNotFound, "there is no \(what) in \(repository.record.coordinates): check the name"),
            validity: validity)
    }

    /// Refused for the same reason: the name was ours, and its files were deleted, or its namespace is.
    private func deleted(_ package: PackageID, _ owner: Member) -> SaveError {
        let place = owner.repository.record.coordinates
        guard !hasNamespaces else {
            return SaveError(
                .blocked,
                "'\(package)' is not in \(place), which hosts others of its namespace, and those are taken from no upstream: publish it there, or have an owner give the group the policy union"
            )
        }
        return SaveError(
            .blocked,
            "every file of '\(package)' was deleted from \(place); the name is not taken from an upstream while the deleted files' names are retired"
        )
    }

    /// - Parameter absence: what a member says that has the file now, but did not have it then.
    private func noFile(_ path: AssetPath, _ validity: CacheValidity, _ absence: SaveError?) -> SourceMiss {
        SourceMiss(
            error: absence
                ?? SaveError(.assetNotFound, "there is no file '\(path)' in \(repository.record.coordinates): check the name"),
            validity: validity)
    }
}

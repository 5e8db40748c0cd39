package import SaveAccess
package import SavePlatform
internal import SaveStorage

/// Looks at everything that decides what clients get under a package's name, without asking any upstream unless told to.
struct Explainer: Sendable {
    let sources: RepositorySources
    let repository: Repository
    let package: PackageID
    /// Whether upstreams that clients would be sent to are asked now.
    let refresh: Bool

    /// The members of a group in the order in which it asks them; a repository that is no group is its own member.
    private func explanation(of members: [GroupSource.Member], _ group: GroupSource?) async throws -> Explanation {
        var explanation = Explanation(of: package, in: repository)
        var owner: Repository?
        var merged = MergedListing(areShared: repository.record.group.policy == .union)
        let isUnion = repository.record.kind == .group && repository.record.group.policy == .union
        let candidates = Set((group?.candidates(for: package) ?? members).map(\.repository.record.id))
        var ignored = CacheValidity()
        let above = try await group?.hostedName(above: package, &ignored)
        for (place, member) in members.enumerated() {
            var passedOver = try await passedOver(member, candidates, group)
            if let above, passedOver == nil, member.repository.record.kind != .hosted {
                passedOver = .init(
                    "owned_name", "\(above.host.record.coordinates) hosts '\(above.name)', which the name lies below")
            }
            if passedOver == nil, let owner, !isUnion {
                passedOver = .init("first_owner", "\(owner.record.coordinates) has the package and answers for it alone")
            }
            let mayAsk = refresh && passedOver == nil
            var findings = try await MemberFindings.gather(member.repository, package, sources, refresh: mayAsk)
            var entry = findings.member
            if member.isHosted, entry.state == "has_none", !findings.holdsName, try await member.source.owns(package).owned {
                findings.holdsName = true
                entry.reason = .init(
                    "namespace", "\(member.repository.record.coordinates) hosts other packages of its namespace")
            }
            entry.attributes = findings.listing?.attributes ?? JSONObject()
            if let passedOver {
                entry.state = "passed_over"
                entry.reason = passedOver
            } else if member.source is OfflineMember {
                entry.state = "fails"
                entry.reason = .init("offline", "\(member.repository.record.coordinates) is offline")
            }
            if entry.state == "answers" || entry.state == "fails" || findings.holdsName { owner = owner ?? member.repository }
            explanation.members.append(entry)
            explanation.files += files(of: findings, entry, place, &merged)
        }
        explanation.refusal = try await refusal(explanation, group)
        return explanation
    }

    func explain(in catalogue: CatalogueSnapshot) async throws -> Explanation {
        guard repository.record.kind == .group else {
            let source = sources.source(of: repository, in: catalogue)
            return try await explanation(of: [GroupSource.Member(repository: repository, source: source)], nil)
        }
        let group = sources.group(repository, in: catalogue)
        return try await explanation(of: group.members, group)
    }

    /// The rule that keeps a member from being asked for the name at all.
    private func passedOver(
        _ member: GroupSource.Member, _ candidates: Set<Int64>, _ group: GroupSource?
    ) async throws -> Explanation.Reason? {
        let own = member.repository.record
        if let pattern = try await own.proxy.reservedNames.first(coveringIndexOf: package, in: member.repository) {
            return .init("reserved_name", "\(own.coordinates) never asks its upstream for '\(pattern)'")
        }
        guard !member.isHosted, let group else { return nil }
        let covering = candidates.contains(own.id) ? nil : group.reservation(of: package)
        guard let pattern = if let covering { covering } else { try await group.reservation(ofIndexOf: package) } else {
            return nil
        }
        return .init("reserved_name", "\(repository.record.coordinates) leaves '\(pattern)' to members that host")
    }

    private func files(
        of findings: MemberFindings, _ member: Explanation.Member, _ place: Int, _ merged: inout MergedListing
    ) -> [Explanation.File] {
        let isAsked = member.state == "answers"
        // What a member does not give out takes no place from others.
        if isAsked, let listing = findings.listing, findings.withholding == nil {
            merged.add(SourcedListing(listing: listing, validity: .init()), from: place)
        }
        return findings.files.map { file in
            var file = file
            if file.state == "offered", !isAsked {
                file.state = member.state == "fails" ? "blocked" : "shadowed"
                file.reason = member.reason
            } else if file.state == "offered", merged.places[file.record.path] != place {
                file.state = "shadowed"
                file.reason = .init(
                    "duplicate_file", "a member before this one has a file of this name, or of one that clients take for it")
            }
            return file
        }
    }

    private func refusal(_ explanation: Explanation, _ group: GroupSource?) async throws -> Explanation.Reason? {
        guard !explanation.members.contains(where: { $0.state == "answers" }) else { return nil }
        if let failing = explanation.members.first(where: { $0.state == "fails" }) { return failing.reason }
        if let pattern = group?.reservation(of: package) ?? repository.record.proxy.reservedNames.first(covering: package) {
            return .init("reserved_name", "the name '\(pattern)' is reserved, and nobody hosts the package")
        }
        if explanation.members.contains(where: { $0.state == "not_asked" }) {
            return .init("not_asked", "no client has asked for the package yet, so nothing is known of the upstream")
        }
        return explanation.members.compactMap(\.reason).first ?? .init("not_found", "nobody has the package")
    }
}

extension RepositoryAdministration {
    /// Explains what clients get under a package's name.
    ///
    /// - Parameters:
    ///   - name: in any spelling of the format's.
    ///   - refresh: whether upstreams are asked now, as far as the group would ask them, and as often as clients may.
    /// - Throws: `packageNotFound` for what is no name of the format.
    package func explain(_ name: String, in repository: Repository, refresh: Bool) async throws -> Explanation {
        guard let package = try await repository.naming?.ask({ $0.package(named: name) }) ?? nil else {
            throw SaveError(.packageNotFound, "there is no such package: check the name")
        }
        return try await explain(package, in: repository, refresh: refresh)
    }

    /// The same of a package that is known by its key.
    package func explain(_ package: PackageID, in repository: Repository, refresh: Bool) async throws -> Explanation {
        try await Explainer(sources: sources, repository: repository, package: package, refresh: refresh).explain(
            in: sources.upstreams.catalogue.current)
    }
}

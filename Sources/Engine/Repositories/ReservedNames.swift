package import SaveAccess
package import SavePlatform
internal import SaveStorage

/// Reserved names as formats are told of them, and as they keep projects apart.
extension CatalogueSnapshot {
    /// What a repository reserves by itself, or a group by the groups in it. A hosted repository reserves nothing.
    ///
    /// - Parameter listed: what a page is made of.
    /// - Returns: what `RenderContext.reservedNames` says.
    package func reservedNames(in repository: Repository, showing listed: SourcedListing) -> JSONObject {
        var names = JSONObject()
        for reserving in structure(of: repository) {
            let record = reserving.record
            let patterns = record.group.reservedNames + record.proxy.reservedNames
            guard !patterns.isEmpty else { continue }
            let owners = owners(of: reserving)
            for pattern in patterns where names[pattern.rawValue] == nil {
                names[pattern.rawValue] = [
                    "project": .string(record.project), "owned": .bool(isOwned(listed, by: owners)),
                ]
            }
        }
        return names
    }

    /// The projects whose packages have the names that a group reserves: its own where that hosts packages in it, else all that do.
    private func owners(of group: Repository) -> Set<String> {
        let hosting = Set(leaves(of: group).filter { $0.record.kind == .hosted }.map(\.record.project))
        return hosting.contains(group.record.project) ? [group.record.project] : hosting
    }

    private func isOwned(_ listed: SourcedListing, by projects: Set<String>) -> Bool {
        !listed.holders.isEmpty
            && listed.holders.allSatisfy { id in
                repository(id: id).map { $0.record.kind == .hosted && projects.contains($0.record.project) } ?? false
            }
    }

    /// Why a new package is not published to a hosted repository: a group that has it as a member reserves the name, the group's
    /// project hosts packages in the group itself, and the repository's project agreed (`GroupSettings.boundMembers`): a repository
    /// becomes a member of a group by being readable. A group that only puts other projects together keeps names from upstreams alone.
    ///
    /// - Returns: nil where it may be published.
    func refusal(of package: PackageID, in hosted: Repository) -> SaveError? {
        let groups = repositories.filter { group in
            group.record.kind == .group && group.record.group.reservedNames.first(covering: package) != nil
        }
        var foreign: Repository?
        for group in groups where leaves(of: group).contains(where: { $0.record.id == hosted.record.id }) {
            if group.record.project == hosted.record.project { return nil }
            if group.record.group.boundMembers.contains(hosted.record.id), !owners(of: group).contains(hosted.record.project) {
                foreign = foreign ?? group
            }
        }
        guard let foreign, let pattern = foreign.record.group.reservedNames.first(covering: package) else { return nil }
        // PEP 752, "Uploads". Publishers may not know of the group, nor of its project.
        return SaveError(
            .conflict,
            "the name '\(package)' is reserved for another project, as '\(pattern)': take another name, or ask an owner of this project or an administrator who may publish it",
            details: ["package": package.name])
    }
}

extension [NamePattern] {
    /// The first pattern that covers a package, or a namespace that an index of the package may be about: the metadata in the folder of
    /// the Maven artifact `com:acme` may be that of the group `com.acme`.
    func first(coveringIndexOf package: PackageID?, in repository: Repository) async throws -> NamePattern? {
        guard let package, !isEmpty else { return nil }
        if let pattern = first(covering: package) { return pattern }
        guard let naming = repository.format.cast({ $0 as? any PackageNamespaces }) else { return nil }
        for namespace in try await naming.ask({ $0.namespaces(of: package) }) {
            if let pattern = first(covering: PackageID(normalized: namespace)) { return pattern }
        }
        return nil
    }
}

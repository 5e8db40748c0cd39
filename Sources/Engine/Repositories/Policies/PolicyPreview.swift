internal import SaveAccess
package import SavePlatform
package import SaveStorage

/// What a policy would have done to downloads that were recorded.
extension RepositoryAdministration {
    /// The downloads that a policy would have refused or warned of, had it been there, in the order in which they are given: what it alone says
    /// of each file, as old as the file was then.
    ///
    /// - Parameter downloads: of one file each, as the audit trail has them. Files that are not here any more are left out.
    /// - Returns: for each what the schema `PolicyPreviewItem` says.
    package func preview(_ policy: PolicyRecord, of downloads: [AuditRecord]) async throws -> [JSONValue] {
        let snapshot = sources.upstreams.catalogue.current
        var judged: [Int64: Repository] = [:]
        var items: [JSONValue] = []
        for download in downloads {
            guard let (repository, path) = Self.file(download.resource, in: snapshot), policy.applies(to: repository.record)
            else {
                continue
            }
            let id = repository.record.id
            let copy: Repository
            if let known = judged[id] { copy = known } else { copy = try await repository.judged(by: [policy]) }
            judged[id] = copy
            guard let asset = try await sources.storage.store.read({ try $0.asset(id, path) }), !copy.policies.isEmpty else {
                continue
            }
            let facts = PackageFacts(
                repository: copy, id: asset.record.package, files: [asset.listed],
                listed: try await listed(asset.record.package, in: repository), isQuestion: true, time: download.time)
            for rule in sources.furtherPolicies(copy) {
                guard let decision = try await rule.verdicts(on: facts)(asset.listed).decision, decision.action != .allow else {
                    continue
                }
                items.append([
                    "time": .string(download.time.rfc3339), "actor": .string(download.actor),
                    "repository": .string(repository.record.coordinates), "path": .string(path.text),
                    "package": JSONValue(asset.record.package?.name), "version": JSONValue(asset.record.version),
                    "count": download.details["count"] ?? 1, "verdict": .string(decision.action.rawValue),
                    "reason": .string(decision.reason),
                ])
            }
        }
        return items
    }

    /// What is remembered of the upstream's listing of a package. Asks nobody.
    private func listed(_ package: PackageID?, in repository: Repository) async throws -> [AssetRecord] {
        guard let package, repository.record.kind == .proxy, repository.descriptor.abilities.contains(.upstreamIndexes) else {
            return []
        }
        let context = UpstreamContext(repository, sources.storage, sources.upstreams)
        return try await UpstreamIndex(context).remembered(.package(package))?.listing.assets ?? []
    }

    /// The file that an audit record is about: `project/name/path`.
    private static func file(_ resource: String, in snapshot: CatalogueSnapshot) -> (Repository, AssetPath)? {
        let parts = resource.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2).map { String(Substring($0)) }
        guard parts.count == 3, let repository = snapshot.repository(project: parts[0], name: parts[1]),
            let path = try? AssetPath(parts[2])
        else { return nil }
        return (repository, path)
    }
}

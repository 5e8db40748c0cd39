internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Carries out what a format decided to change in a package.
struct PackageEditor: Sendable {
    let repository: Repository
    /// Whether the caller may take files away.
    let mayDelete: Bool

    /// Stores what changes. Called inside a transaction.
    ///
    /// - Parameters:
    ///   - wanted: decided by the package as it is now.
    ///   - action: what the format calls the change; nil where it has no name.
    ///   - isRecorded: whether the audit trail gets a record of its own.
    /// - Returns: the files whose records changed or that are gone; nil where nothing is other than before.
    /// - Throws: `packageNotFound`, `forbidden` for files taken away by who may not.
    func carryOut(
        _ wanted: PackageChange, in package: PackageID, _ writing: any MetadataWriting, at now: Timestamp,
        _ context: AuditContext, as action: String?, isRecorded: Bool
    ) throws -> [AssetPath]? {
        let id = repository.record.id
        guard var record = try writing.package(id, package) else { throw Self.noPackage(package, in: repository) }
        let assets = try writing.assets(id, package: package)
        let before = record.attributes
        record.attributes = wanted.attributes ?? before
        let stored = wanted.records.isEmpty ? [:] : Dictionary(assets.map { ($0.record.path, $0) }) { first, _ in first }
        let edited = wanted.records.compactMap { new in
            stored[new.path].flatMap { $0.record == new ? nil : Self.edited($0, new) }
        }
        let removing = Set(wanted.removed)
        let removed = assets.filter { removing.contains($0.record.path) }
        guard record.attributes != before || !edited.isEmpty || !removed.isEmpty else { return nil }
        guard removed.isEmpty || mayDelete else {
            throw SaveError(
                .forbidden,
                "you may not delete from \(repository.record.coordinates): ask an owner of its project for a role that may")
        }
        for asset in edited { try writing.put(asset) }
        let gone = try remove(removed, of: assets, writing, at: now, context)
        if gone.count == assets.count {
            try writing.deletePackage(id, package)
        } else {
            record.updated = now
            try writing.put(record)
        }
        if isRecorded {
            var details = differences(from: before, to: record.attributes)
            if !edited.isEmpty { details["files"] = .array(edited.prefix(100).map { .string($0.record.path.filename) }) }
            if !removed.isEmpty { details["removed"] = .array(removed.prefix(100).map { .string($0.record.path.filename) }) }
            let name = action ?? (removed.isEmpty ? "update" : "retract")
            try writing.record(
                AuditEvent("package.\(name)", "package", "\(repository.record.coordinates)/\(package)", details: details),
                context, at: now)
        }
        return edited.map(\.record.path) + gone
    }

    static func noPackage(_ package: PackageID, in repository: Repository) -> SaveError {
        SaveError(.packageNotFound, "there is no package '\(package)' in \(repository.record.coordinates): check the name")
    }

    /// What a format may change in the record of a file: all but what follows from its bytes.
    private static func edited(_ asset: StoredAsset, _ record: AssetRecord) -> StoredAsset {
        var asset = asset
        asset.record.attributes = record.attributes
        asset.record.withdrawn = record.withdrawn
        return asset
    }

    private func remove(
        _ removed: [StoredAsset], of assets: [StoredAsset], _ writing: any MetadataWriting, at now: Timestamp,
        _ context: AuditContext
    ) throws -> [AssetPath] {
        guard !removed.isEmpty else { return [] }
        var gone: [AssetPath] = []
        var sidecars: [AssetPath: [AssetPath]] = [:]
        for asset in assets {
            if let file = asset.record.sidecarOf { sidecars[file, default: []].append(asset.record.path) }
        }
        for asset in removed {
            try writing.remove(asset, from: repository, by: context.principal.auditName, at: now)
            gone.append(asset.record.path)
            gone += sidecars[asset.record.path] ?? []
        }
        return gone
    }

    /// The members that differ. There may be tens of thousands, as an image has tags.
    private func differences(from before: JSONObject, to after: JSONObject) -> JSONObject {
        func byKey(_ object: JSONObject) -> [[UInt8]: JSONValue] {
            Dictionary(object.members.map { (Array($0.key.utf8), $0.value) }) { first, _ in first }
        }
        let (earlier, later) = (byKey(before), byKey(after))
        var changes: [(String, JSONValue)] = []
        for member in before.members {
            let value = later[Array(member.key.utf8)]
            if value != member.value { changes.append((member.key, ["from": member.value, "to": value ?? .null])) }
        }
        for member in after.members where earlier[Array(member.key.utf8)] == nil {
            changes.append((member.key, ["from": .null, "to": member.value]))
        }
        return JSONObject(changes)
    }
}

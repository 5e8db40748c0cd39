package import SaveAccess
package import SavePlatform
package import SaveStorage

extension MetadataWriting {
    /// Removes a file with its sidecars. Where the format's names are permanent, the name of a file that was uploaded is
    /// retired; what a proxy cached is fetched again.
    package func remove(_ asset: StoredAsset, from repository: Repository, by remover: String, at now: Timestamp) throws {
        let id = repository.record.id
        _ = try deleteAsset(id, asset.record.path)
        guard repository.record.kind == .hosted, repository.descriptor.abilities.contains(.permanentNames),
            asset.record.sidecarOf == nil, !asset.record.isMutable
        else { return }
        try put(
            RetiredName(
                repository: id, path: asset.record.path, package: asset.record.package, identity: asset.record.identity,
                blob: asset.blob, retiredBy: remover, retired: now))
    }
}

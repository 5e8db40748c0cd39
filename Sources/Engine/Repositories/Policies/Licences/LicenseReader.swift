internal import SaveAccess
internal import SaveCaching
package import SavePlatform
package import SaveStorage

/// Finds out what files say of their licence: in their records, else in sidecars of theirs that are here.
///
/// What is in a sidecar is read once and remembered by its bytes, which do not change.
package final class LicenseReader: Sendable {
    private struct Key: Hashable {
        let format: String
        let sidecar: BlobDigest
    }

    private let store: any MetadataStore
    private let blobs: any BlobStore
    private let pool: BlockingPool
    private let read = BoundedCache<Key, String>(limit: 100_000)
    /// Larger sidecars are not read. Bytes.
    private static let maxBytes: Int64 = 4 << 20

    package init(store: any MetadataStore, blobs: any BlobStore, pool: BlockingPool) {
        self.store = store
        self.blobs = blobs
        self.pool = pool
    }

    /// - Throws: where a record or a sidecar cannot be read.
    func licenses(of package: PackageFacts) async throws -> PackageLicenses {
        guard let format = package.repository.licensing else { return PackageLicenses([]) }
        let files = package.files.filter { $0.sidecarOf == nil }
        var found = try await format.ask { format in
            files.compactMap { file in format.license(of: file, sidecar: nil).map { (file: file, text: $0) } }
        }
        let told = Set(found.map(\.file.path))
        let missing = Set(files.filter { !told.contains($0.path) }.compactMap(\.version))
        if !missing.isEmpty { found += try await inSidecars(of: package, versions: missing) }
        return PackageLicenses(found.sorted { $0.file.path < $1.file.path })
    }

    private func inSidecars(
        of package: PackageFacts, versions: Set<String>
    ) async throws -> [(file: AssetRecord, text: String)] {
        let repository = package.repository
        guard let id = package.id, let format = repository.licensing,
            let carrying = repository.format.cast({ $0 as? any EmbeddedMetadata })
        else { return [] }
        let stored = try await store.read { try $0.assets(repository.record.id, package: id) }
        let sidecars = try await carrying.ask { carrying in
            stored.filter { asset in
                guard let version = asset.record.version, versions.contains(version), let file = asset.record.sidecarOf,
                    asset.size <= Self.maxBytes
                else { return false }
                return carrying.file(ofSidecar: asset.record.path) == file
            }
        }
        var found: [(file: AssetRecord, text: String)] = []
        for sidecar in sidecars {
            guard let path = sidecar.record.sidecarOf else { continue }
            let file = AssetRecord(path: path, package: id, version: sidecar.record.version)
            let key = Key(format: repository.record.format, sidecar: sidecar.blob)
            let text: String
            if let known = read[key] {
                text = known
            } else {
                let blob = try await blobs.open(sidecar.blob)
                let bytes = try await blob.read(at: 0, count: Int(clamping: sidecar.size), pool: pool)
                text = try await format.ask { $0.license(of: file, sidecar: bytes) } ?? ""
                read.insert(text, for: key)
            }
            if !text.utf8.isEmpty { found.append((file, text)) }
        }
        return found
    }
}

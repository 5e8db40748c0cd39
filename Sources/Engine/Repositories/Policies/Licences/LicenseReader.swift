internal import SaveAccess
internal import SaveCaching
package import SaveHTTP
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
    private let log: Log
    private let read = BoundedCache<Key, String>(limit: 100_000)
    /// Sidecars whose bytes are lost, which the log has been told of.
    private let lost = BoundedCache<Key, Bool>(limit: 1000)
    /// Larger sidecars are not read. Bytes.
    private static let maxBytes: Int64 = 4 << 20

    package init(store: any MetadataStore, blobs: any BlobStore, pool: BlockingPool, log: Log) {
        self.log = log
        self.store = store
        self.blobs = blobs
        self.pool = pool
    }

    /// A sidecar whose bytes are lost says nothing: other files of the package are judged all the same.
    ///
    /// - Throws: where a record or a sidecar cannot be read now.
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
                guard let bytes = try await bytes(of: sidecar, key) else { continue }
                text = try await format.ask { $0.license(of: file, sidecar: bytes) } ?? ""
                read.insert(text, for: key)
            }
            if !text.utf8.isEmpty { found.append((file, text)) }
        }
        return found
    }

    /// - Returns: nil where they are lost.
    private func bytes(of sidecar: StoredAsset, _ key: Key) async throws -> [UInt8]? {
        do {
            let blob = try await blobs.open(sidecar.blob)
            return try await blob.read(at: 0, count: Int(clamping: sidecar.size), pool: pool)
        } catch let error as SaveError where [.assetNotFound, .blobCorrupt].contains(error.code) {
            if lost[key] == nil {
                lost.insert(true, for: key)
                log(
                    .error, "what says which licence a file is under is lost: its licence is unknown",
                    ["file": sidecar.record.path.text, "error": "\(error)"])
            }
            return nil
        }
    }
}

internal import SaveDigest
package import SaveHTTP
package import SavePlatform
package import SaveStorage

/// When files were first seen for which their upstream gives no time. What an upstream says of a file's time never gets here, and
/// this never takes its place.
package struct FileSightings: Sendable {
    let store: any MetadataStore
    let clock: PlatformClock
    let log: Log

    package init(store: any MetadataStore, clock: PlatformClock, log: Log) {
        self.store = store
        self.clock = clock
        self.log = log
    }

    /// When each file was first seen: by an earlier look, or when it was fetched; else now, which is noted.
    ///
    /// - Parameter keepsNew: whether it is noted. Where that is not possible, the file stays new, and so withheld.
    package func times(of files: [AssetRecord], in repository: Int64, keepsNew: Bool) async throws -> [AssetPath: Timestamp] {
        guard keepsNew else {
            return try await store.read { reading in
                var known = try Self.known(files, repository, reading)
                for file in files where known[file.path.plain] == nil {
                    known[file.path.plain] = try Self.fetched(file, repository, reading)
                }
                return known
            }
        }
        let known = try await store.read { try Self.known(files, repository, $0) }
        let fresh = files.filter { known[$0.path.plain] == nil }
        guard !fresh.isEmpty else { return known }
        let now = clock.now()
        var times = known
        do {
            for start in stride(from: 0, to: fresh.count, by: Self.maxNoted) {
                let some = fresh[start..<min(start + Self.maxNoted, fresh.count)]
                let noted = try await store.write { try Self.note(some, repository, at: now, $0) }
                times.merge(noted) { $1 }
            }
        } catch {
            log.sparsely(.error, "it was not noted when files were first seen", ["error": "\(error)"])
        }
        return times
    }

    /// Files that are noted in one transaction: others wait for its end.
    private static let maxNoted = 500

    /// - Returns: when each was first seen.
    private static func note(
        _ files: ArraySlice<AssetRecord>, _ repository: Int64, at now: Timestamp, _ writing: any MetadataWriting
    ) throws -> [AssetPath: Timestamp] {
        var times: [AssetPath: Timestamp] = [:]
        for file in files {
            let sighting = FileSighting(
                repository: repository, path: file.path.plain, digest: key(file),
                seen: try fetched(file, repository, writing) ?? now)
            try writing.put(sighting)
            // Another look may have come first.
            times[sighting.path] = try writing.sighting(repository, sighting.path, digest: sighting.digest)
        }
        return times
    }

    private static func known(
        _ files: [AssetRecord], _ repository: Int64, _ reading: any MetadataReading
    ) throws -> [AssetPath: Timestamp] {
        var known: [AssetPath: Timestamp] = [:]
        for file in files {
            let path = file.path.plain
            known[path] = try reading.sighting(repository, path, digest: key(file))
        }
        return known
    }

    /// When the file came here, if these bytes are here.
    private static func fetched(
        _ file: AssetRecord, _ repository: Int64, _ reading: any MetadataReading
    ) throws -> Timestamp? {
        guard let asset = try reading.asset(repository, file.path.plain) else { return nil }
        guard let digest = digest(file) else { return asset.created }
        let here = digest.algorithm == .sha256 ? asset.blob.hex : asset.record.checksums[digest.algorithm]?.hex
        return digest.hex == here ? asset.created : nil
    }

    /// SHA-256 first, by which the bytes that are here are always known, then the strongest. npm names SHA-512 and SHA-1, and some
    /// indexes of PyPI packages nothing but MD5.
    private static let algorithms: [DigestAlgorithm] = [.sha256, .sha512, .sha384, .blake2b256, .sha224, .sha1, .md5]

    private static func digest(_ file: AssetRecord) -> Checksum? {
        algorithms.lazy.compactMap { file.checksums[$0] }.first
    }

    /// `FileSighting.digest` of a file.
    private static func key(_ file: AssetRecord) -> String {
        guard let digest = digest(file) else { return "" }
        return digest.algorithm == .sha256 ? digest.hex : "\(digest.algorithm.rawValue):\(digest.hex)"
    }
}

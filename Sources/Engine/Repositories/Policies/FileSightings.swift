internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// When files were first seen for which their upstream gives no time. What an upstream says of a file's time never gets here, and
/// this never takes its place.
struct FileSightings: Sendable {
    let store: any MetadataStore
    let clock: PlatformClock
    let log: Log

    /// When each file was first seen: by an earlier look, or when it was fetched; else now, which is noted.
    ///
    /// - Parameter keepsNew: whether it is noted. Where that is not possible, the file stays new, and so withheld.
    func times(of files: [AssetRecord], in repository: Int64, keepsNew: Bool) async throws -> [AssetPath: Timestamp] {
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
        do {
            return try await store.write { writing in
                var times = known
                for file in fresh {
                    let sighting = FileSighting(
                        repository: repository, path: file.path.plain, digest: Self.digest(file),
                        seen: try Self.fetched(file, repository, writing) ?? now)
                    try writing.put(sighting)
                    // Another look may have come first.
                    times[sighting.path] = try writing.sighting(repository, sighting.path, digest: sighting.digest)
                }
                return times
            }
        } catch {
            log.sparsely(.error, "it was not noted when files were first seen", ["error": "\(error)"])
            return known
        }
    }

    private static func known(
        _ files: [AssetRecord], _ repository: Int64, _ reading: any MetadataReading
    ) throws -> [AssetPath: Timestamp] {
        var known: [AssetPath: Timestamp] = [:]
        for file in files {
            let path = file.path.plain
            known[path] = try reading.sighting(repository, path, digest: digest(file))
        }
        return known
    }

    /// When the file came here, if these bytes are here.
    private static func fetched(
        _ file: AssetRecord, _ repository: Int64, _ reading: any MetadataReading
    ) throws -> Timestamp? {
        guard let asset = try reading.asset(repository, file.path.plain) else { return nil }
        let digest = digest(file)
        return digest.isEmpty || digest == asset.blob.hex ? asset.created : nil
    }

    private static func digest(_ file: AssetRecord) -> String { file.checksums[.sha256]?.hex ?? "" }
}

internal import SavePlatform

/// Files of a repository that were there at a time. The others are missing and not refused, as they were then.
///
/// A file's time is its upstream's, or that of its upload. Where an upstream says none, it is when this server first knew of the file, as
/// far as that was noted (`FileSightings`). Nothing is noted by asking.
struct PublishedBy: Sendable {
    let time: Timestamp
    let sightings: FileSightings

    /// The files that were there, each with its sidecars.
    func filter(_ files: [AssetRecord], in repository: Int64) async throws -> [AssetRecord] {
        let seen = try await seen(files, in: repository)
        var later: Set<AssetPath> = []
        for file in files where file.sidecarOf == nil && !isThere(file, seen) { later.insert(file.path) }
        return later.isEmpty ? files : files.filter { !later.contains($0.sidecarOf ?? $0.path) }
    }

    /// - Throws: `SourceMiss` for a file that was not there.
    func check(_ file: AssetRecord, in repository: Int64) async throws {
        let seen = try await seen([file], in: repository)
        guard !isThere(file, seen) else { return }
        throw SourceMiss(error: absence(of: file, published: published(file, seen)), validity: CacheValidity())
    }

    private func seen(_ files: [AssetRecord], in repository: Int64) async throws -> [AssetPath: Timestamp] {
        let unknown = files.filter { $0.published == nil && $0.sidecarOf == nil }
        return unknown.isEmpty ? [:] : try await sightings.times(of: unknown, in: repository, keepsNew: false)
    }

    private func published(_ file: AssetRecord, _ seen: [AssetPath: Timestamp]) -> Timestamp? {
        file.published ?? seen[file.path.plain]
    }

    private func isThere(_ file: AssetRecord, _ seen: [AssetPath: Timestamp]) -> Bool {
        published(file, seen).map { $0 <= time } ?? false
    }

    private func absence(of file: AssetRecord, published: Timestamp?) -> SaveError {
        let (name, prefix) = (file.path.filename, "/\(AsOf.path(of: time))")
        let text =
            if let published {
                "'\(name)' was published at \(published.rfc3339) and is not there as of \(time.rfc3339): ask for a later time, or leave out \(prefix)"
            } else {
                "it is not known when '\(name)' was published, so it is not there as of \(time.rfc3339): leave out \(prefix)"
            }
        return SaveError(.assetNotFound, text, details: [Self.detail: time.rfc3339])
    }

    /// The detail of an error that a file is there now, but was not then.
    static let detail = "as_of"
}

internal import SaveDigest
internal import SavePlatform
internal import SaveStorage

/// The rows that new items become, for the transaction that stores them and for the format, which is asked before about the package with
/// them in it.
struct PublishedRows: Sendable {
    let items: [Submission.Item]
    private let repository: Int64
    private let uploader: String
    private let now: Timestamp

    init(_ items: [Submission.Item], in repository: Int64, by uploader: String, at now: Timestamp) {
        self.items = items
        self.repository = repository
        self.uploader = uploader
        self.now = now
    }

    func row(_ item: Submission.Item) -> StoredAsset {
        var record = item.record
        record.size = item.staged.size
        record.published = record.published ?? now
        if item.replaces { record.isMutable = true }
        if record.checksums[.sha256] == nil {
            record.checksums = item.staged.checksums.filter { $0.algorithm == .sha256 } + record.checksums
        }
        return StoredAsset(
            repository: repository, record: record, blob: item.staged.digest, size: item.staged.size, uploadedBy: uploader,
            created: now)
    }

    /// The file that is here already and gets a sidecar; nil for files, and for sidecars that come with theirs.
    func attaches(_ item: Submission.Item) -> AssetPath? {
        guard let file = item.record.sidecarOf, !items.contains(where: { $0.record.path == file }) else { return nil }
        return file
    }

    /// The row of a file, with what a sidecar lets it say; nil where that is nothing.
    func announced(_ item: Submission.Item, in file: StoredAsset) -> StoredAsset? {
        guard !item.announcement.isEmpty else { return nil }
        var file = file
        for member in item.announcement.members { file.record.attributes[member.key] = member.value }
        return file
    }

    /// The rows of a package when these are stored, in the order of their paths.
    func added(to rows: [StoredAsset]) -> [StoredAsset] {
        var found = Dictionary(rows.map { ($0.record.path, $0) }) { _, last in last }
        for item in items {
            found[item.record.path] = row(item)
            if let file = attaches(item), let row = found[file] { found[file] = announced(item, in: row) ?? row }
        }
        return found.values.sorted { $0.record.path < $1.record.path }
    }
}

internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// What a submission meets in a repository, read in one moment, and what the format says to that, asked outside of any transaction.
struct PublishDecision: Sendable {
    /// What is not there yet.
    let items: [Submission.Item]
    /// What else changes in the package; nil for nothing.
    private(set) var change: PackageChange?
    /// Attributes of the package, where it is there and the format says whether it takes the items.
    private let attributes: JSONObject?
    /// The package with the items in it, where more than its files changes.
    private let listing: Listing?
    /// nil where the format has no say.
    private let revision: PackageRevision?

    /// - Parameter uploader: as the records of the items will name it.
    /// - Throws: what `PublishRules.newItems` throws, and `packageNotFound` for a change of a package that is not there.
    init(
        _ submission: Submission, by rules: PublishRules, _ reading: any MetadataReading, uploader: String, at now: Timestamp
    ) throws {
        let id = rules.repository.record.id
        items = try rules.newItems(submission, in: reading)
        let isChecked = rules.repository.governing != nil && !items.isEmpty
        guard let package = submission.package?.id, isChecked || submission.change != nil else {
            (attributes, listing, revision) = (nil, nil, nil)
            return
        }
        let record = try reading.package(id, package)
        attributes = isChecked ? record?.attributes : nil
        guard submission.change != nil else {
            listing = nil
            revision = try PackageRevision(of: .attributes, in: package, id, reading)
            return
        }
        if record == nil, items.isEmpty { throw PackageEditor.noPackage(package, in: rules.repository) }
        let rows = PublishedRows(items, in: id, by: uploader, at: now)
        let files = rows.added(to: try reading.assets(id, package: package)).filter { $0.record.sidecarOf == nil }
        listing = Listing(assets: files.map(\.record), attributes: record?.attributes ?? JSONObject())
        revision = try PackageRevision(of: .content, in: package, id, reading)
    }

    /// Asks whether the package takes the items.
    ///
    /// - Throws: what the format says of a package that takes no files, or not these.
    func check(_ repository: Repository) async throws {
        guard let attributes, let governing = repository.governing else { return }
        let items = items
        try await governing.ask { try $0.checkUpload(items, to: attributes) }
    }

    /// Asks what else changes.
    ///
    /// - Throws: what the format throws.
    mutating func decide(_ submission: Submission, _ repository: Repository) async throws {
        guard let listing, let change = submission.change else { return }
        self.change = try await repository.format.ask { _ in try change(listing) }
    }

    /// - Parameter items: what is new in the transaction that writes.
    /// - Throws: `RevisionConflict` where the format was asked about something else.
    func confirm(_ items: [Submission.Item], in writing: any MetadataWriting) throws {
        guard let revision else { return }
        try revision.check(in: writing)
        guard items.map(\.record.path) == self.items.map(\.record.path) else { throw RevisionConflict() }
    }
}

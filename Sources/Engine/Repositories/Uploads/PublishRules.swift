internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// What of a submission is new to a repository, and whether it may be added.
struct PublishRules: Sendable {
    let repository: Repository
    /// Whether the caller may delete here, which putting other bytes under a name amounts to.
    let mayDelete: Bool
    /// Under which the client wants its files to be taken.
    var conditions = ChangeConditions.none
    /// Knows which names are other projects'; nil where nobody publishes.
    private var authority: ChangeAuthority?

    init(repository: Repository, mayDelete: Bool) {
        self.repository = repository
        self.mayDelete = mayDelete
    }

    /// - Throws: where the right to change the repository has ended.
    init(by authority: ChangeAuthority, onlyIf conditions: ChangeConditions) throws {
        let (repository, granted) = try authority.confirm()
        self.init(repository: repository, mayDelete: granted.contains(.delete))
        self.conditions = conditions
        self.authority = authority
    }

    private var id: Int64 { repository.record.id }
    private var mayReplace: Bool { mayDelete && repository.record.hosted.allowRedeploy }

    /// The items that are not there yet, byte for byte.
    ///
    /// - Throws: `invalidRequest` for a path that cannot be read; `conflict` for another spelling of the package's name, or for a name that another project reserves; `preconditionFailed` where the client wants other files to be there, or none; `alreadyExists` for other bytes under a name that is taken, in any spelling; `nameRetired` for the name of a
    ///   deleted file; `RevisionConflict` where a sidecar was put together with one that is not there any more.
    func newItems(
        _ submission: Submission, in reading: any MetadataReading
    ) throws -> [Submission.Item] {
        if submission.items.isEmpty, !conditions.isEmpty { throw Self.noFile }
        guard !submission.items.contains(where: { AsOf.takes($0.record.path) }) else { throw Self.takenName }
        try checkSpelling(of: submission, in: reading)
        try checkReservation(of: submission, in: reading)
        let files = try submission.items.filter { item in
            try item.record.sidecarOf == nil && isNew(item, in: reading)
        }
        // What describes a file comes with the file. With the same bytes again comes what they do not have yet, and nothing else.
        let paths = Set(files.map(\.record.path))
        let combines = repository.format.cast { $0 as? any SidecarCombining } != nil
        let items = try submission.items.filter { item in
            guard let file = item.record.sidecarOf else { return paths.contains(item.record.path) }
            guard !paths.contains(file), let kept = try reading.asset(id, item.record.path) else {
                // What was put together with another one holds only as long as that is there.
                guard item.replaced == nil else { throw RevisionConflict() }
                return true
            }
            guard kept.blob != item.staged.digest, combines else { return false }
            // Also where there was none when it was looked for.
            guard kept.blob == item.replaced else { throw RevisionConflict() }
            return true
        }
        return items
    }

    /// A publish in another spelling than the first, where the format's packages have one.
    private func checkSpelling(of submission: Submission, in reading: any MetadataReading) throws {
        guard repository.descriptor.abilities.contains(.fixedSpellings), !submission.items.isEmpty, let new = submission.package,
            let first = try reading.package(id, new.id), !ASCII.isEqual(first.displayName, new.displayName)
        else { return }
        throw SaveError(
            .conflict,
            "there is a package '\(first.displayName)' already, which '\(new.displayName)' would be taken for: publish it under that spelling, or under another name",
            details: ["package": first.displayName])
    }

    /// A package that is there goes on as it is (PEP 752, "Uploads").
    private func checkReservation(of submission: Submission, in reading: any MetadataReading) throws {
        guard !submission.items.isEmpty, let package = submission.package?.id, let refusal = authority?.refusal(of: package),
            try reading.package(id, package) == nil
        else { return }
        throw refusal
    }

    private func isNew(_ item: Submission.Item, in reading: any MetadataReading) throws -> Bool {
        let existing = try reading.asset(id, item.record.path)
        try conditions.check(against: existing.map(ChangeConditions.Current.init))
        if let existing {
            if existing.blob == item.staged.digest { return false }
            guard mayReplace || item.replaces else { throw Self.alreadyExists(item, existing) }
            return true
        }
        if let package = item.record.package, let identity = item.record.identity,
            let twin = try reading.asset(id, package: package, identity: identity)
        {
            throw Self.alreadyExists(item, twin)
        }
        if let package = item.record.package {
            for identity in item.rivals {
                guard let rival = try reading.asset(id, package: package, identity: identity) else { continue }
                throw Self.rivalled(item, by: rival)
            }
        }
        for retired in try Self.retiredNames(of: item.record, in: id, reading) {
            // A publisher that may delete may also take a deletion back: with the same bytes, nobody can tell that there was one.
            guard mayReplace || (mayDelete && retired.blob == item.staged.digest) else { throw Self.nameRetired(item) }
        }
        return true
    }

    /// The retired names that a file would take: its own, and that of a file that clients take for it.
    static func retiredNames(
        of record: AssetRecord, in repository: Int64, _ reading: any MetadataReading
    ) throws -> [RetiredName] {
        guard record.sidecarOf == nil else { return [] }
        let own = try reading.retiredName(repository, record.path)
        guard let package = record.package, let identity = record.identity,
            let twin = try reading.retiredName(repository, package: package, identity: identity), twin.path != record.path
        else { return [own].compactMap(\.self) }
        return [own, twin].compactMap(\.self)
    }

    private static let takenName = SaveError.invalid(
        "path", "the path: '\(AsOf.marker)' at the top of a repository is kept for reading it as of a time: use another name")

    private static let noFile = SaveError(
        .invalidRequest, "If-Match and If-None-Match are about files, and this request has none: send it without them")

    /// The words that every upload client recognises stand first.
    private static func alreadyExists(_ item: Submission.Item, _ existing: StoredAsset) -> SaveError {
        SaveError(
            .alreadyExists,
            "File already exists ('\(existing.record.path.filename)', with sha256 hash '\(existing.blob.hex)'); published files do not change",
            details: ["file": item.record.path.text])
    }

    /// None of the words by which clients know that a file exists: the file that is there is another one.
    private static func rivalled(_ item: Submission.Item, by rival: StoredAsset) -> SaveError {
        SaveError(
            .invalidRequest,
            "content: '\(item.record.path.filename)' cannot stand beside '\(rival.record.path.filename)': upload it under another version, or delete the other file first",
            details: ["field": "content"])
    }

    /// None of the words by which clients know that a file exists: they would take this for a success.
    private static func nameRetired(_ item: Submission.Item) -> SaveError {
        SaveError(
            .nameRetired,
            "the name '\(item.record.path.filename)' was that of a file that is deleted: upload another version, or ask an owner of the project to release the name",
            details: ["file": item.record.path.text])
    }
}

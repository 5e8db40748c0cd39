internal import SaveAccess
internal import SavePlatform
internal import SaveRepositories

/// What a release says of itself, for the page of its package: that of the version on the page, or of the newest whose text is here.
struct ReleaseText: Sendable {
    let version: String
    let description: ReleaseDescription
    /// Why what stands beside the files is not to be had.
    let failure: String?

    /// Versions whose text is looked for, and files of one.
    private static let maxVersions = 5
    private static let maxFiles = 4

    /// - Returns: nil where the format says nothing of releases, or nothing can be shown.
    static func find(
        in facts: PackageFacts, of shown: PackageFacts.Version?, for repository: Repository, _ call: PageCall
    ) async -> ReleaseText? {
        guard repository.describing != nil else { return nil }
        // Visitors, and the programs that follow every link, make no work for upstreams.
        let isFetching = call.session != nil && call.asked("refresh") == "true"
        var partial: ReleaseText?
        for (place, version) in candidates(facts, shown).enumerated() {
            let found = await read(version, facts, isFetching: isFetching && place == 0, call)
            if let found, !found.description.isPartial, found.failure == nil { return found }
            partial = partial ?? found
        }
        return partial
    }

    private static func candidates(_ facts: PackageFacts, _ shown: PackageFacts.Version?) -> [PackageFacts.Version] {
        if let shown { return [shown] }
        guard let newest = facts.newest else { return [] }
        let others = facts.versions.lazy.filter { !$0.offered.isEmpty && !ASCII.isEqual($0.version, newest.version) }
        return [newest] + others.prefix(maxVersions - 1)
    }

    /// What a rule keeps from clients is not shown either.
    private static func read(
        _ version: PackageFacts.Version, _ facts: PackageFacts, isFetching: Bool, _ call: PageCall
    ) async -> ReleaseText? {
        var partial: ReleaseText?
        for file in version.files.filter({ $0.state == "offered" || $0.state == "unlisted" }).prefix(maxFiles) {
            let attributes = facts.members.first { $0.source === file.source }?.attributes ?? JSONObject()
            do {
                guard
                    let found = try await call.context.administration.describe(
                        file.record, attributes: attributes, in: file.source, fetching: isFetching)
                else { return nil }
                let text = ReleaseText(version: version.version, description: found, failure: nil)
                if !found.isPartial { return text }
                partial = partial ?? text
            } catch {
                partial = ReleaseText(
                    version: version.version, description: ReleaseDescription(isPartial: true),
                    failure: (error as? SaveError)?.message ?? "it cannot be read now")
            }
        }
        return partial
    }
}

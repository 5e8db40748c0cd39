internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// A member of a group that was taken offline. What it has is given to nobody, and its names do not pass to the members
/// after it: being offline is an outage that somebody wanted.
struct OfflineMember: ContentSource {
    let repository: Repository
    /// What it is when it is online.
    let source: any ContentSource

    func listing(_ index: IndexKey) async throws -> SourcedListing {
        if isHosted { _ = try await source.listing(index) }
        throw refusal
    }

    func asset(_ path: AssetPath, package: PackageID?, method: HTTPMethod) async throws -> AssetContent {
        if isHosted { _ = try await source.asset(path, package: package, method: .head) }
        throw refusal
    }

    func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity) {
        guard isHosted else { throw refusal }
        let answer = try await source.owns(package)
        guard !answer.owned else { throw refusal }
        return answer
    }

    /// What is hosted can be looked up without anyone being asked: for what it does not have, the group goes on.
    private var isHosted: Bool { repository.record.kind == .hosted }

    private var refusal: SaveError {
        SaveError(
            .busy,
            "\(repository.record.coordinates), a member of the group, is offline: ask again later, or have an owner put it online",
            details: ["retry_after": "60"])
    }
}

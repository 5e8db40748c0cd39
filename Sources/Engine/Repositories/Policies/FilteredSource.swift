internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// A repository that has files of its own, hosted or fetched, before any rule. Clients get of it what `FilteredSource` lets through.
protocol FileSource: Sendable {
    var repository: Repository { get }

    /// What an index lists, of all that there is; a search is asked for by `found`.
    ///
    /// - Throws: what `ContentSource.listing` throws.
    func listing(_ index: IndexKey) async throws -> SourcedListing

    /// What a search finds.
    ///
    /// - Parameter rules: what is told of a package follows from the files that clients see of it.
    /// - Throws: what `ContentSource.listing` throws.
    func found(_ query: SearchQuery, by rules: FileRules) async throws -> SourcedListing

    /// A file.
    ///
    /// - Parameter rules: asked about the file as soon as something is known of it, before any upstream is asked where that is
    ///   possible, and again where an upstream has said something else then. After "not found", before anything is opened or fetched.
    /// - Throws: what `ContentSource.asset` throws, and what the rules throw.
    func asset(
        _ path: AssetPath, package: PackageID?, method: HTTPMethod, by rules: FileRules
    ) async throws -> AssetContent

    func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity)
}

/// What clients get of a repository that has files: its files and listings without what a rule withholds. Members of groups are
/// such sources as well, so that a group and its members never differ.
struct FilteredSource: ContentSource {
    private let source: any FileSource
    private let rules: FileRules

    init(_ source: any FileSource, by rules: FileRules) {
        self.source = source
        self.rules = rules
    }

    func listing(_ index: IndexKey) async throws -> SourcedListing {
        if case .search(let query) = index { return try await source.found(query, by: rules) }
        let answer = try await source.listing(index)
        // A list of packages has no files.
        guard index.package != nil || !answer.listing.assets.isEmpty else { return answer }
        let facts = PackageFacts(
            repository: source.repository, id: index.package, attributes: answer.listing.attributes)
        var shown = try await rules.filter(answer, of: facts)
        if !shown.listing.assets.isEmpty { shown.holders = [source.repository.record.id] }
        return shown
    }

    func asset(_ path: AssetPath, package: PackageID?, method: HTTPMethod) async throws -> AssetContent {
        try await source.asset(path, package: package, method: method, by: rules)
    }

    func owns(_ package: PackageID) async throws -> (owned: Bool, validity: CacheValidity) {
        try await source.owns(package)
    }
}

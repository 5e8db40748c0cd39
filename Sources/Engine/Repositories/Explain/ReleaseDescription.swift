package import SaveAccess
package import SavePlatform
package import SaveStorage

/// What a file says of its release (`ReleaseDescribing`).
package struct ReleaseDescription: Sendable {
    package var summary: String?
    package var readme: Document?
    package var facts: [(name: String, value: String)] = []
    package var dependencies: [(name: String, versions: String, group: String)] = []
    /// The file beside it that says more is not here.
    package var isPartial = false

    package init(
        summary: String? = nil, readme: Document? = nil, facts: [(name: String, value: String)] = [],
        dependencies: [(name: String, versions: String, group: String)] = [], isPartial: Bool = false
    ) {
        self.summary = summary
        self.readme = readme
        self.facts = facts
        self.dependencies = dependencies
        self.isPartial = isPartial
    }
}

extension RepositoryAdministration {
    /// Bytes of what says more of a release: of a file beside the one that is described, and of that file itself.
    private static let maxBytes = (beside: 4 << 20, itself: 16 << 20)

    /// Reads what a file says of its release, as far as it is here.
    ///
    /// - Parameters:
    ///   - attributes: of the package, as the repository has it.
    ///   - repository: hosted or a proxy.
    ///   - fetching: whether an upstream is asked for what is not here, as a client would ask.
    /// - Returns: nil where the format says nothing of releases.
    /// - Throws: why what stands beside the file is not given out, or cannot be had.
    package func describe(
        _ file: AssetRecord, attributes: JSONObject, in repository: Repository, fetching: Bool
    ) async throws -> ReleaseDescription? {
        guard let format = repository.describing else { return nil }
        let path = try await format.ask { $0.metadataPath(of: file) }
        let limit = path == file.path ? Self.maxBytes.itself : Self.maxBytes.beside
        let metadata: [UInt8]? =
            if let path { try await bytes(of: path, file.package, limit, repository, isFetching: fetching) } else { nil }
        let length = BlockingPool.Length.reading(metadata?.count ?? 0)
        return try await format.ask(on: sources.processors, lasting: length) { format in
            ReleaseDescription(
                summary: format.summary(of: file, metadata: metadata),
                readme: format.readme(of: file, metadata: metadata, package: attributes),
                facts: format.facts(of: file, metadata: metadata),
                dependencies: format.dependencies(of: file, metadata: metadata), isPartial: path != nil && metadata == nil)
        }
    }

    /// - Returns: nil where they are not here, and nobody is asked.
    /// - Throws: `tooLarge`.
    private func bytes(
        of path: AssetPath, _ package: PackageID?, _ limit: Int, _ repository: Repository, isFetching: Bool
    ) async throws -> [UInt8]? {
        let id = repository.record.id
        let stored = try await sources.storage.store.read { try $0.asset(id, path) }
        guard let stored else {
            guard isFetching else { return nil }
            return try await content(of: path, package, in: repository)?.bytes(limit: limit, pool: sources.pool)
        }
        guard stored.size <= Int64(limit) else {
            throw SaveError(.tooLarge, "the file is larger than \(limit >> 20) MiB: download it, and look into it")
        }
        return try await content(of: path, package, in: repository)?.bytes(limit: limit, pool: sources.pool)
    }

    private func content(of path: AssetPath, _ package: PackageID?, in repository: Repository) async throws -> AssetContent? {
        let source = sources.source(of: repository, in: sources.upstreams.catalogue.current)
        do {
            return try await source.asset(path, package: package, method: .get)
        } catch is SourceMiss {
            return nil
        }
    }

    /// The bytes of a file that a hosted or proxy repository has here, by the rules by which clients get them.
    ///
    /// - Returns: nil where it is not here.
    package func blob(of path: AssetPath, _ package: PackageID?, in repository: Repository) async throws -> Blob? {
        guard case .stored(_, let blob, _) = try await content(of: path, package, in: repository) else { return nil }
        return blob
    }

    /// Threads for reading files.
    package var pool: BlockingPool { sources.pool }
}

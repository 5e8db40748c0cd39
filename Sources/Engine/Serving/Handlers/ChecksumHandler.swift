internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// The digests of files as texts, for protocols whose clients ask for them beside the file: recorded when the file came, or else made of its
/// bytes. A client that may not have the file does not get its digest.
struct ChecksumHandler: RouteHandler {
    private struct Key: AnswerKey {
        let repository: Int64
        let path: AssetPath
        let algorithm: DigestAlgorithm
        /// As of when the repository is read; nil for now.
        let asOf: Timestamp?
    }

    private let services: RepositorySources
    /// By repository, path, algorithm and time (`RepositoryTests`).
    private let cache: AnswerCache<Key, CachedAnswer>

    /// - Parameter entries: how many digests are kept in memory.
    init(services: RepositorySources, entries: Int) {
        self.services = services
        cache = AnswerCache(limit: entries, counters: services.counters, clock: services.clock)
    }

    func reply(to resolved: ResolvedRequest) throws -> Reply {
        guard case .checksum(let path, let algorithm, let package) = resolved.route else { throw SaveError.misrouted }
        let key = Key(repository: resolved.repository.record.id, path: path, algorithm: algorithm, asOf: resolved.asOf)
        if let known = cache.current(key, in: resolved.catalogue) { return .ready(known) }
        return .pending { try await make(key, package, resolved) }
    }

    private func make(_ key: Key, _ package: PackageID?, _ resolved: ResolvedRequest) async throws -> Answer {
        let (repository, catalogue) = (resolved.repository, resolved.catalogue)
        let own = CacheValidity(dependencies: services.structure(of: repository, .asset(key.path), in: catalogue))
        let source = services.source(of: repository, in: catalogue, asOf: key.asOf)
        let content = try await source.asset(key.path, package: package, method: .get)
        switch content {
        case .stored(let asset, let blob, let validity):
            let recorded = asset.record.checksums[key.algorithm]?.hex
            let hex = if let recorded { recorded } else { try await digest(of: blob.stream(pool: services.pool), key.algorithm) }
            let modified = asset.record.published ?? asset.created
            let answer = answer(hex, modified: modified, repository, validity.merging(own))
            cache.insert(answer, for: key)
            return Answer(answer, validity: answer.validity, isFromMemory: false, to: resolved.request)
        case .arriving(let arriving):
            let stream = arriving.stream(from: 0, to: nil, length: arriving.head.size)
            let hex = try await digest(of: stream, key.algorithm)
            let answer = answer(hex, modified: nil, repository, CacheValidity())
            return Answer(answer, validity: answer.validity, isFromMemory: false, to: resolved.request)
        case .described: throw SaveError(.assetNotFound, "only the head of the file is here: ask for the file first")
        }
    }

    private func digest(of bytes: ByteStream, _ algorithm: DigestAlgorithm) async throws -> String {
        let digest = StreamingDigest(algorithm)
        while let piece = try await bytes.next() {
            digest.update(piece)
            await Task.yield()
        }
        return Hex.encode(digest.finish())
    }

    private func answer(_ hex: String, modified: Timestamp?, _ repository: Repository, _ validity: CacheValidity) -> CachedAnswer
    {
        let etag = "\"\(hex)\""
        var response = HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": MediaType.text.value, "ETag": etag,
                "Cache-Control": repository.record.anonymousRead ? "public, no-cache" : "private, no-cache",
                "X-Content-Type-Options": "nosniff", "Content-Security-Policy": HTTPResponse.inertPolicy,
            ], body: .bytes(Array(hex.utf8)))
        if let modified { response.headers.append("Last-Modified", modified.httpDate) }
        return CachedAnswer(response: response, etag: etag, lastModified: modified, validity: validity)
    }
}

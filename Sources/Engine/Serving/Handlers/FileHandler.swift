internal import SaveAccess
internal import SaveAudit
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Files: whole, in parts, or while they arrive; the most wanted stay open.
struct FileHandler: RouteHandler {
    private struct Key: AnswerKey {
        let repository: Int64
        let path: AssetPath
        /// As of when the repository is read; nil for now.
        let asOf: Timestamp?
    }

    /// A file that is open, whole or in parts.
    private final class OpenAnswer: ReadyAnswer {
        private let answer: CachedAnswer
        private let blob: Blob
        private let pool: BlockingPool
        let download: DownloadSubject?
        var validity: CacheValidity { answer.validity }
        /// Whether it is sent without anything being waited for.
        var isLocal: Bool { answer.isWhole }

        init(answer: CachedAnswer, blob: Blob, pool: BlockingPool, download: DownloadSubject?) {
            self.answer = answer
            self.blob = blob
            self.pool = pool
            self.download = download
        }

        func response(to request: HTTPRequest) -> HTTPResponse {
            let whole = answer.response(to: request)
            guard whole.status == 200 else { return whole }
            switch ByteRange.of(request, size: blob.size, etag: answer.etag, lastModified: answer.lastModified) {
            case .whole: return whole
            case .unsatisfiable: return FileHandler.unsatisfiable(blob.size)
            case .part(let offset, let length):
                var response = HTTPResponse(
                    status: 206, headers: whole.headers, body: FileHandler.body(blob, offset, length, pool))
                response.headers.append("Content-Range", "bytes \(offset)-\(offset + length - 1)/\(blob.size)")
                return response
            }
        }
    }

    private let services: RepositorySources
    /// By repository, path and time (`FilePolicyTests`, `AsOfTests`).
    private let cache: AnswerCache<Key, OpenAnswer>

    /// - Parameter openFiles: how many descriptors files that are kept open have.
    init(services: RepositorySources, openFiles: Int) {
        self.services = services
        cache = AnswerCache(
            limit: max(1, openFiles / PreparedSlot.places), counters: services.counters, clock: services.clock)
    }

    func reply(to resolved: ResolvedRequest) throws -> Reply {
        guard case .asset(let path, let package) = resolved.route else { throw SaveError.misrouted }
        let key = Key(repository: resolved.repository.record.id, path: path, asOf: resolved.asOf)
        guard let known = cache.current(key, in: resolved.catalogue) else {
            return .pending { try await fetch(key, package, resolved) }
        }
        if known.isLocal { return .ready(known) }
        return .pending { Answer(known, validity: known.validity, isFromMemory: false, to: resolved.request) }
    }

    private func fetch(_ key: Key, _ package: PackageID?, _ resolved: ResolvedRequest) async throws -> Answer {
        let (request, repository, catalogue) = (resolved.request, resolved.repository, resolved.catalogue)
        let own = CacheValidity(dependencies: services.structure(of: repository, .asset(key.path), in: catalogue))
        let source = services.source(of: repository, in: catalogue, asOf: key.asOf)
        switch try await source.asset(key.path, package: package, method: request.method) {
        case .stored(let asset, let blob, let validity):
            let download = DownloadSubject(
                asset.record, asked: repository, holder: catalogue.repository(id: asset.repository))
            let open = stored(asset, blob, repository, validity.merging(own), download)
            cache.insert(open, for: key)
            return Answer(open, validity: open.validity, isFromMemory: false, to: request)
        case .arriving(let arriving):
            let download = DownloadSubject(
                arriving.record, asked: repository, holder: catalogue.repository(id: arriving.repository))
            return Answer(
                notModified(arriving.record, request, repository) ?? self.arriving(arriving, request, repository),
                download: download)
        case .described(let record, let size):
            if let current = notModified(record, request, repository) { return Answer(current) }
            var response = HTTPResponse(status: 200, headers: headers(record, contentType: record.contentType, repository))
            if let tag = Self.announcedTag(record) { response.headers["ETag"] = tag }
            response.body = .stream(ByteStream(length: size) { nil })
            return Answer(response)
        }
    }

    // MARK: Stored

    private func stored(
        _ asset: StoredAsset, _ blob: Blob, _ repository: Repository, _ validity: CacheValidity, _ download: DownloadSubject?
    ) -> OpenAnswer {
        let etag = asset.etag
        let lastModified = asset.record.published ?? asset.created
        var response = HTTPResponse(
            status: 200, headers: headers(asset.record, contentType: asset.record.contentType, repository))
        response.headers["ETag"] = etag
        response.headers["Last-Modified"] = lastModified.httpDate
        let pool = services.pool
        let body = Self.body(blob, 0, blob.size, pool)
        var streamed: (@Sendable () -> ByteStream)?
        // A stream is read once: each client gets its own.
        if case .stream = body { streamed = { blob.stream(pool: pool) } } else { response.body = body }
        return OpenAnswer(
            answer: CachedAnswer(
                response: response, etag: etag, lastModified: lastModified, validity: validity, body: streamed), blob: blob,
            pool: pool, download: download)
    }

    /// How a part of a stored file gets to a client: sent by the kernel from a local file, else streamed from where the store keeps
    /// it. A store whose clients may fetch a blob by themselves would have its redirect decided here as well.
    private static func body(_ blob: Blob, _ offset: Int64, _ length: Int64, _ pool: BlockingPool) -> HTTPResponse.Body {
        guard length > 0 else { return .empty }
        if let file = blob.file { return .file(file, offset: offset, length: length) }
        return .stream(blob.stream(from: offset, length: length, pool: pool))
    }

    private static func unsatisfiable(_ size: Int64) -> HTTPResponse {
        HTTPResponse(status: 416, headers: ["Content-Range": "bytes */\(size)", "Accept-Ranges": "bytes"])
    }

    // MARK: Arriving

    /// 304 for a client that has the very bytes that are on their way, where their digest is known already.
    private func notModified(_ record: AssetRecord, _ request: HTTPRequest, _ repository: Repository) -> HTTPResponse? {
        guard let etag = Self.announcedTag(record), Preconditions.isCurrent(request, etag: etag, lastModified: nil) else {
            return nil
        }
        var response = HTTPResponse(status: 304, headers: ["ETag": etag])
        if let caching = headers(record, contentType: record.contentType, repository)["Cache-Control"] {
            response.headers.append("Cache-Control", caching)
        }
        return response
    }

    private func arriving(_ asset: ArrivingAsset, _ request: HTTPRequest, _ repository: Repository) -> HTTPResponse {
        var response = HTTPResponse(status: 200, headers: headers(asset.record, contentType: asset.head.contentType, repository))
        let etag = Self.announcedTag(asset.record)
        if let etag { response.headers["ETag"] = etag }
        guard let size = asset.head.size else {
            response.body = .stream(asset.stream(from: 0, to: nil, length: nil))
            return response
        }
        switch ByteRange.of(request, size: size, etag: etag, lastModified: nil) {
        case .whole:
            response.body = .stream(asset.stream(from: 0, to: nil, length: size))
        case .unsatisfiable:
            return Self.unsatisfiable(size)
        case .part(let offset, let length):
            response.status = 206
            response.headers.append("Content-Range", "bytes \(offset)-\(offset + length - 1)/\(size)")
            response.body = .stream(asset.stream(from: offset, to: offset + length, length: length))
        }
        return response
    }

    // MARK: Headers

    /// The tag that a file will have once it is here, where its digest is known already.
    private static func announcedTag(_ record: AssetRecord) -> String? {
        record.checksums[.sha256].map { "\"\($0.hex)\"" }
    }

    private func headers(_ record: AssetRecord, contentType: String?, _ repository: Repository) -> HTTPHeaders {
        let type = contentType.map { MediaType($0) } ?? .bytes
        let scope = repository.record.anonymousRead ? "public" : "private"
        // A file of a package never changes under its name, nor what is read out of it; a plain path may get other bytes, and so may
        // what is said of a file from elsewhere.
        let isReadOut = record.sidecarOf == nil || repository.format.cast { $0 as? any EmbeddedMetadata } != nil
        let caching =
            record.package == nil || !isReadOut || record.isMutable
            ? "\(scope), no-cache" : "\(scope), max-age=365000000, immutable"
        var headers: HTTPHeaders = [
            "Content-Type": type.value, "Accept-Ranges": "bytes", "Cache-Control": caching, "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": HTTPResponse.inertPolicy,
        ]
        if let field = repository.descriptor.digestField, let digest = record.checksums.first {
            headers.append(field, "\(digest.algorithm.rawValue):\(digest.hex)")
        }
        if !Self.shownInline.contains(type.essence) {
            headers.append("Content-Disposition", Self.disposition(record.path.filename))
        }
        return headers
    }

    /// Types that no browser executes.
    private static let shownInline: Set<String> = ["text/plain", "image/png", "image/jpeg", "image/gif", "image/webp"]

    /// RFC 6266, with the extended parameter of RFC 8187 where a name is not plain ASCII.
    private static func disposition(_ filename: String) -> String {
        let plain = filename.utf8.map { byte in
            byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "%")
                ? byte : 95
        }
        let text = "attachment; filename=\"\(String(decoding: plain, as: UTF8.self))\""
        return plain.elementsEqual(filename.utf8) ? text : text + "; filename*=UTF-8''" + ASCII.percentEncoded(filename)
    }
}

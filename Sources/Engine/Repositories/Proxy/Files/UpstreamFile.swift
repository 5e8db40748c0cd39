internal import SaveCaching
internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Fetches one file of an upstream into the cache, while clients read it.
struct UpstreamFile: Sendable {
    private let context: UpstreamContext
    private var cache: ProxyCache { ProxyCache(context) }

    /// Bytes; an upstream that sends more is cut off.
    private static let maxBytes: Int64 = 16 << 30
    /// The same for what describes another file and is read into memory by those who want it.
    private static let maxSidecarBytes: Int64 = 16 << 20

    init(_ context: UpstreamContext) { self.context = context }

    /// Answers a HEAD without fetching the file, from the index or by a HEAD to the upstream.
    ///
    /// - Returns: nil when the file should be fetched after all.
    func describe(_ record: AssetRecord) async throws -> AssetContent? {
        if let size = record.size { return .described(record, size: size) }
        let response = try await context.client.send(try await request(for: record, method: .head))
        guard response.status == 200 else { return nil }
        var described = record
        described.contentType = record.contentType ?? response.headers["content-type"]
        let length = response.headers["content-length"].flatMap { Int64($0) }
        return length.map { .described(described, size: $0) }
    }

    /// Brings a file into the cache.
    ///
    /// - Returns: its size.
    /// - Throws: `SourceMiss` when the upstream does not have it, `upstreamUnavailable`, `upstreamInvalid`,
    ///   `digestMismatch` as `upstreamInvalid`, and what the stores throw. Nothing stays behind.
    func fetch(_ record: AssetRecord, into fill: Fill) async throws -> Int64 {
        let earlier = try await stored(record.path).flatMap { cache.hasDoubtfulKey($0.asset) ? nil : $0 }
        if let earlier, !context.isRevalidated(earlier.asset.record) || cache.age(of: earlier.asset) != nil {
            return publish(earlier, to: fill)
        }
        do {
            var request = try await request(for: record, method: .get)
            let validators = earlier.map { UpstreamValidators($0.asset.record) }.flatMap { cache.wrote($0) ? $0 : nil }
            if let etag = validators?.etag { request.headers.append("If-None-Match", etag) }
            if let date = validators?.lastModified { request.headers.append("If-Modified-Since", date) }
            async let said = UpstreamChecksums(context).known(of: record)
            let response = try await context.client.send(request)
            if !context.isIndexed { context.memory.markAvailable(context.upstream) }
            switch response.status {
            case 200:
                var record = record
                record.checksums += try await said
                return try await receive(response, record, into: fill)
            case 304:
                guard let earlier, validators?.etag != nil || validators?.lastModified != nil else {
                    throw SaveError(
                        .upstreamInvalid, "the upstream answered 304 to an unconditional request: check what is in front of it")
                }
                try await touch(earlier.asset)
                return publish(earlier, to: fill)
            case let status where context.settings.meansMissing(status): throw gone(record, isKept: earlier != nil)
            case 401, 403:
                throw SaveError(
                    .upstreamInvalid,
                    "the upstream refuses access to the file (\(response.status)): check remote_username and remote_password of the proxy"
                )
            default:
                let seconds = RetryAfter.seconds(response.headers["retry-after"], now: context.clock.now())
                throw SaveError(
                    .upstreamUnavailable, "the upstream answered \(response.status) for the file: ask again later",
                    details: seconds.map { ["retry_after": String($0)] } ?? [:])
            }
        } catch {
            // Where there is no index, files are all that the upstream is asked for.
            if !context.isIndexed, let failure = error as? SaveError,
                [.upstreamUnavailable, .upstreamInvalid, .upstreamForbidden].contains(failure.code)
            {
                context.memory.markDoubtful(context.upstream, failure.message)
            }
            // What was fetched before is better than nothing, as long as no byte of something else went out.
            guard let earlier, !fill.hasBegun else { throw error }
            context.log(.warning, "upstream failed, serving the cached file", ["file": record.path.text, "error": "\(error)"])
            return publish(earlier, to: fill)
        }
    }

    /// A request for the file, to a host that may be asked.
    func request(for record: AssetRecord, method: HTTPMethod) async throws -> ClientRequest {
        let url: String
        var headers = HTTPHeaders()
        if let origin = record.origin {
            url = origin
        } else {
            let base = try await UpstreamBase(context).likeliest()
            let wanted = try await context.repository.format.upstreamRequest(for: .asset(record.path), base: base)
            url = wanted.url
            if let accept = wanted.accept { headers.append("Accept", accept) }
        }
        if let withholding = AllowedFileHosts(context.settings).withholding(from: url) { throw withholding.error }
        // Clients ask for the sidecars of many packages at once: these share a connection, as pages do.
        let isSmall = record.sidecarOf != nil
        return ClientRequest(
            method: method, url: url, headers: headers, credentials: context.credentials(for: url), waitsForReader: !isSmall,
            maxSize: isSmall ? Self.maxSidecarBytes : Self.maxBytes)
    }

    private func receive(_ response: ClientResponse, _ record: AssetRecord, into fill: Fill) async throws -> Int64 {
        let announced = response.body.length
        if let announced, let size = record.size, announced != size {
            throw SaveError(
                .upstreamInvalid,
                "the upstream's file has \(announced) bytes where its index says \(size): invalidate the cached index, or check remote_url"
            )
        }
        let contentType = record.contentType ?? response.headers["content-type"]
        let head = Fill.Head(size: announced ?? record.size, contentType: contentType)
        do {
            return try await take(response, record, head, into: fill)
        } catch let error as SaveError where error.code == .digestMismatch {
            context.log(
                .error, "digest mismatch",
                [
                    "repository": context.repository.record.coordinates, "file": record.path.text,
                    "origin": record.origin.map(URLReference.shown) ?? "",
                ])
            throw SaveError(
                .upstreamInvalid,
                "the upstream's file does not have the digest that the upstream says: ask again; if it stays so, do not trust that file",
                underlying: error)
        }
    }

    private func take(_ response: ClientResponse, _ record: AssetRecord, _ head: Fill.Head, into fill: Fill) async throws -> Int64
    {
        // What fits in memory is checked before a client is told that it comes: one that is cut off learns nothing.
        let start = try await FileStart.read(response.body, size: head.size)
        if start.isWhole {
            try await context.pool.run { try start.check(record, size: head.size) }
        }
        var arrival = try await FillWriter(fill, head, context.fill(of: record.path), context)
        do {
            let checks = UpstreamChecks(record.checksums)
            if !start.bytes.isEmpty {
                checks.update(start.bytes)
                try await arrival.take(start.bytes)
            }
            while !start.isWhole, let chunk = try await response.body.next() {
                checks.update(chunk)
                try await arrival.take(chunk)
            }
            try Self.checkSize(arrival.size, head.size)
            try checks.verify()
            try await arrival.finish(expecting: checks.sha256) { blob in
                try await store(record, blob, response, contentType: head.contentType)
            }
            return arrival.size
        } catch {
            await arrival.cancel()
            throw error
        }
    }

    fileprivate static func checkSize(_ size: Int64, _ expected: Int64?) throws {
        guard let expected, size != expected else { return }
        throw SaveError(.upstreamInvalid, "the upstream's file ended after \(size) of \(expected) bytes: ask again")
    }

    private func store(_ record: AssetRecord, _ blob: BlobInfo, _ response: ClientResponse, contentType: String?) async throws {
        let now = context.clock.now()
        var cached = record
        cached.size = blob.size
        cached.contentType = contentType
        if cached.checksums[.sha256] == nil, let sha256 = Checksum(.sha256, hex: blob.digest.hex) {
            cached.checksums.insert(sha256, at: 0)
        }
        if context.describing != nil {
            cached.published = cached.published ?? response.headers["last-modified"].flatMap(Timestamp.init(httpDate:))
        }
        if context.isRevalidated(record) {
            UpstreamValidators(
                etag: response.headers["etag"], lastModified: response.headers["last-modified"], verified: now,
                remote: context.settings.remoteURL
            ).write(to: &cached)
        }
        try await cache.keep(cached, blob)
    }

    // MARK: What was fetched before

    private struct Earlier {
        let asset: StoredAsset
        let blob: Blob
    }

    private func stored(_ path: AssetPath) async throws -> Earlier? {
        let id = context.id
        guard let asset = try await context.store.read({ try $0.asset(id, path) }), !cache.hasDoubtfulKey(asset) else {
            return nil
        }
        do {
            return Earlier(asset: asset, blob: try await context.blobs.open(asset.blob))
        } catch let error as SaveError where error.code == .assetNotFound || error.code == .blobCorrupt {
            return nil
        }
    }

    private func publish(_ earlier: Earlier, to fill: Fill) -> Int64 {
        fill.begin(Fill.Head(size: earlier.asset.size, contentType: earlier.asset.record.contentType), reader: earlier.blob)
        return earlier.asset.size
    }

    private func touch(_ asset: StoredAsset) async throws {
        var touched = asset
        var validators = UpstreamValidators(asset.record)
        validators.verified = context.clock.now()
        validators.remote = context.settings.remoteURL
        validators.write(to: &touched.record)
        let row = touched
        try await context.store.write { writing in
            // One that was removed meanwhile stays removed: its bytes may be gone as well.
            guard try context.hasPlace(in: writing), try writing.asset(asset.repository, asset.record.path)?.blob == asset.blob
            else { return }
            try writing.put(row)
        }
        context.counters.invalidate(context.id, [.asset(asset.record.path)])
    }

    /// Whether the upstream has a file. Also false where it does not say.
    ///
    /// - Throws: `SourceMiss` when it does not have the file, which is remembered.
    func isThere(_ path: AssetPath) async throws -> Bool {
        try context.refuseMissed(path)
        let record = AssetRecord(path: path)
        do {
            let response = try await context.client.send(try await request(for: record, method: .head))
            try await response.body.drain()
            guard context.settings.meansMissing(response.status) else { return response.status == 200 }
        } catch let error as SaveError {
            context.log(.warning, "an upstream did not say whether it has a file", ["file": path.text, "error": "\(error)"])
            return false
        }
        throw gone(record, isKept: false)
    }

    /// - Parameter isKept: whether it was fetched before: then it is served still, and to say for a while that it is not there would hide it.
    private func gone(_ record: AssetRecord, isKept: Bool) -> SourceMiss {
        let until = context.deadline(seconds: context.settings.negativeCacheTTL)
        if !isKept, !context.isIndexed || context.describing != nil || context.unlisting != nil {
            context.memory.misses.insert(until, for: context.missing(record.path))
        }
        return context.miss(record.path, until: until)
    }
}

/// The beginning of a file, which for a small one is all of it.
private struct FileStart: Sendable {
    /// Bytes.
    private static let limit = 128 << 10

    var bytes: [UInt8] = []
    var isWhole = false

    /// - Parameter size: bytes of the file; nil where that is not known.
    static func read(_ body: ByteStream, size: Int64?) async throws -> FileStart {
        var start = FileStart()
        if let size, size > Int64(limit) { return start }
        while start.bytes.count <= limit {
            guard let chunk = try await body.next() else {
                start.isWhole = true
                break
            }
            start.bytes += chunk
        }
        return start
    }

    /// - Throws: `upstreamInvalid` for another size than was said, `digestMismatch`.
    func check(_ record: AssetRecord, size: Int64?) throws {
        try UpstreamFile.checkSize(Int64(bytes.count), size)
        let checks = UpstreamChecks(record.checksums)
        checks.update(bytes)
        try checks.verify()
        if let sha256 = checks.sha256, BlobDigest(of: bytes) != sha256 {
            throw SaveError(
                .digestMismatch, "the bytes do not have the digest that was announced: send them again, or correct the digest")
        }
    }
}

/// The digests an index says a file has, computed while it arrives.
private struct UpstreamChecks {
    let sha256: BlobDigest?
    private let others: [(expected: Checksum, digest: StreamingDigest)]

    init(_ checksums: [Checksum]) {
        sha256 = checksums[.sha256].flatMap { BlobDigest(hex: $0.hex) }
        // The strongest is enough; the store computes SHA-256 anyway.
        let rest = sha256 == nil ? checksums : []
        others = rest.map { ($0, StreamingDigest($0.algorithm)) }
    }

    func update(_ bytes: [UInt8]) {
        for other in others { other.digest.update(bytes) }
    }

    func verify() throws {
        for other in others where Hex.encode(other.digest.finish()) != other.expected.hex {
            throw SaveError(
                .digestMismatch,
                "the \(other.expected.algorithm.rawValue) digest differs: send the file again, or correct the digest")
        }
    }
}

/// What an upstream said of a file that no index describes, kept with the cached file to ask whether it changed.
struct UpstreamValidators {
    var etag: String?
    var lastModified: String?
    var verified: Timestamp
    /// The proxy's `remote_url` then; nil where that was not noted yet. Another server's validators mean nothing to this one.
    var remote: String?

    private static let key = "_upstream"

    init(etag: String?, lastModified: String?, verified: Timestamp, remote: String) {
        self.etag = etag
        self.lastModified = lastModified
        self.verified = verified
        self.remote = remote
    }

    init(_ record: AssetRecord) {
        let object = record.attributes[Self.key]?.object
        etag = object?["etag"]?.string
        lastModified = object?["last_modified"]?.string
        verified = Timestamp(microseconds: object?["verified"]?.integer ?? 0)
        remote = object?["remote"]?.string
    }

    func write(to record: inout AssetRecord) {
        record.attributes[Self.key] = [
            "etag": JSONValue(etag), "last_modified": JSONValue(lastModified), "verified": .integer(verified.microseconds),
            "remote": JSONValue(remote),
        ]
    }
}

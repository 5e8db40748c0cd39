internal import SaveCurl
internal import SaveHTTP
internal import SavePlatform
internal import SaveXML

/// What is told of an object.
struct S3Object: Sendable, Equatable {
    let key: String
    let size: Int64
    /// What the object was put with; nil where the store has lost it.
    let committed: Timestamp?
    /// To the second, by the store's clock.
    let lastModified: Timestamp?
}

extension S3Client {
    /// The field in which an object carries when its bytes were committed, in microseconds since 1970. The store's own time is told
    /// in whole seconds.
    static let committedField = "x-amz-meta-committed"

    /// The facts of an object; nil where there is none.
    func object(_ key: String) async throws -> S3Object? {
        let response = try await send(Call(method: .head, key: key, accepted: [404]))
        guard response.status != 404 else { return nil }
        guard let length = response.headers["Content-Length"], let size = Int64(length), size >= 0 else {
            throw SaveError(
                .storageUnavailable, "the object store does not say how large a stored file is: check what is in front of it")
        }
        return S3Object(
            key: key, size: size,
            committed: response.headers[Self.committedField].flatMap { Int64($0) }.map { Timestamp(microseconds: $0) },
            lastModified: response.headers["Last-Modified"].flatMap { Timestamp(httpDate: $0) })
    }

    /// The bytes of an object from a place on, `length` of them; nil where there is no such object.
    ///
    /// - Throws: `storageUnavailable` for an answer that has other bytes than those.
    func bytes(of key: String, from offset: Int64, length: Int64, size: Int64) async throws -> ByteStream? {
        let isWhole = offset == 0 && length == size
        let range = isWhole ? [] : [("range", "bytes=\(offset)-\(offset + length - 1)")]
        let response = try await send(Call(method: .get, key: key, headers: range, accepted: [404], isDownload: true))
        if response.status == 404 {
            let failure = S3Failure(status: 404, body: (try? await response.body.collect(limit: 1 << 16)) ?? [])
            guard failure.code != "NoSuchBucket" else { throw failure.error }
            return nil
        }
        // rclone's store answers with a part and says 200.
        let isPart = response.headers["Content-Range"]?.hasPrefix("bytes \(offset)-\(offset + length - 1)/") ?? false
        guard isWhole ? response.status == 200 : isPart else {
            throw SaveError(
                .storageUnavailable,
                "the object store does not give parts of stored files (\(response.status)): check what is in front of it")
        }
        return response.body
    }

    /// A small object as a whole; nil where there is none.
    func contents(of key: String) async throws -> [UInt8]? {
        let response = try await send(Call(method: .get, key: key, accepted: [404]))
        let body = try await response.body.collect(limit: 1 << 16)
        guard response.status == 404 else { return body }
        let failure = S3Failure(status: 404, body: body)
        guard failure.code != "NoSuchBucket" else { throw failure.error }
        return nil
    }

    /// Makes a small object, unless there is one. A store that does not know conditions makes it all the same.
    ///
    /// - Returns: whether it was made.
    func create(_ key: String, _ bytes: [UInt8]) async throws -> Bool {
        let response = try await send(
            Call(
                method: .put, key: key, headers: [("if-none-match", "*")], body: OutgoingBody(bytes),
                payload: BlobDigest(of: bytes).hex, accepted: [412]))
        return response.status != 412
    }

    /// Puts a file that is small enough to go in one piece. The store compares its digest where it does that.
    func put(_ key: String, _ file: OpenFile, size: Int64, sha256: BlobDigest, committed: Timestamp) async throws {
        let response = try await send(
            Call(
                method: .put, key: key, headers: [(Self.committedField, "\(committed.microseconds)")],
                body: OutgoingBody(file, from: 0, length: size), payload: sha256.hex))
        try? await response.body.drain()
    }

    /// Removes an object. Removing what is absent is success.
    func delete(_ key: String) async throws {
        let response = try await send(Call(method: .delete, key: key, accepted: [404]))
        try? await response.body.drain()
    }

    /// Copies an object within the store, which does that for at most 5 GiB.
    func copy(_ key: String, to target: String) async throws {
        let source = SignatureV4.Request.encoded("/\(configuration.bucket)/\(key)", keepsSlashes: true)
        let response = try await send(Call(method: .put, key: target, headers: [("x-amz-copy-source", source)]))
        _ = try await document(response, named: "CopyObjectResult")
    }

    /// Objects in the order of their keys' bytes, after a key: a page of them, and whether there are more.
    func objects(
        prefix: String, after: String?, limit: Int
    ) async throws -> (objects: [S3Object], isLast: Bool) {
        var query = [("list-type", "2"), ("prefix", prefix), ("max-keys", "\(min(max(1, limit), 1000))")]
        if let after { query.append(("start-after", after)) }
        let result = try await document(try await send(Call(method: .get, query: query)), named: "ListBucketResult")
        let objects = try result.children.filter { $0.name == "Contents" }.map { entry in
            guard let key = entry.text(of: "Key"), let size = entry.text(of: "Size").flatMap({ Int64($0) }) else {
                throw Self.strange
            }
            return S3Object(
                key: key, size: size, committed: nil,
                lastModified: entry.text(of: "LastModified").flatMap { Timestamp(rfc3339: $0) })
        }
        return (objects, result.text(of: "IsTruncated") != "true")
    }

    /// An answer in XML. Some requests are answered 200 before they are done, and what went wrong comes in the body.
    func document(_ response: ClientResponse, named names: String...) async throws -> XMLElement {
        let body: [UInt8]
        do {
            body = try await response.body.collect(limit: Self.maxDocument)
        } catch let error as SaveError {
            throw Self.unreachable(error)
        }
        guard let root = XMLElement(parsing: body) else { throw Self.strange }
        guard root.name != "Error" else { throw S3Failure(status: 500, body: body).error }
        guard names.contains(root.name) else { throw Self.strange }
        return root
    }

    static var strange: SaveError {
        SaveError(
            .storageUnavailable,
            "the object store's answer is none of an object store: check s3_endpoint, and what is in front of it")
    }
}

internal import SaveCurl
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveXML

/// An upload in parts that was begun and not ended.
struct UnfinishedUpload: Sendable {
    let key: String
    let id: String
    let initiated: Timestamp
}

extension S3Client {
    /// Puts a file in parts, two at a time. What fails leaves nothing, unless the store does not answer even then.
    ///
    /// - Parameter pool: where parts are digested.
    func putInParts(_ key: String, _ file: OpenFile, size: Int64, committed: Timestamp, pool: BlockingPool) async throws {
        let begun = try await document(
            try await send(
                Call(
                    method: .post, key: key, query: [("uploads", "")],
                    headers: [(Self.committedField, "\(committed.microseconds)")], body: OutgoingBody([]))),
            named: "InitiateMultipartUploadResult",
            // The name that rclone's store has for it.
            "InitiateMultipartUpload")
        guard let id = begun.text(of: "UploadId") else { throw Self.strange }
        do {
            let tags = try await sendParts(key, id, file, size: size, pool: pool)
            try await complete(key, id, tags, committed: committed)
        } catch {
            // Also for a caller that was cancelled: a task of its own is not.
            await Task { [self] in try? await abort(UnfinishedUpload(key: key, id: id, initiated: committed)) }.value
            throw error
        }
    }

    private func sendParts(
        _ key: String, _ id: String, _ file: OpenFile, size: Int64, pool: BlockingPool
    ) async throws -> [(number: Int, tag: String)] {
        // At most 10,000 parts.
        let length = max(configuration.partSize, size / 9000)
        let starts = Array(stride(from: Int64(0), to: size, by: Int(length)))
        return try await withThrowingTaskGroup(of: (number: Int, tag: String).self) { group in
            var tags: [(number: Int, tag: String)] = []
            for (index, start) in starts.enumerated() {
                if index >= 2, let tag = try await group.next() { tags.append(tag) }
                group.addTask { [self] in
                    let count = min(length, size - start)
                    return (index + 1, try await sendPart(key, id, index + 1, file, from: start, count, pool: pool))
                }
            }
            while let tag = try await group.next() { tags.append(tag) }
            return tags.sorted { $0.number < $1.number }
        }
    }

    private func sendPart(
        _ key: String, _ id: String, _ number: Int, _ file: OpenFile, from start: Int64, _ count: Int64, pool: BlockingPool
    ) async throws -> String {
        let sha256 = try await pool.run(lasting: .long) {
            let digest = StreamingDigest(.sha256)
            var place = start
            while place < start + count {
                let bytes = try file.read(at: place, count: Int(min(1 << 20, start + count - place)))
                guard !bytes.isEmpty else { throw SaveError(.storageUnavailable, "a file that is sent has become shorter") }
                digest.update(bytes)
                place += Int64(bytes.count)
            }
            return Hex.encode(digest.finish())
        }
        let response = try await send(
            Call(
                method: .put, key: key, query: [("partNumber", "\(number)"), ("uploadId", id)],
                body: OutgoingBody(file, from: start, length: count), payload: sha256))
        guard let tag = response.headers["ETag"] else { throw Self.strange }
        try? await response.body.drain()
        return tag
    }

    private func complete(_ key: String, _ id: String, _ tags: [(number: Int, tag: String)], committed: Timestamp) async throws {
        let parts = tags.map {
            "<Part><PartNumber>\($0.number)</PartNumber><ETag>\(ASCII.htmlEscaped($0.tag))</ETag></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
        let response = try await send(
            Call(
                method: .post, key: key, query: [("uploadId", id)], headers: [("content-type", "application/xml")],
                body: OutgoingBody(body), payload: BlobDigest(of: body).hex, accepted: [404]))
        guard response.status == 404 else {
            _ = try await document(response, named: "CompleteMultipartUploadResult")
            return
        }
        // The answer to an earlier attempt may have been lost, and the upload is over.
        guard try await object(key)?.committed == committed else {
            throw S3Failure(status: 500, body: (try? await response.body.collect(limit: 1 << 16)) ?? []).error
        }
    }

    /// Forgets an upload in parts with what came of it.
    func abort(_ upload: UnfinishedUpload) async throws {
        let response = try await send(
            Call(method: .delete, key: upload.key, query: [("uploadId", upload.id)], accepted: [404]))
        try? await response.body.drain()
    }

    /// Uploads in parts that were begun and not ended: at most a thousand of them.
    func unfinishedUploads(prefix: String) async throws -> [UnfinishedUpload] {
        let response = try await send(Call(method: .get, query: [("prefix", prefix), ("uploads", "")], accepted: [404]))
        guard response.status != 404 else {
            let failure = S3Failure(status: 404, body: try await response.body.collect(limit: 1 << 16))
            // What rclone says of a bucket without any.
            guard failure.code == "NoSuchUpload" else { throw failure.error }
            return []
        }
        let result = try await document(response, named: "ListMultipartUploadsResult")
        return result.children.filter { $0.name == "Upload" }.compactMap { entry in
            guard let key = entry.text(of: "Key"), key.utf8.starts(with: prefix.utf8), let id = entry.text(of: "UploadId"),
                let initiated = entry.text(of: "Initiated").flatMap({ Timestamp(rfc3339: $0) })
            else { return nil }
            return UnfinishedUpload(key: key, id: id, initiated: initiated)
        }
    }
}

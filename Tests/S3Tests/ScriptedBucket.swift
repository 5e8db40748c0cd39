import SaveBlobs
import SaveCurl
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveS3
import SaveStorage
import SaveTestKit
import Synchronization

/// An object store in memory with one bucket, `bucket`, that does what a test tells it in place of what it was asked for.
final class ScriptedBucket: Sendable {
    struct Object {
        var bytes: [UInt8]
        var committed: String?
    }

    private struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: (key: String, committed: String?, parts: [Int: [UInt8]])] = [:]
        var started = 0
        var fault: @Sendable (ScriptedUpstream.Request) -> [ScriptedUpstream.Step]? = { _ in nil }
        var pageSize = 1000
    }

    let server: ScriptedUpstream
    private let state = Mutex(State())

    init() throws {
        server = try ScriptedUpstream()
        server.otherwise { [weak self] request in self?.answer(request) ?? .response(500) }
    }

    /// The keys that there are.
    var keys: [String] { state.withLock { $0.objects.keys.sorted() } }
    /// Uploads in parts that are neither complete nor given up.
    var uploads: [String] { state.withLock { $0.uploads.values.map(\.key).sorted() } }

    func object(_ key: String) -> [UInt8]? { state.withLock { $0.objects[key]?.bytes } }
    func set(_ key: String, _ bytes: [UInt8]?) {
        state.withLock { state in
            guard let bytes else {
                state.objects[key] = nil
                return
            }
            state.objects[key] = Object(bytes: bytes, committed: state.objects[key]?.committed)
        }
    }
    func beginUpload(_ key: String, at initiated: Timestamp) {
        state.withLock { $0.uploads["lost-\(initiated.microseconds)"] = (key, nil, [:]) }
    }
    func setPageSize(_ count: Int) { state.withLock { $0.pageSize = count } }

    /// What is answered in place of what was asked for; nil for that.
    func onRequest(_ fault: @escaping @Sendable (ScriptedUpstream.Request) -> [ScriptedUpstream.Step]?) {
        state.withLock { $0.fault = fault }
    }

    private func answer(_ request: ScriptedUpstream.Request) -> [ScriptedUpstream.Step] {
        if let fault = state.withLock({ $0.fault })(request) { return fault }
        guard request.headers["Authorization"]?.hasPrefix("AWS4-HMAC-SHA256 Credential=access/") == true,
            let payload = request.headers["x-amz-content-sha256"], payload == Digest.hex(request.body)
        else { return .refusal(403, "SignatureDoesNotMatch") }
        let query = query(of: request.target)
        let path = request.path
        guard path.hasPrefix("/bucket") else { return .refusal(404, "NoSuchBucket") }
        let key = String(path.dropFirst("/bucket/".count))
        return state.withLock { state in
            key.isEmpty ? Self.bucket(query, &state) : Self.object(key, query, request, &state)
        }
    }

    private static func bucket(_ query: [String: String], _ state: inout State) -> [ScriptedUpstream.Step] {
        let prefix = query["prefix"] ?? ""
        if query["uploads"] != nil {
            let entries = state.uploads.filter { $0.value.key.hasPrefix(prefix) }.map { id, upload in
                let moment = id.hasPrefix("lost-") ? Int64(id.dropFirst(5)) ?? 0 : PlatformClock.system.now().microseconds
                return
                    "<Upload><Key>\(upload.key)</Key><UploadId>\(id)</UploadId><Initiated>\(Timestamp(microseconds: moment).rfc3339)</Initiated></Upload>"
            }
            return .document("<ListMultipartUploadsResult>\(entries.joined())</ListMultipartUploadsResult>")
        }
        let limit = min(Int(query["max-keys"] ?? "1000") ?? 1000, state.pageSize)
        let keys = state.objects.keys.sorted().filter { $0.hasPrefix(prefix) && $0 > query["start-after"] ?? "" }
        let entries = keys.prefix(limit).map {
            "<Contents><Key>\($0)</Key><Size>\(state.objects[$0]?.bytes.count ?? 0)</Size></Contents>"
        }
        return .document(
            "<ListBucketResult><IsTruncated>\(keys.count > limit)</IsTruncated>\(entries.joined())</ListBucketResult>")
    }

    private static func object(
        _ key: String, _ query: [String: String], _ request: ScriptedUpstream.Request, _ state: inout State
    ) -> [ScriptedUpstream.Step] {
        let committed = request.headers["x-amz-meta-committed"]
        switch (request.method, query["uploadId"]) {
        case ("POST", nil):
            state.started += 1
            state.uploads["upload-\(state.started)"] = (key, committed, [:])
            return .document(
                "<InitiateMultipartUploadResult><UploadId>upload-\(state.started)</UploadId></InitiateMultipartUploadResult>")
        case ("POST", let id?):
            guard let upload = state.uploads.removeValue(forKey: id) else { return .refusal(404, "NoSuchUpload") }
            let bytes = upload.parts.sorted { $0.key < $1.key }.flatMap(\.value)
            state.objects[key] = Object(bytes: bytes, committed: upload.committed)
            return .document("<CompleteMultipartUploadResult/>")
        case ("PUT", let id?):
            guard state.uploads[id] != nil, let number = Int(query["partNumber"] ?? "") else {
                return .refusal(404, "NoSuchUpload")
            }
            state.uploads[id]?.parts[number] = request.body
            return .response(200, ["ETag": "\"part-\(number)\""])
        case ("DELETE", let id?):
            state.uploads[id] = nil
            return .response(204)
        case ("PUT", nil):
            if request.headers["if-none-match"] == "*", state.objects[key] != nil { return .refusal(412, "PreconditionFailed") }
            if let source = request.headers["x-amz-copy-source"] {
                guard let object = state.objects[String(source.dropFirst("/bucket/".count))] else {
                    return .refusal(404, "NoSuchKey")
                }
                state.objects[key] = object
                return .document("<CopyObjectResult/>")
            }
            state.objects[key] = Object(bytes: request.body, committed: committed)
            return .response(200, ["ETag": "\"x\""])
        case ("DELETE", nil):
            state.objects[key] = nil
            return .response(204)
        default:
            guard let object = state.objects[key] else {
                return request.method == "HEAD" ? .response(404) : .refusal(404, "NoSuchKey")
            }
            return read(object, request)
        }
    }

    private static func read(_ object: Object, _ request: ScriptedUpstream.Request) -> [ScriptedUpstream.Step] {
        var status = 200
        var bytes = object.bytes
        var place = ""
        if let range = request.headers["range"] {
            let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
            guard ends.count == 2, ends[0] < bytes.count else { return .refusal(416, "InvalidRange") }
            bytes = Array(bytes[ends[0]...min(ends[1], bytes.count - 1)])
            status = 206
            place = "Content-Range: bytes \(ends[0])-\(ends[0] + bytes.count - 1)/\(object.bytes.count)\r\n"
        }
        let head =
            "HTTP/1.1 \(status) OK\r\nContent-Length: \(bytes.count)\r\nLast-Modified: Fri, 27 Nov 2026 10:00:00 GMT\r\n\(place)"
            + (object.committed.map { "x-amz-meta-committed: \($0)\r\n" } ?? "") + "\r\n"
        return [.text(head)] + (request.method == "HEAD" ? [] : [.send(bytes)])
    }

    private func query(of target: String) -> [String: String] {
        var query: [String: String] = [:]
        for pair in target.split(separator: "?", maxSplits: 1).dropFirst().joined().split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { side in
                String(decoding: ASCII.percentDecoded(side.utf8) ?? [], as: UTF8.self)
            }
            query[sides[0]] = sides.count > 1 ? sides[1] : ""
        }
        return query
    }
}

extension [ScriptedUpstream.Step] {
    static func document(_ xml: String) -> Self {
        .response(200, ["Content-Type": "application/xml"], "<?xml version=\"1.0\"?>\n" + xml)
    }

    static func refusal(_ status: Int, _ code: String) -> Self {
        .response(status, ["Content-Type": "application/xml"], "<Error><Code>\(code)</Code><Message>no</Message></Error>")
    }
}

/// A store over a bucket, with a folder for its copies.
struct TestStore {
    let bucket: ScriptedBucket
    let folder: TemporaryFolder
    let store: S3BlobStore
    let pool = BlockingPool(name: "test-s3", threads: 3)

    init(
        _ bucket: ScriptedBucket, cacheSize: Int64 = 0, folder: TemporaryFolder? = nil,
        _ change: (inout S3Configuration) -> Void = { _ in }
    ) throws {
        self.bucket = bucket
        self.folder = try folder ?? TemporaryFolder()
        var configuration = S3Configuration(
            endpoint: URLOrigin(scheme: "http", host: "127.0.0.1", port: bucket.server.port), bucket: "bucket", prefix: "save/",
            credentials: .init(accessKey: "access", secretKey: "a secret of some length"))
        configuration.pause = .milliseconds(1)
        change(&configuration)
        let files = try FileBlobStore(root: self.folder.path + "/cache", durability: .atEnd, pool: pool)
        store = S3BlobStore(
            S3Client(
                configuration, transport: try S3Client.transport(to: configuration),
                downloads: try S3Client.transport(to: configuration)), files: files, cacheSize: cacheSize,
            pool: pool)
    }

    func store(_ bytes: [UInt8]) async throws -> BlobInfo {
        let writer = try await store.begin()
        try await writer.write(bytes)
        return try await writer.commit(expecting: nil) { $0 }
    }

    /// All bytes of a blob, from its first to its last.
    func read(_ digest: BlobDigest) async throws -> [UInt8] {
        try await store.open(digest).stream(pool: pool).collect(limit: 1 << 24)
    }

    func names() throws -> [String] { try folder.names(in: "cache/tmp") }
}

internal import SaveDigest
public import SavePlatform

/// Files by their digest, uploaded in one request or in several, at a mount of their own: the surface that image registries
/// need, and nothing else. For tests.
///
/// `/files/<sha256>` is a file. `POST /uploads/` begins an upload, `PATCH /uploads/<id>` adds to it, `PUT
/// /uploads/<id>?digest=<sha256>` ends it.
public struct ChunksFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "chunks", displayName: "Chunks", abilities: [.hosted, .proxy, .group, .uploads, .deletes, .uploadSessions],
        mount: FormatMount(
            "c2", pingResponse: Document(type: .json, bytes: Array("{}".utf8), headers: ["Chunks-Version": "chunks/7.0"])),
        refusals: .json(
            ["errors": [["code": "{code}", "message": "{message}"]]],
            codes: [
                .assetNotFound: "BLOB_UNKNOWN", .notFound: "NAME_UNKNOWN", .digestMismatch: "DIGEST_INVALID",
                "unauthenticated": "UNAUTHORIZED", "forbidden": "DENIED", .methodNotAllowed: "UNSUPPORTED",
            ], success: ["told": "{message}"]))

    public init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    public func route(_ request: FormatRequest) throws -> Route {
        let segments = request.path.segments
        switch (segments.first, segments.count) {
        case ("files", 2) where !request.path.endsInSlash: return try file(request, segments[1])
        case ("uploads", 1): return try step(request, .open)
        case ("uploads", 2) where !request.path.endsInSlash: return try session(request, segments[1])
        default: throw SaveError(.notFound, "a Chunks repository has no such path")
        }
    }

    private func file(_ request: FormatRequest, _ digest: String) throws -> Route {
        let path = try path(of: digest)
        switch request.method {
        case .get, .head: return .asset(path, package: nil)
        case .put: return .upload(UploadPlan(path: path, status: 201))
        case .delete: return .delete(path, status: 202)
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT, DELETE")
        }
    }

    private func session(_ request: FormatRequest, _ id: String) throws -> Route {
        switch request.method {
        case .get, .head: return try step(request, .status(session: id))
        case .patch: return try step(request, .append(session: id))
        case .delete: return try step(request, .abandon(session: id))
        case .put:
            let digest = try request.query["digest"].map(path)
            return .upload(UploadPlan(path: digest, status: 201, session: id, location: digest))
        default: throw SaveError.methodNotAllowed("GET, HEAD, PATCH, PUT, DELETE")
        }
    }

    private func step(_ request: FormatRequest, _ action: UploadStep.Action) throws -> Route {
        if action == .open, request.method != .post { throw SaveError.methodNotAllowed("POST") }
        return .session(UploadStep(action, place: try AssetPath("uploads"), idField: "Chunks-Upload"))
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        guard let path = upload.plan.path else { throw SaveError.invalid("digest", "digest: missing in the query") }
        let staged = try await staging.stage(upload.body, computing: [.sha256])
        guard staged.digest.hex == path.filename else {
            throw SaveError(.digestMismatch, "digest: the bytes have the SHA-256 \(staged.digest.hex)")
        }
        let record = AssetRecord(path: path, size: staged.size, checksums: staged.checksums)
        return Submission(items: [Submission.Item(record: record, staged: staged)])
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        guard case .asset(let path) = target else { throw SaveError.unsupported("upstream indexes") }
        return UpstreamRequest(url: try URLReference.directory(base) + path.percentEncoded, maxSize: 1 << 40)
    }

    private func path(of digest: String) throws -> AssetPath {
        guard digest.utf8.count == 64, digest.utf8.allSatisfy({ ASCII.isDigit($0) || (97...102).contains($0) }) else {
            throw SaveError.invalid("digest", "digest: not a SHA-256 in small letters")
        }
        return try AssetPath("files/\(digest)")
    }
}

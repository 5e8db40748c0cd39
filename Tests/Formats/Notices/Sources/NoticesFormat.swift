internal import SaveDigest
public import SavePlatform

/// Files below a path that is reserved for finding out about a host (RFC 8615), and a document there that says where they are: a
/// mount of two segments that belongs to no repository itself. For tests.
///
/// `/about` is the same in every repository, everything else is a file: `PUT` and `DELETE` change it.
public struct NoticesFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "notices", displayName: "Notices", abilities: [.hosted, .proxy, .group, .uploads, .deletes],
        mount: FormatMount(
            ".well-known/notices",
            documents: [
                "": Document(type: .json, bytes: Array("{\"notices\":\"/.well-known/notices/\"}".utf8)),
                "terms.txt": Document(type: .text, bytes: Array("Be kind.\n".utf8)),
            ]))

    public init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    public func route(_ request: FormatRequest) throws -> Route {
        let words = request.path.segments
        switch (words.first, words.count, request.path.endsInSlash) {
        case (nil, _, false): return try request.reading(.redirect(to: "./about", permanent: true))
        case ("about", 1, false):
            return try request.reading(.staticDocument(Document(type: .text, bytes: Array("Notices.\n".utf8))))
        case (_?, _, false): return try file(request, AssetPath(words.joined(separator: "/")))
        default: throw SaveError(.notFound, "a Notices repository has no such path")
        }
    }

    private func file(_ request: FormatRequest, _ path: AssetPath) throws -> Route {
        switch request.method {
        case .get, .head: return .asset(path, package: nil)
        case .put: return .upload(UploadPlan(path: path, status: 201))
        case .delete: return .delete(path)
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT, DELETE")
        }
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        guard let path = upload.plan.path else { throw SaveError.invalid("path", "path: missing") }
        let staged = try await staging.stage(upload.body, computing: [.sha256])
        let record = AssetRecord(path: path, size: staged.size, checksums: staged.checksums)
        return Submission(items: [Submission.Item(record: record, staged: staged)])
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        guard case .asset(let path) = target else { throw SaveError.unsupported("upstream indexes") }
        return UpstreamRequest(url: try URLReference.directory(base) + path.percentEncoded, maxSize: 1 << 20)
    }
}

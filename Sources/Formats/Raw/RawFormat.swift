internal import SaveDigest
public import SavePlatform

/// Files at any path, as they are.
public struct RawFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "raw", displayName: "Raw", abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes])

    /// Bytes; a repository's own limit is lower.
    private static let maxFileBytes: Int64 = 1 << 40

    /// Takes no settings.
    ///
    /// - Throws: `unknownField` for any.
    public init(settings: JSONObject) throws {
        try Self.takeNone(of: settings)
    }

    public func route(_ request: FormatRequest) throws -> Route {
        let path = request.path
        if path.segments.isEmpty || path.endsInSlash { return try directory(request) }
        let file = try asset(path)
        switch request.method {
        case .get, .head: return .asset(file, package: nil)
        case .put: return .upload(UploadPlan(path: file, status: 201))
        case .delete: return .delete(file)
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT, DELETE")
        }
    }

    private func directory(_ request: FormatRequest) throws -> Route {
        switch request.method {
        case .get, .head:
            // `/raw/p/r` and `/raw/p/r/` are one directory, but the links on its page start at the second.
            guard request.path.endsInSlash else { return .redirect(to: "./", permanent: true) }
            let directory = request.path.segments.isEmpty ? nil : try asset(request.path)
            return .index(.directory(directory), offers: RawDirectory.offers)
        case .put: throw SaveError(.invalidRequest, "a file's path does not end in a slash: write the file's name behind it")
        case .delete:
            guard request.query["recursive"] == "true" else {
                throw SaveError.invalid(
                    "recursive", "recursive: a directory is deleted with everything in it, by DELETE with ?recursive=true")
            }
            return .deleteAll(under: request.path.segments.isEmpty ? nil : try asset(request.path))
        default: throw SaveError.methodNotAllowed("GET, HEAD")
        }
    }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        guard case .directory(let directory) = index else { throw SaveError(.notFound, "there is no such index: check the URL") }
        return RawDirectory(directory, listing).document(type)
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        guard let path = upload.plan.path else {
            throw SaveError(
                .invalidRequest, "an upload needs a path: put the file to the repository's URL with its path behind it")
        }
        let staged = try await staging.stage(upload.body, computing: [.sha256])
        // What the client calls the content is not asked: a browser would believe it.
        let record = AssetRecord(
            path: path, size: staged.size, checksums: staged.checksums, contentType: RawContentType.of(path).value)
        return Submission(items: [Submission.Item(record: record, staged: staged)])
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        let directory = try URLReference.directory(base)
        switch target {
        case .asset(let path):
            return UpstreamRequest(url: directory + path.percentEncoded, maxSize: Self.maxFileBytes)
        // An arbitrary site has no list of its files that could be read: the remote URL is the base as it stands.
        case .probe, .index: throw SaveError.unsupported("upstream indexes")
        }
    }

    private func asset(_ path: RequestPath) throws -> AssetPath { try AssetPath(path.segments.joined(separator: "/")) }
}

extension RawFormat: DirectoryImporting {
    public func upload(importing file: AssetPath) throws -> UploadPlan? { UploadPlan(path: file, status: 201) }
}

extension RawFormat: ContentNaming {
    /// Bytes do not say where they were; people may look through them in one directory.
    public func name(of bytes: FileBytes, digest: BlobDigest) throws -> AssetPath? { try AssetPath("recovered/\(digest.hex)") }
}

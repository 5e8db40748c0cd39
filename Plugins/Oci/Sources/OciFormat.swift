public import SavePlatform

/// Images and other artifacts, by the distribution specification 1.1 of the Open Container Initiative.
///
/// An image is a package. Its blobs and manifests are files, at the paths of their URLs; its tags are attributes of the package, so that a tag
/// moves in the transaction that brings its manifest. Sources: distribution-spec (`spec.md`), image-spec.
public struct OciFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "oci", displayName: "OCI",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .upstreamIndexes, .uploadSessions],
        mount: FormatMount(
            "v2/oci", pingPath: "v2",
            pingResponse: Document(
                type: .json, bytes: Array("{}".utf8), headers: ["Docker-Distribution-API-Version": "registry/2.0"]),
            tokenPath: "v2/token",
            packagePaths: ["manifests/*", "blobs/*", "blobs/uploads/*", "referrers/*", "tags/list"]),
        refusals: .json(
            ["errors": [["code": "{code}", "message": "{message}", "detail": nil]]], codes: codes,
            absences: ["manifests": "MANIFEST_UNKNOWN"], success: ["message": "{message}"]), digestField: "Docker-Content-Digest")

    /// The words of the specification ("Error Codes") for the platform's kinds of errors.
    private static let codes: [SaveError.Code: String] = [
        .packageNotFound: "NAME_UNKNOWN", .assetNotFound: "BLOB_UNKNOWN", .notFound: "BLOB_UPLOAD_UNKNOWN",
        "repository_not_found": "NAME_UNKNOWN", .digestMismatch: "DIGEST_INVALID", .invalidRequest: "MANIFEST_INVALID",
        .tooLarge: "SIZE_INVALID", "range_not_satisfiable": "BLOB_UPLOAD_INVALID", "unauthenticated": "UNAUTHORIZED",
        "forbidden": "DENIED", .blocked: "DENIED", .conflict: "DENIED", .methodNotAllowed: "UNSUPPORTED",
        .unsupported: "UNSUPPORTED", "too_many_requests": "TOOMANYREQUESTS",
    ]

    private let rules: TagRules

    public init(settings: JSONObject) throws { rules = try TagRules(settings) }

    public func route(_ request: FormatRequest) throws -> Route { try OciRoutes(request).route() }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        guard case .custom(let text, let package?) = index, let name = ImageName(package.name), let what = ImageIndex(text) else {
            let names = listing.packages.map { JSONValue.string($0.displayName) }
            return Document(type: type, bytes: JSONValue.object(["repositories": .array(names)]).bytes)
        }
        let image = Image(listing)
        switch what {
        case .tags(let count, let last):
            return TagList.document(of: image, named: name.text, at: context.basePath, count: count, last: last)
        case .referrers(let digest, let artifactType):
            return try Referrers.document(of: image, about: digest, artifactType: artifactType)
        case .manifest(let tag):
            guard let digest = image.digest(of: tag), let bytes = context.documents.first else { throw ImageChange.noManifest }
            return Document(
                type: MediaType(image.type(of: tag) ?? type.value), bytes: bytes,
                headers: ["Docker-Content-Digest": digest.text])
        }
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await ImageReceiver(upload: upload, staging: staging, rules: rules).receive()
    }
}

extension OciFormat: IndexEmbeddingFiles {
    /// The manifest that a tag names is what its URL answers.
    public func documents(for index: IndexKey, in listing: Listing) throws -> [AssetPath] {
        guard case .custom(let text, let package?) = index, let name = ImageName(package.name),
            case .manifest(let tag)? = ImageIndex(text)
        else { return [] }
        guard let digest = Image(listing).digest(of: tag) else { throw ImageChange.noManifest }
        return [try ImagePlace.manifest(digest, of: name)]
    }
}

extension OciFormat: PackageNaming {
    public func package(named name: String) -> PackageID? { ImageName(name)?.package }
}

extension OciFormat: ReachabilityTracing {
    /// Blobs that no manifest refers to. Manifests stay, with a tag and without.
    public func unreachable(in listing: Listing) -> [AssetPath] {
        let referenced = Image(listing).referenced
        return listing.assets.compactMap { record in
            guard let parts = ImagePlace.parts(of: record.path), parts.kind == "blobs", !referenced.contains(parts.digest.text)
            else {
                return nil
            }
            return record.path
        }
    }

    public func attributes(of listing: Listing, without files: [AssetPath]) throws -> JSONObject {
        guard let package = listing.assets.first?.package else { return listing.attributes }
        return try ImageChange(listing: listing, rules: rules, package: package).attributes(without: files)
    }
}

extension OciFormat: IndexesWithoutPackages {
    /// "If … no manifests refer to it, the registry MUST return an image index with an empty manifests list": also of an image that is not there yet.
    public func isThereWithoutPackage(_ index: IndexKey) -> Bool {
        guard case .custom(let text, _) = index, case .referrers? = ImageIndex(text) else { return false }
        return true
    }
}

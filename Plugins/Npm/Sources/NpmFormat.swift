public import SavePlatform
internal import SaveVersions

/// The npm registry protocol: packuments, tarballs, publishing.
///
/// Sources: the npm registry API (docs/REGISTRY-API.md and docs/responses/package-metadata.md of npm's registry
/// documentation), the npm documentation of package.json, Semantic Versioning 2.0.0.
public struct NpmFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "npm", displayName: "npm",
        abilities: [
            .hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes, .permanentNames, .absoluteLinks,
            .slashesInNames,
        ], refusals: .json(["error": "{message}"], success: ["ok": "{message}"], field: "npm-notice"))

    /// Bytes of an upstream's packument. The largest public ones have some thirty million.
    private static let maxPackumentBytes: Int64 = 128 << 20

    let ranges = VersionRangeMemo(key: { SemanticVersion(npm: $0)?.key }, read: Self.range)

    public init(settings: JSONObject) throws {
        try Self.takeNone(of: settings)
    }

    public func route(_ request: FormatRequest) throws -> Route { try NpmRoutes(request).route() }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        if case .search = index { return Document(type: type, bytes: Self.page(listing.found).bytes) }
        if index == NpmRoutes.keysIndex { return try RegistryKeys.document(listing) }
        guard let package = index.package else {
            let names = listing.packages.map { ($0.displayName, JSONValue.string($0.displayName)) }
            return Document(type: type, bytes: JSONValue.object(JSONObject(names)).bytes)
        }
        let packument = Packument(of: package, listing: listing, origin: (context.externalOrigin ?? "") + context.basePath)
        guard !packument.isEmpty else { throw SaveError(.packageNotFound, "there is no such package: check the name") }
        return Document(type: type, bytes: try value(index, type, packument).bytes)
    }

    private func value(_ index: IndexKey, _ type: MediaType, _ packument: Packument) throws -> JSONValue {
        guard case .custom(let what, _) = index else {
            return type == Packument.abbreviated ? packument.abbreviatedDocument() : packument.document()
        }
        if what == Packument.tagsKey { return .object(packument.tags) }
        let version = String(Substring(what.utf8.dropFirst(NpmRoutes.versionPrefix.utf8.count)))
        guard let manifest = packument.version(version) else {
            throw SaveError(.packageNotFound, "there is no version '\(version)' of this package: npm view lists those there are")
        }
        return manifest
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        if upload.plan.purpose == Purpose.importing.text {
            return try await TarballImport(upload: upload, staging: staging).receive()
        }
        guard let name = upload.plan.package.flatMap({ PackageName($0.name) }),
            let purpose = upload.plan.purpose.flatMap(Purpose.init)
        else { throw SaveError.unsupported("such uploads") }
        return try await ChangeReceiver(name: name, upload: upload, staging: staging).receive(purpose)
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        let url = try URLReference.directory(base)
        switch target {
        case .index(.search(let query)): return Self.upstreamSearch(query, at: url)
        case .index(NpmRoutes.keysIndex): return RegistryKeys.request(at: url)
        case .index(let index):
            guard let package = index.package, let name = PackageName(package.name) else {
                throw SaveError.unsupported("lists of an upstream's packages")
            }
            return UpstreamRequest(url: url + name.percentEncoded, accept: Packument.full.value, maxSize: Self.maxPackumentBytes)
        case .asset: throw SaveError.unsupported("files that no packument lists")
        case .probe(attempt: 0):
            return UpstreamRequest(url: url + "-/ping", accept: "application/json", maxSize: 1 << 16, resolvedBase: url)
        case .probe: throw SaveError.unsupported("other places")
        }
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        if case .search = index { return try Self.found(in: document) }
        if index == NpmRoutes.keysIndex { return try RegistryKeys.listing(of: document) }
        guard let name = index.package.flatMap({ PackageName($0.name) }) else { return Listing() }
        return try UpstreamPackument(document, of: name).listing()
    }
}

extension NpmFormat: PackageNaming {
    public func package(named name: String) -> PackageID? { PackageName(name)?.package }
}

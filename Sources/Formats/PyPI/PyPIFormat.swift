public import SavePlatform

/// Python packages: the simple index (PEP 503, 691 and what followed) and the legacy upload API.
public struct PyPIFormat: RepositoryFormat, PackageNaming {
    public static let descriptor = FormatDescriptor(
        id: "pypi", displayName: "PyPI",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes, .permanentNames],
        // uv reads `code` of what it sent, installers `message` of what they asked for.
        refusals: .textOrJSON(members: ["code", "message"]))

    /// Where below `remote_url` the upstream keeps its index, with a slash at its end; nil to find out.
    private let indexPath: String?
    let ranges = VersionRangeMemo()

    /// Takes `index_path`, which counts for proxies.
    ///
    /// - Throws: `unknownField` for any other setting, `invalidRequest` for a path that leaves the remote URL.
    public init(settings: JSONObject) throws {
        indexPath = try settings["index_path"].map(UpstreamIndex.path)
        var others = settings
        others["index_path"] = nil
        try Self.takeNone(of: others)
    }

    public func package(named name: String) -> PackageID? { ProjectName.normalized(name) }

    public func route(_ request: FormatRequest) throws -> Route { try PyPIRoutes.route(request) }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        let isJSON = type.essence == SimpleType.json.essence
        let content: Document.Content
        switch index {
        case .root: content = .pieces(RootPage.pieces(listing, isJSON: isJSON, hasNamespaces: !Namespaces(context).isEmpty))
        case .package(let package):
            let page = SimplePage(package, Provenance.adding(to: listing, context))
            content = .bytes(isJSON ? JSONPage.project(page, Namespaces(context)) : HTMLPage.project(page))
        case .custom:
            if let (package, version) = LegacyJSON.release(index) {
                content = .bytes(
                    try LegacyJSON.render(
                        SimplePage(package, listing), version: version, metadata: context.documents.first,
                        advisories: listing.attributes["advisories"], context: context))
            } else if Provenance.filename(index) != nil, let provenance = context.documents.first {
                content = .bytes(provenance)
            } else {
                throw Provenance.none
            }
        case .document: content = .bytes(try Namespaces(context).document(index))
        case .directory, .search: throw SaveError(.notFound, "there is no such index: check the URL")
        }
        // Mirrors compare it with the number in the root index (bandersnatch, `check_for_stale_cache`).
        let headers = listing.serial.map { ["X-PyPI-Last-Serial": String($0)] } ?? [:]
        return Document(type: type, content: content, headers: headers)
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        if let path = upload.plan.path { return try await FileReceiver.receive(upload, at: path, staging: staging) }
        return try await UploadReceiver(upload, staging: staging).receive()
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        try UpstreamIndex.request(for: target, base: base, indexPath: indexPath)
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        try UpstreamIndex.listing(from: document, for: index)
    }
}

extension PyPIFormat: StreamedRootIndex {
    public func root(from file: FileBytes, url: String, contentType: String?) throws -> Listing {
        try UpstreamIndex.root(from: file, url: url, contentType: contentType)
    }
}

extension PyPIFormat: DirectoryImporting {
    /// Whatever the folders are called: a file's place follows from its name and its metadata.
    public func upload(importing file: AssetPath) throws -> UploadPlan? {
        let filename = file.filename
        guard UploadChecks.endings.contains(where: { filename.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) }) else {
            return nil
        }
        return UploadPlan(path: try AssetPath("\(PyPIPaths.prefix)/\(filename)"), status: 201)
    }
}

extension PyPIFormat: ContentNaming {
    public func name(of bytes: FileBytes, digest: BlobDigest) throws -> AssetPath? {
        try DistributionNaming.filename(of: bytes).map { try AssetPath($0) }
    }
}

extension PyPIFormat: SidecarCombining {
    /// The attestations that are kept of a file, and those that came with it again.
    public func combined(_ stored: [UInt8], with new: [UInt8], in sidecar: AssetRecord) throws -> CombinedSidecar? {
        guard sidecar.contentType == PyPIPaths.provenanceType.value, let stored = ProvenanceObject(stored),
            let new = ProvenanceObject(new), let all = try stored.adding(new)
        else { return nil }
        return CombinedSidecar(bytes: all.bytes(), announcement: [PyPIAttribute.hasProvenance: .bool(all.isReadable)])
    }
}

extension PyPIFormat: IndexEmbeddingFiles {
    public func documents(for index: IndexKey, in listing: Listing) throws -> [AssetPath] {
        if let (package, version) = LegacyJSON.release(index) {
            return try LegacyJSON.documents(SimplePage(package, listing), version: version)
        }
        guard let filename = Provenance.filename(index), let package = index.package else { return [] }
        return [try Provenance.document(of: filename, package, in: listing)]
    }
}

public import SavePlatform

/// Go modules: the GOPROXY protocol, and publishing by PUT of a module zip.
///
/// Sources: the Go Modules Reference ("GOPROXY protocol", "Module zip files", "Versions", "Pseudo-versions") and the packages `module`, `semver`
/// and `zip` of `golang.org/x/mod`, which the go command itself is made of.
public struct GoFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "go", displayName: "Go",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes, .permanentNames])

    /// Bytes of an upstream's list: half a million versions.
    private static let maxListBytes: Int64 = 16 << 20

    public init(settings: JSONObject) throws { try Self.takeNone(of: settings) }

    public func route(_ request: FormatRequest) throws -> Route { try GoRoutes(request).route() }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        guard index.package != nil else {
            let names = listing.packages.map { $0.displayName + "\n" }
            return Document(type: type, bytes: Array(names.sorted().joined().utf8))
        }
        let versions = KnownVersion.all(in: listing)
        guard case .custom(let what, _) = index else { return VersionList.document(versions, as: type) }
        let object = what == GoRoutes.latest ? try latest(versions) : try info(of: what, versions, context.documents)
        return Document(type: type, bytes: JSONValue.object(object).bytes)
    }

    /// The newest version that is given out. Where there is none because all are refused, the go command is told why: it asks here after a list
    /// without lines.
    private func latest(_ versions: [KnownVersion]) throws -> JSONObject {
        if let known = versions.filter({ $0.withdrawal == nil }).latest { return VersionInfo.object(known) }
        guard let refusal = versions.latest?.withdrawal, !refusal.reason.isEmpty else {
            throw SaveError(.packageNotFound, "the module has no version here that is newest: name the version that you want")
        }
        throw SaveError(.blocked, refusal.reason)
    }

    /// - Parameter documents: what the upstream says of the version.
    private func info(of what: String, _ versions: [KnownVersion], _ documents: [[UInt8]]) throws -> JSONObject {
        guard let version = Self.version(what) else { throw Self.noVersion }
        let known = versions.first { ASCII.isEqual($0.version.text, version.text) }
        if let refusal = known?.withdrawal { throw SaveError(.blocked, refusal.reason) }
        for document in documents {
            if let object = VersionInfo.object(document, of: version) { return object }
        }
        guard let known else { throw Self.noVersion }
        return VersionInfo.object(known)
    }

    private static let noVersion = SaveError(
        .packageNotFound, "there is no such version of the module: go list -m -versions tells which there are")

    /// The version whose index has a name.
    fileprivate static func version(_ index: String) -> ModuleVersion? {
        guard index.utf8.starts(with: GoRoutes.infoPrefix.utf8) else { return nil }
        return ModuleVersion(String(Substring(index.utf8.dropFirst(GoRoutes.infoPrefix.utf8.count))))
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await ModuleReceiver(upload: upload, staging: staging).receive()
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        let base = try URLReference.directory(base)
        switch target {
        case .index(let index):
            guard let module = index.package.flatMap({ ModulePath($0.name) }) else {
                throw SaveError.unsupported("lists of an upstream's modules")
            }
            return UpstreamRequest(url: "\(base)\(module.escaped)/@v/list", maxSize: Self.maxListBytes)
        case .asset: throw SaveError.unsupported("files that no version has")
        case .probe(attempt: 0):
            // The protocol has no document that every upstream has, and no second place where one could be.
            var request = UpstreamRequest(url: base, maxSize: 1 << 16, resolvedBase: base)
            request.isCertain = true
            return request
        case .probe: throw SaveError.unsupported("other places")
        }
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        guard let module = index.package.flatMap({ ModulePath($0.name) }) else { return Listing() }
        return try VersionList.listing(of: module, in: document)
    }
}

extension GoFormat: FileLocating {
    public func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String? {
        guard ModuleFile(file.path) != nil else { return nil }
        return try URLReference.directory(base) + file.path.text
    }
}

extension GoFormat: IndexEmbeddingFiles {
    /// What is said of a version is what its upstream says; a hosted version has no such file. Of a version that is not listed, the go.mod is
    /// asked for as well: where a rule keeps it from clients, the rule's reason is the answer.
    public func documents(for index: IndexKey, in listing: Listing) throws -> [AssetPath] {
        guard case .custom(let what, let package?) = index, let module = ModulePath(package.name),
            let version = Self.version(what)
        else { return [] }
        let file = ModuleFile(module, version, .info)
        let known = KnownVersion.all(in: listing).first { ASCII.isEqual($0.version.text, version.text) }
        guard let known else { return [try file.path(.info), try file.path(.mod)] }
        return known.record.origin == nil || known.withdrawal != nil ? [] : [try file.path(.info)]
    }
}

extension GoFormat: PackageVersioning {
    public static var ecosystem: String { "Go" }
    public static var purlType: String { "golang" }

    public func package(named name: String) -> PackageID? { ModulePath(name)?.package }

    public func sortKey(of version: String) -> [UInt8]? { SemanticVersion(version)?.key }

    public func range(_ range: String, contains version: String) throws -> Bool { try VersionRange(range).contains(version) }
}

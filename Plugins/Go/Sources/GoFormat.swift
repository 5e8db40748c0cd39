public import SavePlatform
internal import SaveVersions

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
    /// Bytes of what an upstream says of one version.
    private static let maxInfoBytes: Int64 = 64 << 10

    /// The checksum databases that are passed through.
    private let databases: Set<String>

    private let ranges = VersionRangeMemo(key: { SemanticVersion(go: $0)?.key }, read: Self.range)

    public init(settings: JSONObject) throws {
        var others = settings
        others[ChecksumDatabase.setting] = nil
        try Self.takeNone(of: others)
        databases = try ChecksumDatabase.names(in: settings)
    }

    public func route(_ request: FormatRequest) throws -> Route { try GoRoutes(request, databases: databases).route() }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        if ChecksumDatabase.place(of: index) != nil { return try ChecksumDatabase.document(listing, as: type) }
        guard index.package != nil else {
            let names = listing.packages.map { $0.displayName + "\n" }
            return Document(type: type, bytes: Array(names.sorted().joined().utf8))
        }
        let versions = KnownVersion.all(in: listing)
        guard case .custom(let what, _) = index else { return VersionList.document(versions, as: type) }
        let object =
            if what == GoRoutes.latest { try latest(versions) } else if let query = Self.query(what) {
                try version(named: query, versions)
            } else { try info(of: what, versions, context.documents) }
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

    /// What the upstream says that a branch is, or a commit. Of a hosted module nobody says it.
    private func version(named query: String, _ versions: [KnownVersion]) throws -> JSONObject {
        guard let known = versions.first(where: { $0.query.map { ASCII.isEqual($0, query) } ?? false }) else {
            throw SaveError(
                .packageNotFound,
                "nobody knows which version '\(query)' is: branches and commits of hosted modules have none, ask for a whole version"
            )
        }
        if let refusal = known.withdrawal { throw SaveError(.blocked, refusal.reason) }
        return VersionInfo.object(known)
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

    /// What the index with a name tells the version of; nil for other indexes.
    fileprivate static func query(_ index: String) -> String? {
        guard index.utf8.starts(with: GoRoutes.queryPrefix.utf8) else { return nil }
        return String(Substring(index.utf8.dropFirst(GoRoutes.queryPrefix.utf8.count)))
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await ModuleReceiver(upload: upload, staging: staging).receive()
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        let base = try URLReference.directory(base)
        switch target {
        case .index(let index):
            if let place = ChecksumDatabase.place(of: index) {
                return UpstreamRequest(url: base + place, maxSize: ChecksumDatabase.maxBytes)
            }
            guard let module = index.package.flatMap({ ModulePath($0.name) }) else {
                throw SaveError.unsupported("lists of an upstream's modules")
            }
            guard case .custom(let what, _) = index else {
                return UpstreamRequest(url: "\(base)\(module.escaped)/@v/list", maxSize: Self.maxListBytes)
            }
            let place = Self.query(what).map { "@v/\(ASCII.percentEncoded(CaseEscape.escaped($0))).info" } ?? "@latest"
            return UpstreamRequest(url: "\(base)\(module.escaped)/\(place)", maxSize: Self.maxInfoBytes)
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
        if ChecksumDatabase.place(of: index) != nil { return ChecksumDatabase.listing(of: document) }
        guard let module = index.package.flatMap({ ModulePath($0.name) }) else { return Listing() }
        guard case .custom(let what, _) = index else { return try VersionList.listing(of: module, in: document) }
        return try VersionInfo.listing(of: module, in: document, query: Self.query(what))
    }
}

extension GoFormat: FileLocating {
    public func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String? {
        guard ModuleFile(file.path) != nil else { return nil }
        return try URLReference.directory(base) + file.path.text
    }
}

extension GoFormat: UnlistedVersions {
    /// Lists have no pseudo-versions, and may be older than a version.
    public func unlistedFile(at path: AssetPath, of package: PackageID) -> AssetRecord? {
        guard let file = ModuleFile(path), file.module.package == package, var record = try? file.record() else { return nil }
        record.published = file.version.time
        return record
    }

    /// Of a module without tagged versions, the upstream knows the newest one.
    public func hasDocument(of index: IndexKey, in listing: Listing) -> Bool {
        guard case .custom(let what, _?) = index else { return false }
        if ChecksumDatabase.place(of: index) != nil { return true }
        return Self.query(what) != nil || what == GoRoutes.latest && KnownVersion.all(in: listing).isEmpty
    }
}

extension GoFormat: PackageNesting {
    public func names(above package: PackageID) -> [PackageID] {
        let elements = package.name.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        return (1..<max(1, elements.count)).reversed().compactMap { count in
            ModulePath(elements[..<count].joined(separator: "/"))?.package
        }
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

    public func sortKey(of version: String) -> [UInt8]? { SemanticVersion(go: version)?.key }

    public func range(_ range: String, contains version: String) throws -> Bool {
        try ranges.range(range, contains: version)
    }

    /// - Throws: `invalidRequest` for what is no range.
    fileprivate static func range(_ text: String) throws -> VersionRange {
        if let range = VersionRange(go: text) { return range }
        let shown = String(decoding: text.utf8.prefix(60).map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        throw SaveError(
            .invalidRequest, "'\(shown)' is no range of Go versions: write >=v1.2.0,<v1.3.0, or v1.2 for all that begin so")
    }
}

public import SaveDigest
public import SavePlatform

/// Maven repositories: files in the layout of Maven 2 and 3, their digests, and metadata that the server makes of them.
///
/// Sources: "Repository Layout" and "Repository Metadata" of Maven, and the POM Reference for the order of versions.
public struct MavenFormat: RepositoryFormat {
    public static let descriptor = FormatDescriptor(
        id: "maven", displayName: "Maven",
        abilities: [.hosted, .proxy, .group, .indexes, .uploads, .deletes, .upstreamIndexes, .permanentNames])

    /// Bytes; a repository's own limit is lower.
    private static let maxFileBytes: Int64 = 1 << 40

    /// What a proxy does with the digests that its upstream has of files.
    private enum ChecksumPolicy: String, CaseIterable {
        case require, check, ignore
    }

    private let checksums: ChecksumPolicy
    private let versions: VersionPolicy
    private let retention: SnapshotRetention

    private static let settings = ["checksums", "versions", "keep_snapshots"]

    /// Takes `checksums`, of a proxy: `require`, `check` (the default) or `ignore`; `versions` and `keep_snapshots`, of what is hosted.
    public init(settings: JSONObject) throws {
        if let key = settings.keys.first(where: { !Self.settings.contains($0) }) {
            throw SaveError(
                .unknownField, "Maven repositories have no setting '\(key)': they have \(Self.settings.joined(separator: ", "))",
                details: ["field": key])
        }
        versions = try VersionPolicy(settings["versions"])
        retention = try SnapshotRetention(settings["keep_snapshots"])
        guard let value = settings["checksums"] else {
            checksums = .check
            return
        }
        guard let policy = value.string.flatMap(ChecksumPolicy.init) else {
            throw SaveError.invalid("checksums", "checksums: must be require, check or ignore")
        }
        checksums = policy
    }

    public func route(_ request: FormatRequest) throws -> Route { try MavenRoutes(request).route() }

    public func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        if case .directory(let path) = index { return Document(type: type, bytes: MavenDirectory(path, listing).html) }
        guard let index = MavenIndex(index) else { throw SaveError(.notFound, "there is no such index: check the URL") }
        let bytes =
            try index.snapshot.map { try MavenMetadata.snapshots($0, of: index.package, listing) }
            ?? MavenMetadata.document(of: index.package, listing)
        return Document(type: type, bytes: index.algorithm.map { Array(Digest.hex(bytes, $0).utf8) } ?? bytes)
    }

    public func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await MavenReceiver(upload: upload, staging: staging, versions: versions).receive()
    }

    public func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        let base = try URLReference.directory(base)
        switch target {
        case .index(let index):
            guard let index = MavenIndex(index), index.algorithm == nil else {
                throw SaveError.unsupported("lists of an upstream's packages")
            }
            let folder = index.package.directory + (index.snapshot.map { "/\($0)" } ?? "")
            return UpstreamRequest(
                url: base + (try AssetPath(folder).percentEncoded) + "/\(MavenMetadata.filename)",
                maxSize: Int64(MavenMetadata.maxBytes))
        case .asset(let path): return UpstreamRequest(url: base + path.percentEncoded, maxSize: Self.maxFileBytes)
        case .probe(attempt: 0):
            // The layout has no document that every upstream has, and no second place where one could be.
            var request = UpstreamRequest(url: base, maxSize: 1 << 16, resolvedBase: base)
            request.isCertain = true
            return request
        case .probe: throw SaveError.unsupported("other places")
        }
    }

    public func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        guard let index = MavenIndex(index) else { return Listing() }
        guard let snapshot = index.snapshot else { return try MavenMetadata.listing(of: index.package, in: document) }
        return try MavenMetadata.snapshots(snapshot, of: index.package, in: document)
    }
}

/// A metadata file, or the digest of one, as the platform names it.
struct MavenIndex {
    let package: MavenName
    /// nil where it is about all versions.
    let snapshot: String?
    /// nil for the metadata itself.
    let algorithm: DigestAlgorithm?

    init?(_ index: IndexKey) {
        guard let package = index.package.flatMap({ MavenName($0.name) }) else { return nil }
        self.package = package
        guard case .custom(let name, _) = index else {
            (snapshot, algorithm) = (nil, nil)
            return
        }
        if name.utf8.starts(with: MavenRoutes.Index.snapshot.utf8) {
            snapshot = String(Substring(name.utf8.dropFirst(MavenRoutes.Index.snapshot.utf8.count)))
            algorithm = nil
            return
        }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 3, parts[0] + "/" == MavenRoutes.Index.checksum, let algorithm = DigestAlgorithm(rawValue: parts[1])
        else {
            return nil
        }
        snapshot = parts[2].isEmpty ? nil : parts[2]
        self.algorithm = algorithm
    }
}

extension MavenFormat: FileLocating {
    public func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String? {
        try URLReference.directory(base) + file.path.percentEncoded
    }
}

extension MavenFormat: PathDescribing {
    public func record(at path: AssetPath) -> AssetRecord? {
        guard let file = MavenPath(path) else { return nil }
        return AssetRecord(
            path: path, package: file.package.id, version: file.version, contentType: MavenContentType.of(file.fileExtension))
    }

    public func listedFile(for path: AssetPath) -> AssetRecord? {
        guard let file = MavenPath(path), var listed = try? MavenPath.pom(of: file.package, file.version) else { return nil }
        // Each build of a snapshot has a time of its own, whatever the version's POM has.
        listed.published = SnapshotBuild(file.fileVersion, of: file.version).flatMap { MavenMetadata.time($0.updated) }
        return listed
    }

    public func mayChange(_ path: AssetPath) -> Bool { MavenPath(path)?.mayChange ?? false }

    public func upstreamIndex(for index: IndexKey) -> IndexKey {
        guard let known = MavenIndex(index) else { return index }
        return known.snapshot.map { .custom(MavenRoutes.Index.snapshot + $0, package: known.package.id) }
            ?? .package(known.package.id)
    }

    public func latestPublish(in listing: Listing) -> Timestamp? {
        listing.attributes[MavenMetadata.lastUpdated]?.string.flatMap(MavenMetadata.time)
    }

    /// SHA-1 first: every server has it, and it guards against damage, not against the server that also sends the file.
    public func checksumFiles(of path: AssetPath) -> [(path: AssetPath, algorithm: DigestAlgorithm)] {
        let algorithms: [DigestAlgorithm] = checksums == .ignore ? [] : [.sha1, .sha256, .md5]
        return algorithms.compactMap { algorithm in
            (try? AssetPath("\(path.text).\(algorithm.rawValue)")).map { ($0, algorithm) }
        }
    }
}

extension MavenFormat {
    public var requiresChecksums: Bool { checksums == .require }
}

extension MavenFormat: PackageVersioning, PackageNamespaces {
    public static var ecosystem: String { "Maven" }
    public static var purlType: String { "maven" }

    /// A group id alone is a name as well, so that patterns such as `com.acme.*` can be written; nothing is published under it.
    public func package(named name: String) -> PackageID? {
        if let name = MavenName(name) { return name.id }
        return MavenName(name + ":x") == nil ? nil : PackageID(normalized: name)
    }

    public func namespaces(of package: PackageID) -> [String] {
        guard let name = MavenName(package.name) else { return [] }
        // The folder of an artifact may be that of a group, whose plugins its metadata has.
        return ["\(name.group):", "\(name.asGroup):"]
    }

    public func sortKey(of version: String) -> [UInt8]? { ComparableVersion(version)?.key }

    public func range(_ range: String, contains version: String) throws -> Bool { try VersionRange(range).contains(version) }
}

extension MavenFormat: ReachabilityTracing {
    /// Old builds of snapshots.
    public func unreachable(in listing: Listing) -> [AssetPath] { retention.superseded(in: listing) }

    public func attributes(of listing: Listing, without files: [AssetPath]) throws -> JSONObject { listing.attributes }
}

extension MavenFormat: PackageMerging {
    public func attributes(mergedFrom said: [JSONObject]) throws -> JSONObject {
        var merged = JSONObject(mergedByKeyFrom: said)
        merged[MavenMetadata.lastUpdated] = said.compactMap { $0[MavenMetadata.lastUpdated]?.string }.max().map(JSONValue.string)
        return merged
    }
}

internal import SaveDigest
internal import SavePlatform

/// What a request to a Maven repository means. The layout is the protocol: every file has a path, and beside it its digests; metadata files are
/// made by the server.
struct MavenRoutes {
    /// What the indexes of a package are called that are not its list of versions.
    enum Index {
        static let snapshot = "snapshot/"
        static let checksum = "checksum/"
    }

    static let xml = MediaType("application/xml").given
    private static let text = MediaType.text.given

    private let request: FormatRequest
    private let segments: [String]

    init(_ request: FormatRequest) {
        self.request = request
        segments = request.path.segments
    }

    /// - Throws: `notFound`, `methodNotAllowed`, `invalidRequest`.
    func route() throws -> Route {
        if segments.isEmpty || request.path.endsInSlash { return try directory() }
        if let metadata = Metadata(segments) { return try route(metadata, checksum: nil) }
        if let checksum = ChecksumName(segments) {
            if let metadata = Metadata(checksum.file) { return try route(metadata, checksum: checksum.algorithm) }
            return try route(checksum)
        }
        // The signature of what the server makes is nobody's.
        if let last = segments.last,
            last == MavenMetadata.filename + ".asc" || last.utf8.starts(with: "\(MavenMetadata.filename).asc.".utf8)
        {
            return try ignored()
        }
        let path = try AssetPath(segments.joined(separator: "/"))
        let file = MavenPath(segments[...])
        switch request.method {
        case .get, .head: return .asset(path, package: file?.package.id)
        case .put: return .upload(UploadPlan(path: path, package: file?.package.id, status: 201))
        case .delete: return .delete(path)
        default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD, PUT")
        }
    }

    private func route(_ checksum: ChecksumName) throws -> Route {
        let path = try AssetPath(checksum.file.joined(separator: "/"))
        let package = MavenPath(checksum.file[...])?.package.id
        switch request.method {
        case .get, .head: return .checksum(of: path, checksum.algorithm, package: package)
        case .put:
            return .upload(
                UploadPlan(package: package, purpose: Purpose.checksum(of: path, checksum.algorithm).text, status: 201))
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT")
        }
    }

    private func route(_ metadata: Metadata, checksum: DigestAlgorithm?) throws -> Route {
        let package = metadata.package.id
        switch request.method {
        case .get, .head:
            guard let checksum else { return .index(metadata.index, offers: [Self.xml]) }
            let name = Index.checksum + checksum.rawValue + "/" + (metadata.snapshot ?? "")
            return .index(.custom(name, package: package), offers: [Self.text])
        case .put:
            let purpose: Purpose = checksum == nil && metadata.snapshot == nil ? .metadata : .ignored
            return .upload(UploadPlan(package: package, purpose: purpose.text, status: 201))
        case .delete where checksum == nil && metadata.snapshot == nil:
            return .unpublish(UploadPlan(package: package, purpose: Purpose.removal.text, status: 204))
        case .delete: return .delete(try AssetPath(segments.joined(separator: "/")))
        default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD, PUT")
        }
    }

    private func ignored() throws -> Route {
        guard request.method == .put else {
            guard request.method.isRead else { throw SaveError.methodNotAllowed("GET, HEAD, PUT") }
            throw SaveError(.notFound, "metadata is made by this server and has no signature: ask for the signatures of files")
        }
        return .upload(UploadPlan(purpose: Purpose.ignored.text, status: 201))
    }

    private func directory() throws -> Route {
        let path = segments.isEmpty ? nil : try AssetPath(segments.joined(separator: "/"))
        switch request.method {
        case .get, .head:
            // `/maven/p/r` and `/maven/p/r/` are one directory, but the links on its page start at the second.
            guard request.path.endsInSlash else { return .redirect(to: "./", permanent: true) }
            return .index(.directory(path), offers: MavenDirectory.offers)
        case .delete:
            guard request.query["recursive"] == "true" else {
                throw SaveError.invalid(
                    "recursive", "recursive: a directory is deleted with everything in it, by DELETE with ?recursive=true")
            }
            return .deleteAll(under: path)
        case .put: throw SaveError(.invalidRequest, "a file's path does not end in a slash: write the file's name behind it")
        default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD")
        }
    }
}

/// The place of a metadata file: of an artifact, which may be a group as well, or of a snapshot version.
struct Metadata {
    let package: MavenName
    /// `1.1-SNAPSHOT`; nil where it is about all versions.
    let snapshot: String?

    init?(_ segments: [String]) {
        guard segments.last == MavenMetadata.filename else { return nil }
        let folders = segments.dropLast()
        if let version = folders.last, MavenPath.isSnapshot(version), MavenPath.isVersion(version),
            let package = MavenName(folders.dropLast())
        {
            self.package = package
            snapshot = version
            return
        }
        guard let package = MavenName(folders) else { return nil }
        self.package = package
        snapshot = nil
    }

    var index: IndexKey { snapshot.map { .custom(MavenRoutes.Index.snapshot + $0, package: package.id) } ?? .package(package.id) }
}

/// What is sent to a path that no file of the client's is at.
enum Purpose: Equatable {
    /// The metadata of an artifact or a group, of which only plugins are taken.
    case metadata
    /// The plugins of a group go.
    case removal
    /// What the server makes itself.
    case ignored
    /// The digest of a file that was sent before.
    case checksum(of: AssetPath, DigestAlgorithm)

    var text: String {
        switch self {
        case .metadata: "metadata"
        case .removal: "removal"
        case .ignored: "ignored"
        case .checksum(let path, let algorithm): "\(algorithm.rawValue) \(path.text)"
        }
    }

    init?(_ text: String) {
        switch text {
        case "metadata": self = .metadata
        case "removal": self = .removal
        case "ignored": self = .ignored
        default:
            guard let space = text.utf8.firstIndex(of: 0x20), let algorithm = DigestAlgorithm(rawValue: String(text[..<space])),
                let path = try? AssetPath(String(Substring(text.utf8[space...].dropFirst())))
            else { return nil }
            self = .checksum(of: path, algorithm)
        }
    }
}

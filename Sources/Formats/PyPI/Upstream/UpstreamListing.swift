internal import SaveDigest
internal import SavePlatform

/// A file as an upstream's page describes it, before anything is believed.
struct UpstreamFile {
    /// As it stands on the page, relative or absolute.
    var url: String
    /// nil where the URL alone tells.
    var filename: String?
    var checksums: [Checksum] = []
    var size: Int64?
    var published: Timestamp?
    var requiresPython: String?
    var withdrawn: Withdrawal?
    var metadata: CoreMetadata?
    /// PEP 714's key was there, which counts whatever the older one says.
    var namesCoreMetadata = false
    var provenance: String?
}

/// Builds the listing of one package from an upstream's files, and leaves out what cannot be one of its files.
struct UpstreamListing {
    private let package: PackageID
    /// What the paths of the package's files begin with.
    private let folder: String
    private var links: PageLinks
    private var versions = VersionMemo()
    private var seen: Set<String> = []
    private(set) var assets: [AssetRecord] = []

    /// - Parameter base: what relative URLs are relative to.
    init(_ package: PackageID, base: String) {
        self.package = package
        folder = PyPIPaths.folder(of: package)
        links = PageLinks(base: base)
    }

    /// Adds a file and, where the upstream advertises it, its metadata. The first of a name counts.
    mutating func add(_ file: UpstreamFile) {
        guard let origin = links.resolve(file.url), let (filename, hasQuery) = Self.file(at: origin, named: file.filename),
            let distribution = DistributionFilename(filename, of: package, &versions),
            let path = try? AssetPath(folder + filename), seen.insert(filename).inserted
        else { return }
        var attributes = JSONObject()
        if let requirement = file.requiresPython, !requirement.utf8.isEmpty {
            attributes[PyPIAttribute.requiresPython] = .string(requirement)
        }
        if let provenance = file.provenance, provenance.utf8.starts(with: "https://".utf8) {
            attributes[PyPIAttribute.provenanceOrigin] = .string(provenance)
        }
        // PEP 658: at the file's URL with `.metadata` behind its path. A URL with a query has no such place.
        let sidecar = hasQuery ? nil : file.metadata.flatMap { Self.sidecar($0, of: path, package, distribution.version, origin) }
        if sidecar != nil { attributes[PyPIAttribute.coreMetadata] = file.metadata?.json }
        assets.append(
            AssetRecord(
                path: path, package: package, version: distribution.version, size: file.size, checksums: file.checksums,
                published: file.published, withdrawn: file.withdrawn, identity: distribution.identity, origin: origin,
                contentType: MediaType.bytes.value, attributes: attributes))
        if let sidecar { assets.append(sidecar) }
    }

    private static func sidecar(
        _ metadata: CoreMetadata, of file: AssetPath, _ package: PackageID, _ version: String, _ origin: String
    ) -> AssetRecord? {
        guard let path = try? PyPIPaths.sidecar(of: file) else { return nil }
        return AssetRecord(
            path: path, package: package, version: version, checksums: metadata.checksum.map { [$0] } ?? [], sidecarOf: file,
            origin: origin + PyPIPaths.sidecarEnding, contentType: MediaType.text.value)
    }

    /// The last segment of an absolute URL's path, decoded, and whether a query follows; nil where that is not a plain name,
    /// or another one than the page says beside the URL.
    private static func file(at url: String, named given: String?) -> (name: String, hasQuery: Bool)? {
        var url = url
        return url.withUTF8 { bytes in
            let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
            guard let slash = bytes[..<end].lastIndex(of: UInt8(ascii: "/")) else { return nil }
            let segment = bytes[(slash + 1)..<end]
            let hasQuery = end < bytes.endIndex
            // Nearly always the two are the same bytes, and nothing has to be made of the second.
            if let given, ASCII.isEqual(given, segment), !segment.contains(UInt8(ascii: "%")) { return (given, hasQuery) }
            guard let name = decoded(segment), given.map({ ASCII.isEqual($0, name) }) ?? true else { return nil }
            return (name, hasQuery)
        }
    }

    /// Percent-decoded text; nil for a bad escape.
    static func decoded(_ text: some Collection<UInt8>) -> String? {
        guard text.contains(UInt8(ascii: "%")) else { return String(decoding: text, as: UTF8.self) }
        return ASCII.percentDecoded(text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A digest by the name that a page gives it; nil for a name or a value that nobody could verify.
    static func checksum(_ name: String, _ value: String) -> Checksum? {
        (DigestAlgorithm(rawValue: name) ?? DigestAlgorithm(rawValue: ASCII.lowercased(name))).flatMap {
            Checksum($0, hex: value)
        }
    }

    /// When a file was published. Some servers leave the zone out, as Python does for a time that has none; it is UTC.
    static func time(_ text: String) -> Timestamp? { Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "Z") }

    /// The listing's attributes for a status that PEP 792 knows.
    static func attributes(_ status: ProjectStatus?) -> JSONObject {
        var attributes = JSONObject()
        attributes[PyPIAttribute.projectStatus] = status?.json
        return attributes
    }

    /// PEP 792: an index that passes on a quarantined project must offer none of its files.
    func listing(_ status: ProjectStatus?) -> Listing {
        Listing(assets: status?.marker == .quarantined ? [] : assets, attributes: Self.attributes(status))
    }
}

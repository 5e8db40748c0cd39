/// Everything an index page can say, whoever says it: our database, an upstream, or several merged members.
public struct Listing: Sendable, Equatable {
    /// For the root index: the packages there are.
    public var packages: [PackageSummary]
    /// For a package or directory: its files.
    public var assets: [AssetRecord]
    /// For a directory: the names of directories in it.
    public var directories: [String]
    /// What only the format understands, such as a project's status.
    public var attributes: JSONObject

    public init(
        packages: [PackageSummary] = [], assets: [AssetRecord] = [], directories: [String] = [],
        attributes: JSONObject = JSONObject()
    ) {
        self.packages = packages
        self.assets = assets
        self.directories = directories
        self.attributes = attributes
    }
}

/// A package in a root index.
public struct PackageSummary: Sendable, Hashable {
    public var id: PackageID
    /// The name as its publisher writes it.
    public var displayName: String

    public init(id: PackageID, displayName: String) {
        self.id = id
        self.displayName = displayName
    }
}

/// One file, in terms that every format shares.
public struct AssetRecord: Sendable, Equatable {
    /// Where the file is in the repository.
    public var path: AssetPath
    /// The package it belongs to, already normalized by the format.
    public var package: PackageID?
    public var version: String?
    /// Bytes.
    public var size: Int64?
    /// In the order in which they should be shown.
    public var checksums: [Checksum]
    public var published: Timestamp?
    /// Yanked, retired: still served to who asks for it exactly, not offered to others.
    public var withdrawn: Withdrawal?
    /// A file that describes another, such as `x.whl.metadata`: not listed by itself, removed with that other.
    public var sidecarOf: AssetPath?
    /// Equal for two files of a package that clients take for one, such as `Foo-1.0.tar.gz` and `foo-1.0.tar.gz`: a
    /// repository takes one file of an identity. nil where the path says it all.
    public var identity: String?
    /// Where an upstream keeps it: an absolute URL. Never rendered.
    public var origin: String?
    /// The type it is served as.
    public var contentType: String?
    /// What only the format understands, such as `requires-python`.
    public var attributes: JSONObject

    public init(
        path: AssetPath, package: PackageID? = nil, version: String? = nil, size: Int64? = nil, checksums: [Checksum] = [],
        published: Timestamp? = nil, withdrawn: Withdrawal? = nil, sidecarOf: AssetPath? = nil, identity: String? = nil,
        origin: String? = nil, contentType: String? = nil, attributes: JSONObject = JSONObject()
    ) {
        self.path = path
        self.package = package
        self.version = version
        self.size = size
        self.checksums = checksums
        self.published = published
        self.withdrawn = withdrawn
        self.sidecarOf = sidecarOf
        self.identity = identity
        self.origin = origin
        self.contentType = contentType
        self.attributes = attributes
    }
}

/// Why a file is no longer offered.
public struct Withdrawal: Sendable, Hashable {
    /// The publisher's words; may be empty.
    public var reason: String
    public init(reason: String) { self.reason = reason }
}

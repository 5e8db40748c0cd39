/// Everything an index page can say, from any source: our database, an upstream, or several merged members.
public struct Listing: Sendable, Equatable {
    /// For the root index: the packages there are.
    public var packages: PackageList
    /// For a package or directory: its files.
    public var assets: [AssetRecord]
    /// For a directory: the names of directories in it.
    public var directories: [String]
    /// How pages link to directories whose names are not what clients ask for, by their names (`AssetPath.link`).
    public var directoryLinks: [String: String] = [:]
    /// What only the format understands, such as a project's status.
    public var attributes: JSONObject
    /// For a search: what it found.
    public var found: FoundPackages
    /// The number of the last change of what is listed, for clients that keep a copy: larger with each change. Numbers of one source
    /// can be compared with each other and with no others. nil where the source counts no changes.
    public var serial: Int64?

    public init(
        packages: PackageList = [], assets: [AssetRecord] = [], directories: [String] = [],
        attributes: JSONObject = JSONObject(), found: FoundPackages = FoundPackages(), serial: Int64? = nil
    ) {
        self.packages = packages
        self.assets = assets
        self.directories = directories
        self.attributes = attributes
        self.found = found
        self.serial = serial
    }
}

extension Listing {
    /// Forgets when something changed last.
    package mutating func removeSerials() {
        serial = nil
        if packages.contains(where: { $0.serial != nil }) { packages.removeSerials() }
    }
}

/// A package in a root index.
public struct PackageSummary: Sendable, Hashable {
    public var id: PackageID
    /// The name as its publisher writes it.
    public var displayName: String
    /// The number of the package's last change, as in `Listing`; nil where none is known, or it is not positive.
    public var serial: Int64?

    public init(id: PackageID, displayName: String, serial: Int64? = nil) {
        self.id = id
        self.displayName = displayName
        self.serial = serial.flatMap { $0 > 0 ? $0 : nil }
    }
}

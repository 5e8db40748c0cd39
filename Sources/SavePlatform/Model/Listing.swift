/// Everything an index page can say, whoever says it: our database, an upstream, or several merged members.
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

    public init(
        packages: PackageList = [], assets: [AssetRecord] = [], directories: [String] = [],
        attributes: JSONObject = JSONObject(), found: FoundPackages = FoundPackages()
    ) {
        self.packages = packages
        self.assets = assets
        self.directories = directories
        self.attributes = attributes
        self.found = found
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

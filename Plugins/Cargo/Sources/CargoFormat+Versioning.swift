public import SavePlatform

extension CargoFormat: PackageVersioning {
    /// The name of the ecosystem in the OSV schema, which is that of the registry most crates come from.
    public static var ecosystem: String { "crates.io" }
    public static var purlType: String { "cargo" }

    public func sortKey(of version: String) -> [UInt8]? { CrateVersion(version)?.key }

    public func range(_ range: String, contains version: String) throws -> Bool {
        try VersionRequirement(range).contains(version)
    }
}

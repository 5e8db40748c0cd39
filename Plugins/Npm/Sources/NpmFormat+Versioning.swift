public import SavePlatform

extension NpmFormat: PackageVersioning {
    public static var ecosystem: String { "npm" }
    public static var purlType: String { "npm" }

    public func sortKey(of version: String) -> [UInt8]? { VersionOrder.key(of: version) }

    public func range(_ range: String, contains version: String) throws -> Bool {
        try ranges.range(range, contains: version)
    }
}

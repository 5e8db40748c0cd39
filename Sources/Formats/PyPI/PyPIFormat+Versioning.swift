public import SavePlatform

extension PyPIFormat: PackageVersioning {
    public static var ecosystem: String { "PyPI" }
    public static var purlType: String { "pypi" }

    public func sortKey(of version: String) -> [UInt8]? { Version.sortKey(of: version) }

    public func range(_ range: String, contains version: String) throws -> Bool {
        try ranges.range(range, contains: version)
    }
}

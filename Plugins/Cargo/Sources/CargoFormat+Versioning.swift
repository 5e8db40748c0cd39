public import SavePlatform
internal import SaveVersions

extension CargoFormat: PackageVersioning {
    /// The name of the ecosystem in the OSV schema, which is that of the registry most crates come from.
    public static var ecosystem: String { "crates.io" }
    public static var purlType: String { "cargo" }

    public func sortKey(of version: String) -> [UInt8]? { SemanticVersion(crate: version)?.key }

    public func range(_ range: String, contains version: String) throws -> Bool {
        try ranges.range(range, contains: version)
    }

    /// - Throws: `invalidRequest` for what is no range.
    static func range(_ text: String) throws -> VersionRange {
        if let range = VersionRange(cargo: text) { return range }
        throw SaveError(
            .invalidRequest,
            "'\(text.prefix(80))' is no range of versions: write one such as >=1.2, <2 or ^1.2 (Cargo's dependencies)")
    }
}

extension SemanticVersion {
    /// Reads the version of a crate exactly as Semantic Versioning 2.0.0 has it; nil for anything else, such as `1.2` or `v1.2.3`, and for
    /// more than 128 bytes.
    init?(crate text: String) { self.init(text, maxBytes: 128) }
}

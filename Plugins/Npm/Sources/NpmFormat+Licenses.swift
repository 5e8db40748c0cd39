public import SavePlatform

extension NpmFormat: LicenseDeclaring {
    /// `license` of `package.json`, or its older forms: an object with a `type`, and `licenses`, a list of these of which one may choose
    /// (npm documentation, package.json, "license").
    public func license(of file: AssetRecord, sidecar: [UInt8]?) -> String? {
        let manifest = VersionRecord(file).manifest
        if let license = manifest["license"].flatMap(Self.name) { return license }
        let choices = manifest["licenses"]?.array?.map(Self.name) ?? []
        guard !choices.isEmpty else { return nil }
        // Of one that cannot be read it is not known what it demands.
        let known = choices.compactMap(\.self)
        return known.count == choices.count ? known.map { "(\($0))" }.joined(separator: " OR ") : nil
    }

    private static func name(_ value: JSONValue) -> String? { value.string ?? value.object?["type"]?.string }
}

package import SavePlatform

/// What is known of packages that are vulnerable or do harm.
package protocol AdvisoryLookup: Sendable {
    /// Rises when other advisories have come in: what was decided by the earlier ones may hold no longer.
    var generation: UInt64 { get }

    /// All that is known of a package; empty where nothing is.
    ///
    /// - Parameters:
    ///   - package: its key, as the format normalizes it.
    ///   - ecosystem: the format's (`PackageVersioning.ecosystem`).
    /// - Throws: where the advisories cannot be read.
    func advisories(of package: PackageID, in ecosystem: String) async throws -> PackageAdvisories
}

/// What nobody knows anything for.
package struct NoAdvisories: AdvisoryLookup {
    package init() {}
    package var generation: UInt64 { 0 }
    package func advisories(of package: PackageID, in ecosystem: String) async throws -> PackageAdvisories {
        PackageAdvisories([])
    }
}

/// A version with the key that orders it (`PackageVersioning.sortKey(of:)`).
package struct KeyedVersion: Sendable, Hashable {
    package let text: String
    /// nil for what is no version.
    package let key: [UInt8]?

    package init(_ text: String, key: [UInt8]?) {
        self.text = text
        self.key = key
    }
}

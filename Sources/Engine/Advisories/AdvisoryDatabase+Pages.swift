internal import SaveAccess
package import SavePlatform

/// What pages show of advisories.
extension AdvisoryDatabase {
    /// The advisories of a package, each with those of some versions that it affects, as `Listing.attributes` has them under `advisories`.
    ///
    /// - Returns: members of each: `id`, `aliases`, `summary`, `details`, `fixed_versions` and `versions`.
    /// - Throws: where the advisories cannot be read.
    package func shown(of package: PackageID, versions: Set<String>, in ecosystem: String) async throws -> [JSONValue] {
        let known = try await advisories(of: package, in: ecosystem)
        guard !known.isEmpty, let format = try await format(of: ecosystem) else { return [] }
        let asked = try await format.ask(on: pool) { format in versions.map { KeyedVersion($0, key: format.sortKey(of: $0)) } }
        try Task.checkCancellation()
        let found = try await pool.run(lasting: .long) {
            var found: [String: (advisory: Advisory, versions: [String])] = [:]
            for version in asked {
                for advisory in known.affecting(version) {
                    found[advisory.id, default: (advisory, [])].versions.append(version.text)
                }
            }
            return found
        }
        guard !found.isEmpty else { return [] }
        let records = try await records(Set(found.keys), of: package, in: ecosystem)
        return found.values.sorted { $0.advisory.id < $1.advisory.id }.map { advisory, versions in
            [
                "id": .string(advisory.id), "aliases": .array(advisory.aliases.map(JSONValue.string)),
                "summary": .string(advisory.summary), "details": .string(records[advisory.id]?.details ?? ""),
                "fixed_versions": .array(advisory.fixedVersions.map(JSONValue.string)),
                "versions": .array(versions.sorted().map(JSONValue.string)),
            ]
        }
    }
}

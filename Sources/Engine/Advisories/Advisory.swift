package import SavePlatform

/// What a database of vulnerabilities says of a package, in the terms of the OSV schema.
///
/// Records that call each other aliases are one advisory: one of them gives the id, all others are in `aliases`.
package struct Advisory: Sendable, Hashable {
    /// `GHSA-vp9c-fpxx-744v`, `PYSEC-2024-1`, `MAL-2026-7`.
    package let id: String
    /// All other names, of records and as records say them, sorted.
    package let aliases: [String]
    package let summary: String
    /// nil where nobody said.
    package let severity: AdvisorySeverity?
    /// Whether the package itself does harm, and is not merely vulnerable: an id of it begins with `MAL-`.
    package let isMalware: Bool
    /// The versions that are named as fixed, as they are written, of this package.
    package let fixedVersions: [String]
    package let published: Timestamp?
    package let modified: Timestamp?
    /// Such an advisory affects nothing any more.
    package let withdrawn: Timestamp?

    package init(
        id: String, aliases: [String] = [], summary: String = "", severity: AdvisorySeverity? = nil, isMalware: Bool = false,
        fixedVersions: [String] = [], published: Timestamp? = nil, modified: Timestamp? = nil, withdrawn: Timestamp? = nil
    ) {
        self.id = id
        self.aliases = aliases
        self.summary = summary
        self.severity = severity
        self.isMalware = isMalware
        self.fixedVersions = fixedVersions
        self.published = published
        self.modified = modified
        self.withdrawn = withdrawn
    }

    /// Whether a name is one of the advisory's, in letters of either size.
    package func hasName(_ name: String) -> Bool {
        let name = ASCII.lowercased(name)
        return ([id] + aliases).contains { ASCII.isEqual(ASCII.lowercased($0), name) }
    }
}

/// How bad it is, in the four words of CVSS ("Qualitative Severity Rating Scale").
package enum AdvisorySeverity: Int, Sendable, Hashable, Comparable, CaseIterable {
    case low = 1
    case medium, high, critical

    /// `low`, `medium`, `high`, `critical`.
    package var name: String {
        switch self {
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .critical: "critical"
        }
    }

    /// The severity of a word in letters of either size. `moderate` is what some databases call medium.
    package init?(named name: String) {
        let name = ASCII.lowercased(name)
        guard let known = Self.allCases.first(where: { ASCII.isEqual($0.name, name) }) ?? (name == "moderate" ? .medium : nil)
        else {
            return nil
        }
        self = known
    }

    /// The severity of a CVSS score from 0.1 to 10; nil for 0, which is none.
    package init?(score: Double) {
        switch score {
        case 9...: self = .critical
        case 7...: self = .high
        case 4...: self = .medium
        case 0.1...: self = .low
        default: return nil
        }
    }

    package static func < (left: AdvisorySeverity, right: AdvisorySeverity) -> Bool { left.rawValue < right.rawValue }
}

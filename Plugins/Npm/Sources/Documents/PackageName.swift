internal import SavePlatform
internal import SaveVersions

/// The name of a package, with or without a scope: `left-pad`, `@acme/left-pad`.
///
/// Names are compared byte by byte: old packages with capitals exist beside others that differ in nothing else
/// (npm documentation, package.json, "name").
struct PackageName: Sendable, Hashable {
    /// With its `@`; nil for a package without one.
    let scope: String?
    /// Without the scope.
    let base: String

    /// "The name must be less than or equal to 214 characters. This includes the scope for scoped packages."
    private static let maxBytes = 214

    /// As everyone writes it: `@acme/left-pad`.
    var text: String { scope.map { "\($0)/\(base)" } ?? base }
    var package: PackageID { PackageID(normalized: text) }

    /// Reads a name; nil for what is none.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        switch parts.count {
        case 1: self.init(scope: nil, base: text)
        case 2: self.init(scope: String(Substring(parts[0])), base: String(Substring(parts[1])))
        default: return nil
        }
    }

    /// Reads the two parts of a name; nil for what is none.
    init?(scope: String?, base: String) {
        if let scope {
            guard scope.utf8.first == UInt8(ascii: "@"), Self.isPart(scope.utf8.dropFirst()) else { return nil }
        }
        guard Self.isPart(base.utf8[...]), (scope?.utf8.count ?? -1) + 1 + base.utf8.count <= Self.maxBytes else { return nil }
        self.scope = scope
        self.base = base
    }

    /// "The name can't start with a dot or an underscore", nor have "any non-URL-safe characters".
    private static func isPart(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first, first != UInt8(ascii: "."), first != UInt8(ascii: "_") else { return false }
        return text.allSatisfy { ASCII.isAlphanumeric($0) || "-._~".utf8.contains($0) }
    }

    /// "New packages must not have uppercase letters in the name." npm takes no tilde in them either, and none of these names
    /// (validate-npm-package-name).
    var isNewStyle: Bool { text.utf8.allSatisfy { ASCII.lowercased($0) == $0 && $0 != UInt8(ascii: "~") } }
    var isReserved: Bool { ["node_modules", "favicon.ico"].contains(ASCII.lowercased(text)) }

    /// The file of a version: `@acme/left-pad/-/left-pad-1.0.0.tgz`.
    func tarball(_ version: SemanticVersion) throws -> AssetPath { try AssetPath("\(text)/-/\(base)-\(version).tgz") }

    /// The name as it stands in a URL of an upstream: a scope's slash is escaped.
    var percentEncoded: String {
        guard let scope else { return ASCII.percentEncoded(base) }
        return "@\(ASCII.percentEncoded(String(scope.dropFirst())))%2f\(ASCII.percentEncoded(base))"
    }
}

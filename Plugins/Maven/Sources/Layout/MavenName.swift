internal import SavePlatform

/// A group id and an artifact id: `com.acme:lib`.
struct MavenName: Hashable {
    let group: String
    let artifact: String

    /// The folders of an artifact: those of its group id, then its own. A folder of a group has no dot in its name, so that one group has
    /// one folder. nil for what are no such folders.
    init?(_ segments: ArraySlice<String>) {
        guard segments.count >= 2, let artifact = segments.last, Self.isName(artifact),
            segments.dropLast().allSatisfy({ Self.isName($0) && !$0.utf8.contains(UInt8(ascii: ".")) })
        else { return nil }
        self.init(segments.dropLast().joined(separator: "."), artifact)
    }

    /// As people write it: `com.acme:lib`, and `com.acme/lib` in package URLs.
    init?(_ text: String) {
        guard text.utf8.count <= 1024 else { return nil }
        let parts = text.utf8.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
            .map { String(Substring($0)) }
        guard parts.count == 2, Self.isName(parts[1]) else { return nil }
        let folders = parts[0].utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard folders.allSatisfy({ Self.isName(String(Substring($0))) }) else { return nil }
        self.init(parts[0], parts[1])
    }

    private init(_ group: String, _ artifact: String) {
        (self.group, self.artifact) = (group, artifact)
    }

    /// What group id the folder of the artifact would be: metadata in it may be about both.
    var asGroup: String { "\(group).\(artifact)" }
    var directory: String { "\(group.replacing(".", with: "/"))/\(artifact)" }
    var id: PackageID { PackageID(normalized: "\(group):\(artifact)") }

    /// Letters, digits and marks that neither file systems nor URLs nor the colon between the ids give a meaning.
    static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...RequestPath.maxSegmentBytes).contains(bytes.count) && bytes.first != UInt8(ascii: ".")
            && bytes.allSatisfy { ASCII.isAlphanumeric($0) || "-._+~$".utf8.contains($0) }
    }
}

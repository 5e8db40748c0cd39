internal import SavePlatform

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution-spec, "Pulling manifests": `<reference>`).
struct ImageTag: Hashable {
    let text: String

    init?(_ text: String) {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= 128, ASCII.isAlphanumeric(first) || first == UInt8(ascii: "_"),
            bytes.allSatisfy({ ASCII.isAlphanumeric($0) || "._-".utf8.contains($0) })
        else { return nil }
        self.text = text
    }

    /// The order of tags: "lexical (i.e. case-insensitive alphanumeric order)"; of two that differ in capitals only, that of their bytes.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let (small, other) = (ASCII.lowercased(left), ASCII.lowercased(right))
        if !ASCII.isEqual(small, other) { return small.utf8.lexicographicallyPrecedes(other.utf8) }
        return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

internal import SavePlatform

/// The name of a crate, as its publisher writes it.
///
/// Names that differ in `-` and `_`, or in capitals, are one name (Cargo Book, "Registry Index", "Name restrictions").
struct CrateName: Sendable, Hashable {
    let text: String

    private static let maxBytes = 64
    /// Names that no crate can have: what Windows keeps for devices, and the crates that come with the compiler.
    private static let reserved: Set<String> = [
        "aux", "con", "nul", "prn", "alloc", "core", "proc-macro", "std", "test",
    ]

    /// Reads a name; nil for what is none.
    init?(_ text: String) {
        guard let first = text.utf8.first, ASCII.isLetter(first) || first == UInt8(ascii: "_"), text.utf8.count <= Self.maxBytes,
            text.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else { return nil }
        self.text = text
    }

    /// The key of all its spellings.
    var package: PackageID {
        let key = text.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : ASCII.lowercased($0) }
        return PackageID(normalized: String(decoding: key, as: UTF8.self))
    }

    var isReserved: Bool {
        let key = package.name
        if Self.reserved.contains(key) { return true }
        // `com1` to `lpt9`.
        guard key.utf8.count == 4, let last = key.utf8.last else { return false }
        return ["com", "lpt"].contains(key.prefix(3)) && (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(last)
    }

    /// The directories of its file in the index: `ca/rg`, `3/f`, `1`.
    var prefix: [String] {
        let bytes = Array(text.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        switch bytes.count {
        case 1: return ["1"]
        case 2: return ["2"]
        case 3: return ["3", part(0..<1)]
        default: return [part(0..<2), part(2..<4)]
        }
    }

    /// The path of its file in the index, in small letters.
    var indexPath: [String] { prefix.map { ASCII.lowercased($0) } + [ASCII.lowercased(text)] }

    /// The file of a version.
    func file(_ version: String) throws -> AssetPath { try AssetPath("\(package)/\(package)-\(version).crate") }

    // MARK: Upstreams

    /// Spellings are tried in all combinations for up to so many separators: 8, which is as many places as are asked.
    private static let maxMixed = 3

    /// The names that a key may stand for, the likeliest first: an upstream keeps a crate under the spelling of its publisher.
    static func spellings(of package: PackageID) -> [CrateName] {
        let bytes = Array(package.name.utf8)
        let places = bytes.indices.filter { bytes[$0] == UInt8(ascii: "-") }
        func spelled(_ underscores: Set<Int>) -> CrateName? {
            CrateName(
                String(decoding: bytes.indices.map { underscores.contains($0) ? UInt8(ascii: "_") : bytes[$0] }, as: UTF8.self))
        }
        var choices: [Set<Int>] = [[], Set(places)]
        if places.count <= maxMixed {
            for bits in 0..<(1 << places.count) {
                choices.append(Set(places.indices.filter { bits >> $0 & 1 == 1 }.map { places[$0] }))
            }
        }
        var names: [CrateName] = []
        for name in choices.compactMap(spelled) where !names.contains(name) { names.append(name) }
        return names
    }
}

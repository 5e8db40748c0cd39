internal import SavePlatform

/// A range as a POM has it (POM Reference, "Dependency Version Requirement Specification"): `[1.0,2.0)`, `(,1.0],[1.2,)`, `[1.0]`. A version
/// alone, which Maven takes for a wish, is that version here.
struct VersionRange {
    private struct Part {
        var low: ComparableVersion?
        var isLowIn = true
        var high: ComparableVersion?
        var isHighIn = true

        func contains(_ key: [UInt8]) -> Bool {
            if let low, key.lexicographicallyPrecedes(low.key) || !isLowIn && key == low.key { return false }
            if let high, high.key.lexicographicallyPrecedes(key) || !isHighIn && key == high.key { return false }
            return true
        }
    }

    private var parts: [Part] = []

    /// Bytes of a range.
    private static let maxBytes = 1000

    /// - Throws: `invalidRequest`.
    init(_ text: String) throws {
        guard text.utf8.count <= Self.maxBytes else { throw Self.wrong(text) }
        var rest = text.utf8.filter { $0 != 0x20 }[...]
        guard rest.first == UInt8(ascii: "[") || rest.first == UInt8(ascii: "(") else {
            let version = ComparableVersion(text)
            guard let version, !text.utf8.contains(UInt8(ascii: ",")) else { throw Self.wrong(text) }
            parts = [Part(low: version, high: version)]
            return
        }
        while let open = rest.first {
            guard open == UInt8(ascii: "[") || open == UInt8(ascii: "("),
                let end = rest.firstIndex(where: { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: ")") })
            else { throw Self.wrong(text) }
            let bounds = rest[rest.index(after: rest.startIndex)..<end]
                .split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            parts.append(try Self.part(bounds, open, rest[end], text))
            rest = rest[(end + 1)...]
            if rest.first == UInt8(ascii: ",") {
                rest = rest.dropFirst()
                guard !rest.isEmpty else { throw Self.wrong(text) }
            }
        }
    }

    func contains(_ version: String) -> Bool {
        guard let key = ComparableVersion(version)?.key else { return false }
        return parts.contains { $0.contains(key) }
    }

    private static func part(_ bounds: [ArraySlice<UInt8>], _ open: UInt8, _ close: UInt8, _ text: String) throws -> Part {
        let versions = try bounds.map { bound -> ComparableVersion? in
            guard !bound.isEmpty else { return nil }
            guard let version = ComparableVersion(String(decoding: bound, as: UTF8.self)) else { throw wrong(text) }
            return version
        }
        let isLowIn = open == UInt8(ascii: "[")
        let isHighIn = close == UInt8(ascii: "]")
        switch versions.count {
        case 1:
            guard isLowIn, isHighIn, let only = versions[0] else { throw wrong(text) }
            return Part(low: only, high: only)
        case 2:
            guard versions[0] != nil || versions[1] != nil else { throw wrong(text) }
            return Part(low: versions[0], isLowIn: isLowIn, high: versions[1], isHighIn: isHighIn)
        default: throw wrong(text)
        }
    }

    private static func wrong(_ text: String) -> SaveError {
        let shown = String(decoding: text.utf8.prefix(60).map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        return SaveError(.invalidRequest, "'\(shown)' is no range of Maven versions: write [1.0,2.0), (,1.5], or [1.2] for one")
    }
}

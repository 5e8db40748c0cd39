internal import SavePlatform
internal import Synchronization

/// A set of version specifiers that is evaluated (PEP 440, "Version specifiers"): a version is in it if every clause holds.
///
/// Pre-releases count by their order. Whether an installer takes one is a question of its own (PEP 440, "Handling of pre-releases").
struct VersionRange {
    private let clauses: [Clause]

    /// Longer sets are refused, in bytes.
    private static let maxBytes = 4096

    /// The empty set has every text, as in `packaging`.
    ///
    /// - Throws: `invalidRequest` for what is no set of specifiers.
    init(_ text: String) throws {
        let bytes = Array(text.utf8)
        let shown = text.prefix(80)
        guard bytes.count <= Self.maxBytes else {
            throw SaveError(.invalidRequest, "'\(shown)…' is longer than \(Self.maxBytes) bytes: split the range")
        }
        clauses = try bytes.split(separator: UInt8(ascii: ",")).map(Self.trimmed).filter { !$0.isEmpty }.map { text in
            guard let clause = Clause(text) else {
                throw SaveError(
                    .invalidRequest,
                    "'\(String(decoding: text.prefix(80), as: UTF8.self))' is no version specifier: write one such as >=1.0,<2 (PEP 440)"
                )
            }
            return clause
        }
    }

    func contains(_ text: String) -> Bool { contains(VersionOperand(Array(text.utf8)), written: text) }

    /// - Parameter version: nil where the text is none.
    fileprivate func contains(_ version: VersionOperand?, written text: String) -> Bool {
        clauses.allSatisfy { $0.holds(for: version, written: text) }
    }

    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while text.first.map(isSpace) == true { text.removeFirst() }
        while text.last.map(isSpace) == true { text.removeLast() }
        return text
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// A version with all that clauses compare.
private struct VersionOperand {
    let parts: VersionParts
    let key: [UInt8]
    /// The key without the local version.
    let publicKey: [UInt8]

    /// nil for what is not a version.
    init?(_ bytes: [UInt8]) {
        guard bytes.count <= 200 else { return nil }
        var scanner = VersionScanner(bytes)
        guard let parts = scanner.parts() else { return nil }
        self.parts = parts
        key = parts.sortKey
        publicKey = parts.local.isEmpty ? key : parts.publicSortKey
    }

    func isBefore(_ other: [UInt8]) -> Bool { key.lexicographicallyPrecedes(other) }

    /// Whether the release begins with that of another version, whose numbers count as far as `count`; zeros at the end may be
    /// left out.
    func begins(with other: VersionOperand, count: Int) -> Bool {
        guard number(parts.epoch) == other.number(other.parts.epoch) else { return false }
        return (0..<count).allSatisfy { release($0) == other.release($0) }
    }

    func release(_ index: Int) -> ArraySlice<UInt8> { index < parts.release.count ? number(parts.release[index]) : [] }

    private func number(_ place: VersionParts.Number) -> ArraySlice<UInt8> { parts.bytes[place] }

    /// Whether both are of one release and one alpha, beta or candidate of it, as a version and its post-releases are.
    func sharesFamily(with other: VersionOperand) -> Bool {
        let count = max(parts.release.count, other.parts.release.count)
        guard begins(with: other, count: count), parts.pre?.stage == other.parts.pre?.stage else { return false }
        return parts.pre.map { number($0.number) } == other.parts.pre.map { other.number($0.number) }
    }
}

/// One comparison.
private enum Clause {
    case atLeast(VersionOperand)
    case atMost(VersionOperand)
    case above(VersionOperand)
    /// Below a key.
    case below([UInt8])
    case compatible(VersionOperand)
    case equal(VersionOperand, isNegated: Bool)
    /// A release that others begin with: `1.2.*`.
    case prefix(VersionOperand, isNegated: Bool)
    /// A text, in small letters.
    case text(String)

    private static let operators = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"]

    init?(_ text: ArraySlice<UInt8>) {
        guard let comparison = Self.operators.first(where: { text.starts(with: $0.utf8) }) else { return nil }
        let rest = VersionRange.trimmed(text.dropFirst(comparison.utf8.count))
        if comparison == "===" {
            // As the grammar of requirements has it: neither spaces nor what ends a requirement.
            guard !rest.isEmpty, rest.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x3B && $0 != 0x29 }) else { return nil }
            self = .text(ASCII.lowercased(String(decoding: rest, as: UTF8.self)))
            return
        }
        let isWild = rest.suffix(2).elementsEqual(".*".utf8)
        guard let version = VersionOperand(Array(isWild ? rest.dropLast(2) : rest)) else { return nil }
        self.init(comparison, version, isWild: isWild)
    }

    private init?(_ comparison: String, _ version: VersionOperand, isWild: Bool) {
        let parts = version.parts
        let isEquality = comparison == "==" || comparison == "!="
        // Only equality is asked of local versions and of prefixes, and a prefix is a release.
        guard isEquality || (!isWild && parts.local.isEmpty) else { return nil }
        switch comparison {
        case "==" where isWild, "!=" where isWild:
            guard parts.isRelease else { return nil }
            self = .prefix(version, isNegated: comparison == "!=")
        case "==", "!=": self = .equal(version, isNegated: comparison == "!=")
        case "<=": self = .atMost(version)
        case ">=": self = .atLeast(version)
        // What comes before a version is not its own pre-releases, unless it is one itself.
        case "<": self = .below(parts.pre == nil && parts.dev == nil ? parts.sortKeyOfFirstDevelopmentRelease : version.key)
        case ">": self = .above(version)
        default:
            guard parts.release.count >= 2 else { return nil }
            self = .compatible(version)
        }
    }

    /// - Parameters:
    ///   - version: nil where the text is none.
    ///   - text: as it was written.
    func holds(for version: VersionOperand?, written text: String) -> Bool {
        if case .text(let wanted) = self { return ASCII.isEqual(ASCII.lowercased(text), wanted) }
        guard let version else { return false }
        switch self {
        case .atLeast(let limit): return !version.isBefore(limit.key)
        case .atMost(let limit): return !limit.key.lexicographicallyPrecedes(version.publicKey)
        case .below(let limit): return version.isBefore(limit)
        case .above(let limit): return Self.isAbove(version, limit)
        case .compatible(let base):
            return !version.isBefore(base.key) && version.begins(with: base, count: base.parts.release.count - 1)
        case .equal(let wanted, let isNegated):
            return ((wanted.parts.local.isEmpty ? version.publicKey : version.key) == wanted.key) != isNegated
        case .prefix(let base, let isNegated):
            return version.begins(with: base, count: base.parts.release.count) != isNegated
        case .text: return false
        }
    }

    /// "The exclusive ordered comparison >V MUST NOT allow a post-release of the given version unless V itself is a post release", and
    /// "MUST NOT match a local version of the specified version" (PEP 440, "Exclusive ordered comparison").
    private static func isAbove(_ version: VersionOperand, _ limit: VersionOperand) -> Bool {
        guard limit.key.lexicographicallyPrecedes(version.publicKey) else { return false }
        let isOpen = limit.parts.post == nil && limit.parts.dev == nil
        return !(isOpen && version.parts.post != nil && version.sharesFamily(with: limit))
    }
}

/// What was read last: policies ask about one version after the other by the same few ranges.
final class VersionRangeMemo: Sendable {
    private struct State {
        var ranges: [String: VersionRange] = [:]
        var version: String?
        /// nil where the version is none.
        var operand: VersionOperand?
    }

    private let state = Mutex(State())
    private static let maxRanges = 256

    /// - Throws: `invalidRequest` for what is no range.
    func range(_ range: String, contains version: String) throws -> Bool {
        try state.withLock { state in
            if state.version.map({ $0.utf8.elementsEqual(version.utf8) }) != true {
                state.operand = VersionOperand(Array(version.utf8))
                state.version = version
            }
            if let known = state.ranges[range] { return known.contains(state.operand, written: version) }
            let read = try VersionRange(range)
            if state.ranges.count >= Self.maxRanges { state.ranges.removeAll() }
            state.ranges[range] = read
            return read.contains(state.operand, written: version)
        }
    }
}

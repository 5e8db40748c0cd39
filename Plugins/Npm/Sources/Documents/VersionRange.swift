internal import SavePlatform

/// A range of versions as package.json has it: `^1.2.0 || >=2 <3`, `1.2 - 2.3`, `~1.2`, `1.x`, `*`.
///
/// The rules are those of npm's `semver`, with its option `includePrerelease`, which `npm audit` uses too: a pre-release is in a
/// range by its order. Each part between `||` is a list of limits that all hold.
struct VersionRange {
    private let alternatives: [[Limit]]

    private static let maxBytes = 4096

    /// - Throws: `invalidRequest` for what is no range.
    init(_ text: String) throws {
        let bytes = Array(text.utf8)
        let shown = text.prefix(80)
        guard bytes.count <= Self.maxBytes else {
            throw SaveError(.invalidRequest, "'\(shown)…' is longer than \(Self.maxBytes) bytes: split the range")
        }
        var alternatives: [[Limit]] = []
        for part in Self.parts(bytes) {
            guard let limits = Self.limits(part) else {
                throw SaveError(
                    .invalidRequest,
                    "'\(shown)' is no range of versions: write one such as >=1.2.0 <2.0.0 or ^1.2.0 (npm's semver)")
            }
            alternatives.append(limits)
        }
        self.alternatives = alternatives
    }

    func contains(_ text: String) -> Bool {
        guard let key = VersionOrder.key(of: text) else { return false }
        return contains(key: key)
    }

    func contains(key: [UInt8]) -> Bool { alternatives.contains { $0.allSatisfy { $0.holds(for: key) } } }

    /// What stands between `||`.
    private static func parts(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let bar = UInt8(ascii: "|")
        var parts: [ArraySlice<UInt8>] = []
        var (start, position) = (0, 0)
        while position < bytes.count {
            if bytes[position] == bar, position + 1 < bytes.count, bytes[position + 1] == bar {
                parts.append(bytes[start..<position])
                position += 2
                start = position
            } else {
                position += 1
            }
        }
        return parts + [bytes[start...]]
    }

    /// nil for what is no list of comparators.
    private static func limits(_ part: ArraySlice<UInt8>) -> [Limit]? {
        let words = part.split(whereSeparator: VersionScanner.isSpace)
        if let hyphen = hyphenRange(words) { return hyphen }
        var limits: [Limit] = []
        for word in joined(words) {
            guard let further = Comparator(word)?.limits else { return nil }
            limits += further
        }
        return limits
    }

    /// `1.2 - 2.3`: everything from the first to the second, both included as far as they are given. nil where it is no such range.
    private static func hyphenRange(_ words: [ArraySlice<UInt8>]) -> [Limit]? {
        guard let dash = words.firstIndex(where: { $0.elementsEqual("-".utf8) }),
            let (ornament, low) = version(words[..<dash]), let (_, high) = version(words[(dash + 1)...])
        else { return nil }
        var limits: [Limit] = []
        if let core = low.core {
            guard ornament.isEmpty || ornament.elementsEqual("v".utf8) else { return nil }
            // A release begins with its pre-releases, but for one that is written with a build.
            let prerelease = low.prerelease ?? (low.hasBuild ? nil : Limit.lowest)
            limits.append(Limit(.atLeast, VersionOrder.key(core.major, core.minor, core.patch, prerelease)))
        } else if let major = low.major {
            limits.append(Limit(.atLeast, VersionOrder.key(major, low.minor ?? 0, 0, Limit.lowest)))
        }
        if let core = high.core, let prerelease = high.prerelease {
            return limits + [Limit(.atMost, VersionOrder.key(core.major, core.minor, core.patch, prerelease))]
        }
        guard high.major != nil else { return limits }
        return Limit.below(high.next).map { limits + [$0] }
    }

    private static func version(_ words: ArraySlice<ArraySlice<UInt8>>) -> (ornament: ArraySlice<UInt8>, version: PartialVersion)?
    {
        var scanner = VersionScanner(Array(words.joined(separator: " ".utf8)))
        let ornament = scanner.ornament()
        guard let version = scanner.version(), scanner.isAtEnd else { return nil }
        return (ornament, version)
    }

    /// Operators may stand apart from what they are about: `>= 1.2`, `~ 1.2`, `^ 1.2`. One step each, in this order.
    private static func joined(_ words: [ArraySlice<UInt8>]) -> [[UInt8]] {
        var joined = words.map { Array($0) }
        for isOpen in [endsInComparison, endsInTilde, { $0.last == UInt8(ascii: "^") }] {
            var next: [[UInt8]] = []
            var takes = false
            for word in joined {
                if takes, let last = next.popLast() {
                    next.append(last + word)
                    takes = false
                } else {
                    next.append(word)
                    takes = isOpen(word)
                }
            }
            joined = next
        }
        return joined
    }

    private static func endsInComparison(_ word: [UInt8]) -> Bool {
        var rest = word[...]
        if rest.last == UInt8(ascii: "=") { rest.removeLast() }
        if let last = rest.last, last == UInt8(ascii: "<") || last == UInt8(ascii: ">") { rest.removeLast() }
        return rest.count < word.count && rest.last.map(VersionScanner.isOrnament) != true
    }

    private static func endsInTilde(_ word: [UInt8]) -> Bool {
        word.last == UInt8(ascii: "~") || word.suffix(2).elementsEqual("~>".utf8)
    }
}

/// One side of a range.
private struct Limit {
    enum Side { case atLeast, atMost, above, below, exactly }

    /// The identifiers of the lowest pre-release: `-0`.
    static let lowest = [ArraySlice("0".utf8)]

    private let side: Side
    private let key: [UInt8]

    init(_ side: Side, _ key: [UInt8]) {
        self.side = side
        self.key = key
    }

    /// Below all pre-releases of a version; nil for numbers that are too large.
    static func below(_ version: (UInt64, UInt64, UInt64)) -> Limit? {
        guard max(version.0, version.1, version.2) <= VersionOrder.maxNumber else { return nil }
        return Limit(.below, VersionOrder.key(version.0, version.1, version.2, lowest))
    }

    func holds(for version: [UInt8]) -> Bool {
        switch side {
        case .atLeast: !version.lexicographicallyPrecedes(key)
        case .atMost: !key.lexicographicallyPrecedes(version)
        case .above: key.lexicographicallyPrecedes(version)
        case .below: version.lexicographicallyPrecedes(key)
        case .exactly: version == key
        }
    }
}

extension PartialVersion {
    /// The first version behind all that it stands for; zeros where it stands for all.
    fileprivate var next: (UInt64, UInt64, UInt64) {
        guard let major else { return (0, 0, 0) }
        guard let minor else { return (major + 1, 0, 0) }
        guard let patch else { return (major, minor + 1, 0) }
        return (major, minor, patch + 1)
    }

    /// The first version that may break what was written for it: one with another number in the first place that is not zero.
    fileprivate var nextBreaking: (UInt64, UInt64, UInt64) {
        guard let major, let minor, major == 0 else { return ((major ?? 0) + 1, 0, 0) }
        guard let patch, minor == 0 else { return (0, minor + 1, 0) }
        return (0, 0, patch + 1)
    }
}

/// One word of a range: an operator and a version or a part of one.
private struct Comparator {
    private let sign: String
    private let ornament: ArraySlice<UInt8>
    private let version: PartialVersion

    private static let signs: [StaticString] = ["<=", ">=", "<", ">", "=", "^", "~>", "~"]

    init?(_ word: [UInt8]) {
        var scanner = VersionScanner(word)
        sign = Self.signs.first { scanner.skip($0) }?.description ?? ""
        ornament = scanner.ornament()
        guard let version = scanner.version(), scanner.isAtEnd else { return nil }
        self.version = version
    }

    /// What it stands for; nil for what npm does not take.
    var limits: [Limit]? {
        guard version.major != nil else {
            // Nothing is above or below everything.
            return sign == "<" || sign == ">" ? Limit.below((0, 0, 0)).map { [$0] } : []
        }
        switch sign {
        case "^": return bounded(by: version.nextBreaking, fromPrereleases: version.core == nil || version.major == 0)
        case "~", "~>":
            guard let major = version.major, version.minor != nil else {
                return bounded(by: version.next, fromPrereleases: false)
            }
            return bounded(by: (major, (version.minor ?? 0) + 1, 0), fromPrereleases: false)
        default: return version.core == nil ? partialLimits : wholeLimits
        }
    }

    /// From the version to another one. The first pre-release of the version is included where npm does so.
    private func bounded(by end: (UInt64, UInt64, UInt64), fromPrereleases: Bool) -> [Limit]? {
        let prerelease = version.core == nil ? nil : version.prerelease
        guard let end = Limit.below(end) else { return nil }
        let start = VersionOrder.key(
            version.major ?? 0, version.minor ?? 0, version.patch ?? 0, prerelease ?? (fromPrereleases ? Limit.lowest : nil))
        return [Limit(.atLeast, start), end]
    }

    private var partialLimits: [Limit]? {
        let start = VersionOrder.key(version.major ?? 0, version.minor ?? 0, 0, Limit.lowest)
        guard let behind = Limit.below(version.next) else { return sign == "<" || sign == ">=" ? one(start) : nil }
        switch sign {
        case "<", ">=": return one(start)
        case "<=": return [behind]
        case ">": return [Limit(.atLeast, VersionOrder.key(version.next.0, version.next.1, version.next.2, Limit.lowest))]
        default: return [Limit(.atLeast, start), behind]
        }
    }

    private func one(_ start: [UInt8]) -> [Limit] { [Limit(sign == "<" ? .below : .atLeast, start)] }

    private var wholeLimits: [Limit]? {
        guard let core = version.core, ornament.isEmpty || ornament.elementsEqual("v".utf8) else { return nil }
        let key = VersionOrder.key(core.major, core.minor, core.patch, version.prerelease)
        switch sign {
        case "<": return [Limit(.below, key)]
        case "<=": return [Limit(.atMost, key)]
        case ">": return [Limit(.above, key)]
        case ">=": return [Limit(.atLeast, key)]
        default: return [Limit(.exactly, key)]
        }
    }
}

extension VersionRange {
    /// Bytes.
    public static let maxBytesOfNpm = 4096

    /// Reads a range as package.json has it: `^1.2.0 || >=2 <3`, `1.2 - 2.3`, `~1.2`, `1.x`, `*`. nil for what is no range.
    ///
    /// The rules are those of npm's `semver`, with its option `includePrerelease`, which `npm audit` uses too. Each part between `||` is a
    /// list of limits that all hold.
    public init?(npm text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maxBytesOfNpm else { return nil }
        var alternatives: [[Limit]] = []
        for part in Self.parts(bytes) {
            guard let limits = Self.limits(part) else { return nil }
            alternatives.append(limits)
        }
        self.alternatives = alternatives
    }

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
            let prerelease = low.prerelease ?? (low.build != nil ? nil : VersionKey.lowest)
            limits.append(Limit(.atLeast, VersionKey.of(core.major, core.minor, core.patch, prerelease)))
        } else if let major = low.major {
            limits.append(Limit(.atLeast, VersionKey.of(major, low.minor ?? 0, 0, VersionKey.lowest)))
        }
        if let core = high.core, let prerelease = high.prerelease {
            return limits + [Limit(.atMost, VersionKey.of(core.major, core.minor, core.patch, prerelease))]
        }
        guard high.major != nil else { return limits }
        return high.next(upTo: SemanticVersion.maxNumberOfNpm).map { limits + [.below($0)] }
    }

    private static func version(_ words: ArraySlice<ArraySlice<UInt8>>) -> (ornament: ArraySlice<UInt8>, version: PartialVersion)?
    {
        var scanner = VersionScanner(Array(words.joined(separator: " ".utf8)))
        let ornament = scanner.ornament()
        guard let version = scanner.version(upTo: SemanticVersion.maxNumberOfNpm), scanner.isAtEnd else { return nil }
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

/// One word of a range: an operator and a version or a part of one.
private struct Comparator {
    private let sign: String
    private let ornament: ArraySlice<UInt8>
    private let version: PartialVersion

    private static let maxNumber = SemanticVersion.maxNumberOfNpm
    private static let signs: [StaticString] = ["<=", ">=", "<", ">", "=", "^", "~>", "~"]

    init?(_ word: [UInt8]) {
        var scanner = VersionScanner(word)
        sign = Self.signs.first { scanner.skip($0) }?.description ?? ""
        ornament = scanner.ornament()
        guard let version = scanner.version(upTo: Self.maxNumber), scanner.isAtEnd else { return nil }
        self.version = version
    }

    /// What it stands for; nil for what npm does not take.
    var limits: [Limit]? {
        guard version.major != nil else {
            // Nothing is above or below everything.
            return sign == "<" || sign == ">" ? [.below((0, 0, 0))] : []
        }
        switch sign {
        case "^":
            return bounded(
                by: version.nextBreaking(upTo: Self.maxNumber), fromPrereleases: version.core == nil || version.major == 0)
        case "~", "~>":
            guard let major = version.major, version.minor != nil else {
                return bounded(by: version.next(upTo: Self.maxNumber), fromPrereleases: false)
            }
            let minor = (version.minor ?? 0).successor(upTo: Self.maxNumber)
            return bounded(by: minor.map { (major, $0, 0) }, fromPrereleases: false)
        default: return version.core == nil ? partialLimits : wholeLimits
        }
    }

    /// From the version to another one. The first pre-release of the version is included where npm does so.
    private func bounded(by end: (UInt64, UInt64, UInt64)?, fromPrereleases: Bool) -> [Limit]? {
        let prerelease = version.core == nil ? nil : version.prerelease
        guard let end else { return nil }
        let start = VersionKey.of(
            version.major ?? 0, version.minor ?? 0, version.patch ?? 0, prerelease ?? (fromPrereleases ? VersionKey.lowest : nil))
        return [Limit(.atLeast, start), .below(end)]
    }

    private var partialLimits: [Limit]? {
        let start = VersionKey.of(version.major ?? 0, version.minor ?? 0, 0, VersionKey.lowest)
        guard let next = version.next(upTo: Self.maxNumber) else { return sign == "<" || sign == ">=" ? one(start) : nil }
        switch sign {
        case "<", ">=": return one(start)
        case "<=": return [.below(next)]
        case ">": return [Limit(.atLeast, VersionKey.of(next.0, next.1, next.2, VersionKey.lowest))]
        default: return [Limit(.atLeast, start), .below(next)]
        }
    }

    private func one(_ start: [UInt8]) -> [Limit] { [Limit(sign == "<" ? .below : .atLeast, start)] }

    private var wholeLimits: [Limit]? {
        guard let core = version.core, ornament.isEmpty || ornament.elementsEqual("v".utf8) else { return nil }
        let key = VersionKey.of(core.major, core.minor, core.patch, version.prerelease)
        switch sign {
        case "<": return [Limit(.below, key)]
        case "<=": return [Limit(.atMost, key)]
        case ">": return [Limit(.above, key)]
        case ">=": return [Limit(.atLeast, key)]
        default: return [Limit(.exactly, key)]
        }
    }
}

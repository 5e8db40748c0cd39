/// A version by PEP 440, with its normal form and a key that orders it.
struct Version: Sendable, Hashable, Comparable {
    /// The normal form: `1.0RC-1` gives `1.0rc1`. Trailing zeros of the release stay, as publishers write them.
    let text: String
    /// The normal form without trailing zeros in the release, the same for equal versions: `1.0.0` gives `1`.
    let canonical: String
    /// Compared byte by byte, it orders versions as PEP 440 does. Equal versions have equal keys.
    let sortKey: [UInt8]
    /// Alpha, beta, release candidate or development release: what installers leave out unless asked for it.
    let isPrerelease: Bool

    /// nil for what is not a version, or has more than 200 bytes.
    init?(_ text: String) { self.init(bytes: Array(text.utf8)) }

    init?(bytes: [UInt8]) {
        guard let parts = Self.parts(bytes) else { return nil }
        let significant = parts.significantRelease
        text = parts.text(release: parts.release[...])
        canonical = significant.count == parts.release.count ? text : parts.text(release: significant)
        sortKey = parts.sortKey
        isPrerelease = parts.pre != nil || parts.dev != nil
    }

    /// The `sortKey` of a text alone, for callers that order many; nil for what is not a version.
    static func sortKey(of text: String) -> [UInt8]? { parts(Array(text.utf8))?.sortKey }

    private static func parts(_ bytes: [UInt8]) -> VersionParts? {
        guard bytes.count <= 200 else { return nil }
        var scanner = VersionScanner(bytes)
        return scanner.parts()
    }

    static func == (left: Version, right: Version) -> Bool { left.sortKey == right.sortKey }
    static func < (left: Version, right: Version) -> Bool { left.sortKey.lexicographicallyPrecedes(right.sortKey) }
    func hash(into hasher: inout Hasher) { hasher.combine(sortKey) }
}

/// The version that was read last.
struct VersionMemo {
    private var bytes: [UInt8] = []
    private var version: Version?

    /// nil for what is not a version.
    mutating func version(_ text: ArraySlice<UInt8>) -> Version? {
        if !bytes.elementsEqual(text) {
            bytes = Array(text)
            version = Version(bytes: bytes)
        }
        return version
    }
}

/// What a version consists of. Numbers are the places of their decimal digits without leading zeros, since they may be of
/// any size; that of a zero is empty.
struct VersionParts {
    typealias Number = Range<Int>

    enum Stage: UInt8 {
        case alpha = 1
        case beta, candidate

        var word: StaticString {
            switch self {
            case .alpha: "a"
            case .beta: "b"
            case .candidate: "rc"
            }
        }
    }

    enum LocalSegment {
        case number(Number)
        case word(Range<Int>)
    }

    /// The text, in small letters.
    let bytes: [UInt8]
    var epoch: Number = 0..<0
    var release: [Number] = []
    var pre: (stage: Stage, number: Number)?
    var post: Number?
    var dev: Number?
    var local: [LocalSegment] = []

    /// The release without the zeros at its end, which do not count in comparisons.
    var significantRelease: ArraySlice<Number> {
        var numbers = release[...]
        while numbers.count > 1, numbers.last?.isEmpty == true { numbers = numbers.dropLast() }
        return numbers
    }

    func text(release: ArraySlice<Number>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + 8)
        if !epoch.isEmpty {
            write(epoch, to: &text, after: "")
            text.append(UInt8(ascii: "!"))
        }
        for (index, number) in release.enumerated() { write(number, to: &text, after: index > 0 ? "." : "") }
        if let pre { write(pre.number, to: &text, after: pre.stage.word) }
        if let post { write(post, to: &text, after: ".post") }
        if let dev { write(dev, to: &text, after: ".dev") }
        for (index, segment) in local.enumerated() {
            text.append(index == 0 ? UInt8(ascii: "+") : UInt8(ascii: "."))
            switch segment {
            case .number(let number): write(number, to: &text, after: "")
            case .word(let word): text.append(contentsOf: bytes[word])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether there is nothing but an epoch and a release.
    var isRelease: Bool { pre == nil && post == nil && dev == nil && local.isEmpty }

    /// PEP 440, "Summary of permitted suffixes and relative ordering", as bytes to compare. Every piece ends itself, so
    /// that no piece is compared with the next one of the other version.
    var sortKey: [UInt8] { sortKey(dev: dev, local: local) }

    /// That of the version without its local part.
    var publicSortKey: [UInt8] { sortKey(dev: dev, local: []) }

    /// That of the earliest release that this one's release or post-release has: `1.0` gives that of `1.0.dev0`.
    var sortKeyOfFirstDevelopmentRelease: [UInt8] { sortKey(dev: 0..<0, local: []) }

    private func sortKey(dev: Number?, local: [LocalSegment]) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(64)
        encode(epoch, to: &key)
        for number in significantRelease {
            key.append(1)
            encode(number, to: &key)
        }
        key.append(0)
        if let pre {
            key.append(pre.stage.rawValue)
            encode(pre.number, to: &key)
        } else {
            // `1.0.dev1` comes before `1.0a1`; everything else without a pre-release comes after it.
            key.append(post == nil && dev != nil ? 0 : 0xFF)
        }
        encode(post, absent: 0, to: &key)
        encode(dev, absent: 0xFF, to: &key)
        for segment in local {
            switch segment {
            case .word(let word):
                key.append(1)
                key.append(contentsOf: bytes[word])
                key.append(0)
            case .number(let number):
                key.append(2)
                encode(number, to: &key)
            }
        }
        key.append(0)
        return key
    }

    private func write(_ number: Number, to text: inout [UInt8], after mark: StaticString) {
        mark.withUTF8Buffer { text.append(contentsOf: $0) }
        if number.isEmpty { text.append(UInt8(ascii: "0")) } else { text.append(contentsOf: bytes[number]) }
    }

    /// The count of digits, then the digits: longer numbers without leading zeros are larger.
    private func encode(_ number: Number, to key: inout [UInt8]) {
        key.append(UInt8(clamping: number.count))
        key.append(contentsOf: bytes[number])
    }

    private func encode(_ number: Number?, absent: UInt8, to key: inout [UInt8]) {
        guard let number else {
            key.append(absent)
            return
        }
        key.append(1)
        encode(number, to: &key)
    }
}

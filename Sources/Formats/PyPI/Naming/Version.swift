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
        text = parts.text(release: parts.release)
        canonical = parts.text(release: parts.significantRelease)
        sortKey = parts.sortKey
        isPrerelease = parts.pre != nil || parts.dev != nil
    }

    /// The `sortKey` of a text alone, for who orders many; nil for what is not a version.
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

/// What a version consists of. Numbers are their decimal digits without leading zeros, since they may be of any size.
struct VersionParts {
    typealias Number = ArraySlice<UInt8>

    enum Stage: UInt8 {
        case alpha = 1
        case beta, candidate

        var word: String {
            switch self {
            case .alpha: "a"
            case .beta: "b"
            case .candidate: "rc"
            }
        }
    }

    enum LocalSegment {
        case number(Number)
        case word(ArraySlice<UInt8>)
    }

    var epoch: Number = []
    var release: [Number] = []
    var pre: (stage: Stage, number: Number)?
    var post: Number?
    var dev: Number?
    var local: [LocalSegment] = []

    /// The release without the zeros at its end, which do not count in comparisons.
    var significantRelease: [Number] {
        var numbers = release
        while numbers.count > 1, numbers.last == [] { numbers.removeLast() }
        return numbers
    }

    func text(release: [Number]) -> String {
        var bytes: [UInt8] = []
        if !epoch.isEmpty { bytes += epoch + [UInt8(ascii: "!")] }
        for (index, number) in release.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ".")) }
            Self.write(number, to: &bytes)
        }
        if let pre {
            bytes += Array(pre.stage.word.utf8)
            Self.write(pre.number, to: &bytes)
        }
        if let post {
            bytes += Array(".post".utf8)
            Self.write(post, to: &bytes)
        }
        if let dev {
            bytes += Array(".dev".utf8)
            Self.write(dev, to: &bytes)
        }
        for (index, segment) in local.enumerated() {
            bytes.append(index == 0 ? UInt8(ascii: "+") : UInt8(ascii: "."))
            switch segment {
            case .number(let number): Self.write(number, to: &bytes)
            case .word(let word): bytes += word
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// PEP 440, "Summary of permitted suffixes and relative ordering", as bytes to compare. Every piece ends itself, so
    /// that no piece is compared with the next one of the other version.
    var sortKey: [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(64)
        Self.encode(epoch, to: &key)
        for number in significantRelease {
            key.append(1)
            Self.encode(number, to: &key)
        }
        key.append(0)
        if let pre {
            key.append(pre.stage.rawValue)
            Self.encode(pre.number, to: &key)
        } else {
            // `1.0.dev1` comes before `1.0a1`; everything else without a pre-release comes after it.
            key.append(post == nil && dev != nil ? 0 : 0xFF)
        }
        Self.encode(post, absent: 0, to: &key)
        Self.encode(dev, absent: 0xFF, to: &key)
        for segment in local {
            switch segment {
            case .word(let word): key += [1] + word + [0]
            case .number(let number):
                key.append(2)
                Self.encode(number, to: &key)
            }
        }
        key.append(0)
        return key
    }

    private static func write(_ number: Number, to bytes: inout [UInt8]) {
        bytes += number.isEmpty ? [UInt8(ascii: "0")] : number
    }

    /// The count of digits, then the digits: longer numbers without leading zeros are larger.
    private static func encode(_ number: Number, to key: inout [UInt8]) {
        key.append(UInt8(clamping: number.count))
        key += number
    }

    private static func encode(_ number: Number?, absent: UInt8, to key: inout [UInt8]) {
        guard let number else {
            key.append(absent)
            return
        }
        key.append(1)
        encode(number, to: &key)
    }
}

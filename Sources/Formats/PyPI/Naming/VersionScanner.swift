internal import SavePlatform

/// Reads a version in one pass over its bytes (PEP 440, appendix B). Nothing is read twice but a separator that turned
/// out to belong to no suffix, so the time is linear whatever the text.
struct VersionScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes.contains { $0 != ASCII.lowercased($0) } ? bytes.map(ASCII.lowercased) : bytes
    }

    mutating func parts() -> VersionParts? {
        var parts = VersionParts(bytes: bytes)
        _ = skip("v")
        guard var first = number() else { return nil }
        if skip("!") {
            parts.epoch = first
            guard let next = number() else { return nil }
            first = next
        }
        parts.release.reserveCapacity(4)
        parts.release.append(first)
        while let number = dottedNumber() { parts.release.append(number) }
        // Most versions are nothing but a release.
        if position == bytes.count { return parts }
        parts.pre = preRelease()
        parts.post = postRelease()
        if suffix(["dev"]) != nil { parts.dev = suffixNumber() }
        if skip("+") {
            guard let local = localSegments() else { return nil }
            parts.local = local
        }
        return position == bytes.count ? parts : nil
    }

    private mutating func preRelease() -> (VersionParts.Stage, VersionParts.Number)? {
        guard let word = suffix(["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"]) else { return nil }
        let stage: VersionParts.Stage =
            switch word {
            case "alpha", "a": .alpha
            case "beta", "b": .beta
            default: .candidate
            }
        return (stage, suffixNumber())
    }

    private mutating func postRelease() -> VersionParts.Number? {
        let start = position
        // The old spelling `1.0-1`.
        if skip("-"), let number = number() { return number }
        position = start
        return suffix(["post", "rev", "r"]) == nil ? nil : suffixNumber()
    }

    private mutating func localSegments() -> [VersionParts.LocalSegment]? {
        var segments: [VersionParts.LocalSegment] = []
        while true {
            let start = position
            while position < bytes.count, ASCII.isAlphanumeric(bytes[position]) { position += 1 }
            let segment = start..<position
            guard !segment.isEmpty else { return nil }
            let isNumber = bytes[segment].allSatisfy(ASCII.isDigit)
            segments.append(isNumber ? .number(withoutZeros(segment)) : .word(segment))
            guard skipSeparator() else { return segments }
        }
    }

    private mutating func dottedNumber() -> VersionParts.Number? {
        let start = position
        if skip("."), let number = number() { return number }
        position = start
        return nil
    }

    /// An optional separator and one of the words; stays in place when none follows.
    private mutating func suffix(_ words: [StaticString]) -> String? {
        let start = position
        _ = skipSeparator()
        for word in words where skip(word) { return word.description }
        position = start
        return nil
    }

    /// An optional separator and an optional number, which is 0 where it is left out.
    private mutating func suffixNumber() -> VersionParts.Number {
        _ = skipSeparator()
        return number() ?? position..<position
    }

    private mutating func number() -> VersionParts.Number? {
        let start = position
        while position < bytes.count, ASCII.isDigit(bytes[position]) { position += 1 }
        return position > start ? withoutZeros(start..<position) : nil
    }

    /// Where digits are without the zeros before them.
    private func withoutZeros(_ digits: Range<Int>) -> VersionParts.Number {
        var start = digits.lowerBound
        while start < digits.upperBound, bytes[start] == UInt8(ascii: "0") { start += 1 }
        return start..<digits.upperBound
    }

    private mutating func skipSeparator() -> Bool {
        guard position < bytes.count, ProjectName.isSeparator(bytes[position]) else { return false }
        position += 1
        return true
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count,
            text.withUTF8Buffer({ $0.elementsEqual(bytes[position..<position + count]) })
        else { return false }
        position += count
        return true
    }
}

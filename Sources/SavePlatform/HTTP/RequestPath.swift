/// A request's path, decoded once. Everything after this works on these segments, so that what was authorized is what
/// is served.
public struct RequestPath: Sendable, Hashable {
    /// Decoded segments without empty ones at the ends: `/a/b%20c/` gives `["a", "b c"]`.
    public let segments: [String]
    /// The path ended in a slash.
    public let endsInSlash: Bool

    package init(segments: [String], endsInSlash: Bool) {
        self.segments = segments
        self.endsInSlash = endsInSlash
    }

    /// The rest of the path after a number of segments.
    package func dropping(_ count: Int) -> RequestPath {
        RequestPath(segments: Array(segments.dropFirst(count)), endsInSlash: endsInSlash)
    }
}

extension RequestPath {
    /// The longest segment, decoded, in bytes: what file systems of clients can hold.
    public static let maxSegmentBytes = 255

    /// Decodes a path once, segment by segment.
    ///
    /// - Parameter escapedSlashesSeparate: whether `%2F` separates segments as a slash does, and is not refused.
    /// - Throws: `invalidRequest` for a path that does not start with a slash, a bad escape, bytes that are not UTF-8,
    ///   control characters, backslashes, dot segments in any spelling, an encoded slash, an escaped escape of
    ///   one of these, or a segment over 255 bytes; `notFound` for an empty segment inside the path.
    package init(decoding raw: ArraySlice<UInt8>, escapedSlashesSeparate: Bool = false) throws {
        let raw = escapedSlashesSeparate ? Self.withPlainSlashes(raw) : raw
        guard raw.first == UInt8(ascii: "/") else { throw SaveError(.invalidRequest, "the path must start with a slash") }
        var segments: [String] = []
        var start = raw.startIndex + 1
        var endsInSlash = raw.count == 1
        while start < raw.endIndex {
            let end = raw[start...].firstIndex(of: UInt8(ascii: "/")) ?? raw.endIndex
            guard end > start else {
                throw SaveError(.notFound, "the path has an empty segment: write one slash between two names")
            }
            segments.append(try Self.decode(raw[start..<end]))
            endsInSlash = end < raw.endIndex
            start = end + 1
        }
        self.init(segments: segments, endsInSlash: endsInSlash)
    }

    /// The undecoded path with every run of slashes made one; nil where there is no run, or where the path has bytes that
    /// cannot stand in a `Location`.
    package static func withoutEmptySegments(_ raw: ArraySlice<UInt8>) -> String? {
        let slash = UInt8(ascii: "/")
        let hasRun = zip(raw, raw.dropFirst()).contains { $0 == slash && $1 == slash }
        guard hasRun, raw.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        var path: [UInt8] = []
        for byte in raw where byte != slash || path.last != slash { path.append(byte) }
        return String(decoding: path, as: UTF8.self)
    }

    /// The undecoded path with each escaped slash as a plain one. What is escaped twice stays as it is.
    private static func withPlainSlashes(_ raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard raw.contains(UInt8(ascii: "%")) else { return raw }
        var path: [UInt8] = []
        var rest = raw
        while let byte = rest.first {
            let isSlash = byte == UInt8(ascii: "%") && rest.dropFirst().prefix(2).map(ASCII.lowercased).elementsEqual("2f".utf8)
            path.append(isSlash ? UInt8(ascii: "/") : byte)
            rest = rest.dropFirst(isSlash ? 3 : 1)
        }
        return path[...]
    }

    private static func decode(_ raw: ArraySlice<UInt8>) throws -> String {
        let bytes = raw.contains(UInt8(ascii: "%")) ? try unescape(raw)[...] : raw
        guard bytes.count <= maxSegmentBytes else {
            throw SaveError(.invalidRequest, "a path segment is longer than \(maxSegmentBytes) bytes: shorten the name")
        }
        var dots = true
        for byte in bytes {
            guard byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "/") else {
                throw SaveError(
                    .invalidRequest, "the path has a character that is not allowed: percent-encode it, or use another name")
            }
        }
        // `..;x` is a parent segment to some servers behind or before this one.
        for byte in bytes.prefix(while: { $0 != UInt8(ascii: ";") }) where byte != UInt8(ascii: ".") { dots = false }
        let name = bytes.prefix { $0 != UInt8(ascii: ";") }
        if dots, name.count == 1 || name.count == 2 {
            throw SaveError(.invalidRequest, "the path has a dot segment: write the path without . and ..")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SaveError(.invalidRequest, "the path is not UTF-8: encode names as UTF-8, then percent-encode them")
        }
        return text
    }

    private static func unescape(_ raw: ArraySlice<UInt8>) throws -> [UInt8] {
        guard let bytes = ASCII.percentDecoded(raw) else {
            throw SaveError(
                .invalidRequest, "the path has a bad percent escape: write two hexadecimal digits behind %, and %25 for % itself")
        }
        // `%252e` is a dot to a server that decodes once more; `per%25cent` is a name.
        for index in bytes.indices.dropLast(2) where bytes[index] == UInt8(ascii: "%") {
            guard let high = ASCII.hexDigit(bytes[index + 1]), let low = ASCII.hexDigit(bytes[index + 2]) else { continue }
            let meant = high << 4 | low
            guard meant >= 0x20, meant != 0x7F, !"./\\%".utf8.contains(meant) else {
                throw SaveError(.invalidRequest, "the path is escaped twice: percent-encode each name once")
            }
        }
        return bytes
    }
}

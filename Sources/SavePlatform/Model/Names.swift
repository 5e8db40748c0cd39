/// The path of a file in a repository: relative, no empty or dot segments, no control characters, at most 4096 bytes.
///
/// Two paths are equal when their bytes are; Swift's own comparison of text would take some different bytes for equal.
public struct AssetPath: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String
    /// As a client wrote it, with a query, where an upstream is to be asked for just that; nil for the path alone.
    package private(set) var spelling: RequestSpelling?

    /// - Throws: `invalidRequest` for a path that is not of the form above.
    public init(_ text: String) throws {
        guard !text.utf8.isEmpty, text.utf8.count <= 4096 else {
            throw SaveError(.invalidRequest, "a file path must have 1 to 4096 bytes")
        }
        var text = text
        guard text.withUTF8(Self.hasAllowedSegments) else {
            throw SaveError(
                .invalidRequest,
                "the file path has a segment that is not allowed: one that is empty, . or .., or has a control character")
        }
        self.text = text
    }

    private static func hasAllowedSegments(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == UInt8(ascii: "/") {
                guard isAllowed(bytes[start..<index]) else { return false }
                start = index + 1
            } else if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") {
                return false
            }
        }
        return isAllowed(bytes[start...])
    }

    /// Not empty, not `.` or `..`, not too long.
    private static func isAllowed(_ segment: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let isDots = segment.count <= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") }
        return !isDots && segment.count <= RequestPath.maxSegmentBytes
    }

    /// The last segment.
    public var filename: String {
        text.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(text[text.utf8.index(after: $0)...]) } ?? text
    }

    /// The path of the directory the file is in; nil at the top.
    package var parent: AssetPath? {
        text.utf8.lastIndex(of: UInt8(ascii: "/")).map { AssetPath(checked: String(text[..<$0])) }
    }

    /// A part of a path that was checked already.
    private init(checked text: String) { self.text = text }

    /// The path without what a client wrote in its place.
    package var plain: AssetPath { AssetPath(checked: text) }

    package func spelled(_ spelling: RequestSpelling) -> AssetPath {
        var path = self
        path.spelling = spelling
        return path
    }

    /// How a page of its directory links to the file (RFC 3986, 4.2): what clients have to ask for to get it.
    public var link: String {
        let name = spelling.map {
            String(decoding: $0.path.utf8.reversed().prefix { $0 != UInt8(ascii: "/") }.reversed(), as: UTF8.self)
        }
        let segment = name ?? ASCII.pathSegment(filename)
        // What is before a colon would be the scheme of another URL.
        return (segment.utf8.contains(UInt8(ascii: ":")) ? "./" : "") + segment + (spelling?.query.map { "?" + $0 } ?? "")
    }

    /// The path with every segment percent-encoded, for links and upstream URLs.
    public var percentEncoded: String {
        text.utf8.split(separator: UInt8(ascii: "/")).map { ASCII.percentEncoded(String(Substring($0))) }.joined(separator: "/")
    }

    public var description: String { text }
    public static func == (left: AssetPath, right: AssetPath) -> Bool {
        ASCII.isEqual(left.text, right.text) && left.spelling == right.spelling
    }
    public static func < (left: AssetPath, right: AssetPath) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// The key of a package: the name as its format normalizes it. Made by formats only, from checked ASCII.
public struct PackageID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let name: String
    public init(normalized name: String) { self.name = name }
    public var description: String { name }
    public static func < (left: PackageID, right: PackageID) -> Bool { left.name < right.name }
}

/// The name of a project, a repository or a robot: `[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?`.
package enum ResourceName {
    /// Top-level words that are paths of the server itself.
    package static let reserved: Set<String> = ["api", "health", "metrics", "packages", "ui"]

    package static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 64 else { return false }
        let inner = bytes.allSatisfy { isSmallOrDigit($0) || $0 == 46 || $0 == 95 || $0 == 45 }
        return inner && isSmallOrDigit(first) && isSmallOrDigit(last)
    }

    private static func isSmallOrDigit(_ byte: UInt8) -> Bool { (byte >= 97 && byte <= 122) || ASCII.isDigit(byte) }
}

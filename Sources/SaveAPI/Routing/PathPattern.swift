/// A path below `/api/v1` with variables: `/repos/{project}/{name}`.
struct PathPattern: Sendable, Hashable {
    enum Segment: Sendable, Hashable {
        case word(String)
        case variable(String)
    }

    let text: String
    let segments: [Segment]

    init(_ text: String) {
        self.text = text
        segments = text.utf8.split(separator: UInt8(ascii: "/")).map { part in
            let part = String(Substring(part))
            return part.hasPrefix("{") ? .variable(String(part.dropFirst().dropLast())) : .word(part)
        }
    }

    /// The names of the variables, in order.
    var variables: [String] {
        segments.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }

    /// The parts that are no variables, in order.
    var words: [String] {
        segments.compactMap { if case .word(let word) = $0 { word } else { nil } }
    }

    /// Where the name of a package stands among the segments: the one value that may have slashes.
    var placeOfPackage: Int? { segments.firstIndex(of: .variable("package")) }

    /// The values of the variables, or nil when the path is another.
    func match(_ path: ArraySlice<String>) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, path) {
            switch segment {
            case .word(let word): guard word == part else { return nil }
            case .variable(let name): values[name] = part
            }
        }
        return values
    }

    // MARK: - Encoded slashes

    /// How `RequestPath(keepingEscapedSlashes:)` writes one. No segment has these bytes otherwise: what is escaped twice is refused.
    private static let encodedSlash = "%2F"

    static func hasEncodedSlash(_ segment: String) -> Bool {
        let bytes = segment.utf8
        return bytes.indices.contains { bytes[$0...].starts(with: encodedSlash.utf8) }
    }

    static func withPlainSlashes(_ segment: String) -> String {
        var bytes: [UInt8] = []
        var rest = segment.utf8[...]
        while let byte = rest.first {
            let isSlash = rest.starts(with: encodedSlash.utf8)
            bytes.append(isSlash ? UInt8(ascii: "/") : byte)
            rest = rest.dropFirst(isSlash ? encodedSlash.utf8.count : 1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

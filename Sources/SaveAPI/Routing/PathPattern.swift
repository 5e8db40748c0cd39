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
}

/// A request's path below its repository and its query as the client wrote them, for upstreams whose files have no index: what
/// an upstream makes of `;`, `%2F` or a query is its own affair.
package struct RequestSpelling: Sendable, Hashable {
    /// The longest query that is passed on, in bytes.
    package static let maxQueryBytes = 2048

    /// Segments with everything escaped that no path may have as it is, and nothing else changed.
    package let path: String
    /// nil where there is none.
    package let query: String?

    /// - Throws: `invalidRequest` for a query that is too long.
    package init(rawPath: ArraySlice<UInt8>, rawQuery: ArraySlice<UInt8>?) throws {
        // `/format/project/repository/` comes before.
        var rest = rawPath
        for _ in 0..<4 { rest = (rest.firstIndex(of: UInt8(ascii: "/")).map { rest[($0 + 1)...] }) ?? rest[rest.endIndex...] }
        path = Self.escaped(rest) { ASCII.isPathByte($0) || $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "/") }
        let query = rawQuery.flatMap { $0.isEmpty ? nil : $0 }
        guard (query?.count ?? 0) <= Self.maxQueryBytes else {
            throw SaveError(
                .invalidRequest, "the query is longer than the \(Self.maxQueryBytes) bytes that are passed on: shorten it")
        }
        self.query = query.map { Self.escaped($0) { ASCII.isPathByte($0) || "%/?".utf8.contains($0) } }
    }

    package init(path: String, query: String?) {
        self.path = path
        self.query = query
    }

    /// The part of a URL that comes behind the upstream's base.
    package var reference: String { path + (query.map { "?" + $0 } ?? "") }

    private static func escaped(_ bytes: ArraySlice<UInt8>, _ isAllowed: (UInt8) -> Bool) -> String {
        String(decoding: bytes.flatMap { isAllowed($0) ? [$0] : ASCII.percentEscape($0) }, as: UTF8.self)
    }
}

extension RequestPath {
    /// Decodes a path whose encoded slashes are part of its segments, and stay encoded in them.
    ///
    /// - Throws: what `init(decoding:)` throws for anything else.
    package init(keepingEscapedSlashes raw: ArraySlice<UInt8>) throws {
        let whole = try RequestPath(decoding: raw, escapedSlashesSeparate: true)
        // The same segments, put together again where the slash between them was encoded.
        var marks: [Bool] = []
        var index = raw.startIndex
        while index < raw.endIndex {
            if raw[index] == UInt8(ascii: "/") {
                marks.append(false)
            } else if raw[index] == UInt8(ascii: "%"), index + 2 < raw.endIndex, raw[index + 1] == UInt8(ascii: "2"),
                raw[index + 2] | 0x20 == UInt8(ascii: "f")
            {
                marks.append(true)
                index += 2
            }
            index += 1
        }
        guard !whole.endsInSlash || marks.last == false else {
            throw SaveError(
                .invalidRequest, "the path has a character that is not allowed: percent-encode it, or use another name")
        }
        var segments: [String] = []
        for (segment, isEncoded) in zip(whole.segments, marks) {
            if isEncoded, let last = segments.popLast() {
                segments.append(last + "%2F" + segment)
            } else {
                segments.append(segment)
            }
        }
        self.init(segments: segments, endsInSlash: whole.endsInSlash)
    }
}

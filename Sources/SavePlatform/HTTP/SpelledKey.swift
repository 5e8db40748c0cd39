/// What a file is kept under that was asked for in a client's own spelling: a path to be read by people, which is that of no other
/// request and tells what was asked for.
///
/// Names are decoded, but for what means something else when it is escaped (RFC 3986, 2.2): `a;b` and `a%3Bb` are two files. `%` stands
/// for itself unless two hexadecimal digits follow, and is `%25` then. A question mark begins the query, which stays as it came but for
/// its slashes: those are `|`, which no query has unescaped. Of a query that makes the name too long there is only the digest, in braces.
package enum SpelledKey {
    /// - Throws: `invalidRequest` where the key is longer than a path may be.
    package static func path(of spelling: RequestSpelling) throws -> AssetPath {
        let name = name(Array(spelling.path.utf8))
        guard let query = spelling.query else { return try AssetPath(name) }
        let filename = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last?.count ?? 0
        let shown = swapping(UInt8(ascii: "/"), for: UInt8(ascii: "|"), in: query)
        if filename + 1 + shown.utf8.count <= RequestPath.maxSegmentBytes { return try AssetPath(name + "?" + shown) }
        return try AssetPath("\(name)?\(digestMark)\(BlobDigest(of: Array(query.utf8)).hex)}")
    }

    /// What clients have to ask for to get the file of a key; nil for a key that is spelled like the plain path of a file.
    ///
    /// - Parameter origin: where the file came from: the query of a key that has only its digest.
    package static func spelling(of key: AssetPath, origin: String?) -> RequestSpelling? {
        let bytes = Array(key.text.utf8)
        let name = bytes.prefix { $0 != UInt8(ascii: "?") }
        guard name.count < bytes.count || name.indices.contains(where: { isEscape(at: $0, in: name) }) else { return nil }
        var path: [UInt8] = []
        for (place, byte) in name.enumerated() {
            let isPlain = ASCII.isPathByte(byte) || byte == UInt8(ascii: "/") || isEscape(at: place, in: name)
            path += isPlain ? [byte] : ASCII.percentEscape(byte)
        }
        guard name.count < bytes.count else { return RequestSpelling(path: String(decoding: path, as: UTF8.self), query: nil) }
        var query = swapping(
            UInt8(ascii: "|"), for: UInt8(ascii: "/"), in: String(decoding: bytes[(name.count + 1)...], as: UTF8.self))
        if query.utf8.starts(with: digestMark.utf8) {
            // `remote_url` has none, so that the first one begins the query of the file.
            guard let origin, let mark = origin.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
            query = String(Substring(origin.utf8[origin.utf8.index(after: mark)...]))
        }
        return RequestSpelling(path: String(decoding: path, as: UTF8.self), query: query)
    }

    private static let digestMark = "{sha256:"

    private static func isEscape(at place: Int, in bytes: ArraySlice<UInt8>) -> Bool {
        place + 2 < bytes.endIndex && bytes[place] == UInt8(ascii: "%") && ASCII.hexDigit(bytes[place + 1]) != nil
            && ASCII.hexDigit(bytes[place + 2]) != nil
    }

    private static func name(_ path: [UInt8]) -> String {
        var octets: [(byte: UInt8, isEscaped: Bool)] = []
        var place = 0
        while place < path.count {
            if isEscape(at: place, in: path[...]), let high = ASCII.hexDigit(path[place + 1]),
                let low = ASCII.hexDigit(path[place + 2])
            {
                octets.append((high << 4 | low, true))
                place += 3
            } else {
                octets.append((path[place], false))
                place += 1
            }
        }
        var name: [UInt8] = []
        for (place, octet) in octets.enumerated() {
            let next = octets[(place + 1)...].prefix(2)
            let looksEscaped =
                octet.byte == UInt8(ascii: "%") && next.count == 2 && next.allSatisfy { ASCII.hexDigit($0.byte) != nil }
            let isOther =
                octet.isEscaped
                && (ASCII.isPathByte(octet.byte) && !ASCII.isUnreserved(octet.byte) || "/?".utf8.contains(octet.byte))
            name += looksEscaped || isOther ? ASCII.percentEscape(octet.byte) : [octet.byte]
        }
        return String(decoding: name, as: UTF8.self)
    }

    private static func swapping(_ byte: UInt8, for other: UInt8, in text: String) -> String {
        String(decoding: text.utf8.map { $0 == byte ? other : $0 }, as: UTF8.self)
    }
}

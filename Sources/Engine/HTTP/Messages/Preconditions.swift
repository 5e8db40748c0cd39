package import SavePlatform

/// Conditional requests (RFC 9110, 13) for reads.
package enum Preconditions {
    /// Whether the client's copy is current, so that 304 is the answer.
    ///
    /// - Parameter etag: the strong entity tag with its quotes.
    package static func isCurrent(_ request: HTTPRequest, etag: String, lastModified: Timestamp?) -> Bool {
        if let field = request.headers.bytes(of: "if-none-match") { return matches(field, etag) }
        guard let lastModified, let field = request.headers["if-modified-since"], let since = Timestamp(httpDate: field) else {
            return false
        }
        return lastModified.seconds <= since.seconds
    }

    /// Whether a list of entity tags names one, by the weak comparison.
    package static func matches(_ field: ArraySlice<UInt8>, _ etag: String) -> Bool {
        if field.elementsEqual(etag.utf8) { return true }
        return entityTags(in: field).contains { element in
            let tag = element.starts(with: "W/".utf8) ? element.dropFirst(2) : element
            return tag.elementsEqual("*".utf8) || tag.elementsEqual(etag.utf8)
        }
    }

    /// The entity tags of `If-Match` or `If-None-Match`, as they stand there: with quotes, and with `W/` where they are weak.
    package static func entityTags(in field: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        field.split(separator: UInt8(ascii: ",")).map { element in
            var tag = element.drop { $0 == 0x20 || $0 == 0x09 }
            while let last = tag.last, last == 0x20 || last == 0x09 { tag = tag.dropLast() }
            return tag
        }
    }
}

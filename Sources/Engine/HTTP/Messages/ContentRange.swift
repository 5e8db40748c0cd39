internal import SavePlatform

/// Which bytes of a whole a body is (RFC 9110, 14.4), as clients say it who send one file in several requests: `bytes 0-4/10`,
/// `bytes 0-4/*`, or `0-4` alone, which is how the protocol of container images writes it.
package struct ContentRange: Sendable, Equatable {
    package let first: Int64
    package let last: Int64

    /// What a request says; nil where it says nothing.
    ///
    /// - Throws: `invalidRequest` naming the field.
    package init?(_ request: HTTPRequest) throws {
        guard let field = request.headers.bytes(of: "content-range") else { return nil }
        guard let range = ContentRange(parsing: field) else {
            throw SaveError.invalid("Content-Range", "Content-Range: not of the form 0-499 or bytes 0-499/1000")
        }
        self = range
    }

    package init?(parsing field: ArraySlice<UInt8>) {
        let unit = "bytes ".utf8
        var rest = field.starts(with: unit) ? field.dropFirst(unit.count) : field
        let size = rest.firstIndex(of: UInt8(ascii: "/")).map { rest[$0...].dropFirst() }
        if let size {
            guard size.elementsEqual("*".utf8) || ByteRange.number(size) != nil else { return nil }
            rest = rest[..<size.startIndex].dropLast()
        }
        guard let dash = rest.firstIndex(of: UInt8(ascii: "-")), let first = ByteRange.number(rest[..<dash]),
            let last = ByteRange.number(rest[dash...].dropFirst()), first <= last, last < .max
        else { return nil }
        if let size = size.flatMap(ByteRange.number), last >= size { return nil }
        self.first = first
        self.last = last
    }

    /// The number of bytes.
    package var length: Int64 { last - first + 1 }
}

package import SavePlatform

/// A part of a file that a client asked for (RFC 9110, 14).
package enum ByteRange: Sendable, Equatable {
    /// Send everything: no range, one that is malformed, or several.
    case whole
    /// Bytes from `offset`, `length` of them, at least one.
    case part(offset: Int64, length: Int64)
    /// 416.
    case unsatisfiable

    /// Reads a request's `Range` for a file of a size, with `If-Range` taken into account.
    package static func of(_ request: HTTPRequest, size: Int64, etag: String?, lastModified: Timestamp?) -> ByteRange {
        guard let field = request.headers.bytes(of: "range") else { return .whole }
        if let condition = request.headers["if-range"] {
            let isSame = condition == etag || (lastModified.map { $0.httpDate == condition } ?? false)
            guard isSame else { return .whole }
        }
        return parse(field, size: size)
    }

    static func parse(_ field: ArraySlice<UInt8>, size: Int64) -> ByteRange {
        guard field.starts(with: "bytes=".utf8) else { return .whole }
        let spec = field.dropFirst(6)
        guard !spec.contains(UInt8(ascii: ",")), let dash = spec.firstIndex(of: UInt8(ascii: "-")) else { return .whole }
        let first = spec[..<dash], last = spec[(dash + 1)...]
        if first.isEmpty {
            guard let suffix = number(last) else { return .whole }
            guard suffix > 0, size > 0 else { return .unsatisfiable }
            let length = min(suffix, size)
            return .part(offset: size - length, length: length)
        }
        guard let start = number(first) else { return .whole }
        guard last.isEmpty || number(last) != nil else { return .whole }
        let end = last.isEmpty ? Int64.max : number(last) ?? Int64.max
        guard end >= start else { return .unsatisfiable }
        guard start < size else { return .unsatisfiable }
        return .part(offset: start, length: min(end, size - 1) - start + 1)
    }

    /// Digits only; a number too large for 64 bits counts as the largest, which is past every file's end.
    static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit - 48))
            if overflow || carry { return .max }
            value = sum
        }
        return value
    }
}

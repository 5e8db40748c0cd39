internal import SavePlatform

/// A range of versions, as the go command's version queries write it: `<v1.2.3`, `>=v1.2.0`, `v1.2.3`, or `v1` and `v1.2` for all that begin
/// so. Several that must all hold have a comma between them. The `v` may be left out.
struct VersionRange {
    private enum Test {
        case compared(String, [UInt8])
        /// So many numbers that must be these.
        case begins([ArraySlice<UInt8>])
    }
    private var tests: [Test] = []

    private static let operators = ["<=", ">=", "==", "<", ">", "="]
    /// Bytes.
    private static let maxBytes = 4096

    /// - Throws: `invalidRequest`.
    init(_ text: String) throws {
        guard text.utf8.count <= Self.maxBytes else { throw Self.wrong(text) }
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            var rest = Self.trimmed(part)
            let sign = Self.operators.first { rest.starts(with: $0.utf8) }
            rest = Self.trimmed(rest.dropFirst(sign?.utf8.count ?? 0))
            guard let version = SemanticVersion(String(decoding: rest, as: UTF8.self)) else { throw Self.wrong(text) }
            if sign == nil, !version.isWhole {
                tests.append(.begins(Array(version.numbers.prefix(1 + rest.count { $0 == UInt8(ascii: ".") }))))
            } else {
                tests.append(.compared(sign ?? "=", version.key))
            }
        }
    }

    func contains(_ text: String) -> Bool {
        guard let version = SemanticVersion(text) else { return false }
        let key = version.key
        return tests.allSatisfy { test in
            switch test {
            case .begins(let numbers): zip(numbers, version.numbers).allSatisfy { $0.elementsEqual($1) }
            case .compared("<", let bound): key.lexicographicallyPrecedes(bound)
            case .compared("<=", let bound): !bound.lexicographicallyPrecedes(key)
            case .compared(">", let bound): bound.lexicographicallyPrecedes(key)
            case .compared(">=", let bound): !key.lexicographicallyPrecedes(bound)
            case .compared(_, let bound): key == bound
            }
        }
    }

    private static func trimmed(_ bytes: Substring.UTF8View.SubSequence) -> Substring.UTF8View.SubSequence {
        var bytes = bytes.drop { $0 == 0x20 }
        while bytes.last == 0x20 { bytes.removeLast() }
        return bytes
    }

    private static func wrong(_ text: String) -> SaveError {
        let shown = String(decoding: text.utf8.prefix(60).map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        return SaveError(
            .invalidRequest, "'\(shown)' is no range of Go versions: write >=v1.2.0,<v1.3.0, or v1.2 for all that begin so")
    }
}

internal import SavePlatform

/// A set of version specifiers, such as `>=3.8, !=3.9.*` (PEP 440, "Version specifiers"). Checked, never evaluated.
enum VersionSpecifiers {
    /// Longer sets are refused, in bytes.
    private static let maxBytes = 1024

    static func areValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= maxBytes else { return false }
        let clauses = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(trimmed)
        // One comma too many at the end is common and understood by everyone.
        let named = clauses.last?.isEmpty == true ? clauses.dropLast() : clauses[...]
        return !named.isEmpty && named.allSatisfy(isClause)
    }

    /// Whether a text that is no set of specifiers was meant as one: it compares with versions, in characters that have been used
    /// for it (`>=3.6.*`, `>=2.7 <4`, `3`, `>='3'`).
    static func areLegacy(_ text: String) -> Bool {
        var bytes = text.utf8[...]
        let quote = UInt8(ascii: "\"")
        if bytes.count >= 2, bytes.first == quote, bytes.last == quote { bytes = bytes.dropFirst().dropLast() }
        return bytes.count <= maxBytes && bytes.contains(where: ASCII.isDigit)
            && bytes.allSatisfy { ASCII.isAlphanumeric($0) || "<>=!~.,*+-_| '()".utf8.contains($0) }
    }

    private static func isClause(_ clause: ArraySlice<UInt8>) -> Bool {
        for comparison in ["===", "~=", "==", "!=", "<=", ">=", "<", ">"] where clause.starts(with: comparison.utf8) {
            let version = trimmed(clause.dropFirst(comparison.utf8.count))
            switch comparison {
            case "===": return !version.isEmpty && version.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            case "==" where version.suffix(2).elementsEqual(".*".utf8), "!=" where version.suffix(2).elementsEqual(".*".utf8):
                return Version(bytes: Array(version.dropLast(2))) != nil
            default: return Version(bytes: Array(version)) != nil
            }
        }
        return false
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while text.first == 0x20 || text.first == 0x09 { text.removeFirst() }
        while text.last == 0x20 || text.last == 0x09 { text.removeLast() }
        return text
    }
}

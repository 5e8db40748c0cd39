internal import SavePlatform

/// A license expression (SPDX specification 2.3, annex D): which licences a file can be used under.
///
/// `+` binds closer than `WITH`, that closer than `AND`, and that closer than `OR`. Names and operators count in any case of letters, as PEP 639
/// takes them. Which names SPDX has is not asked: `LicenseRef-…` and what a registry takes as a name are names here as well.
package indirect enum LicenseExpression: Sendable, Equatable {
    case license(LicenseTerm)
    case all([LicenseExpression])
    case any([LicenseExpression])

    /// Longer ones are none. Bytes.
    static let maxBytes = 2048
    /// Brackets in brackets.
    static let maxDepth = 32

    /// - Returns: nil for what is no expression.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes, var parser = Parser(text), let expression = parser.expression(depth: 0),
            parser.isAtEnd
        else { return nil }
        self = expression
    }

    /// Whether the file can be used under licences of which each is taken: of alternatives one is enough, else all are needed.
    package func isSatisfied(by isTaken: (LicenseTerm) -> Bool) -> Bool {
        switch self {
        case .license(let term): isTaken(term)
        case .all(let parts): parts.allSatisfy { $0.isSatisfied(by: isTaken) }
        case .any(let parts): parts.contains { $0.isSatisfied(by: isTaken) }
        }
    }

    /// As people read it.
    var text: String {
        switch self {
        case .license(let term): term.text
        case .all(let parts): parts.map { if case .any = $0 { "(\($0.text))" } else { $0.text } }.joined(separator: " AND ")
        case .any(let parts): parts.map(\.text).joined(separator: " OR ")
        }
    }
}

/// One licence of an expression, with the exception to it: `GPL-2.0-or-later WITH Classpath-exception-2.0`.
package struct LicenseTerm: Sendable, Equatable {
    /// As it is written.
    let name: String
    let exception: String?
    /// For comparing: small letters, `-only` and `-or-later` for the licences of GNU, which had `GPL-2.0` and `GPL-2.0+` before.
    let key: String
    /// A `+` stands behind it, and not in `key`: that version and those after it.
    let isOrLater: Bool

    init(_ name: String, exception: String?) {
        self.name = name
        self.exception = exception.map(ASCII.lowercased)
        let bytes = Array(ASCII.lowercased(name).utf8)
        let hasPlus = bytes.last == UInt8(ascii: "+")
        let base = String(decoding: hasPlus ? bytes.dropLast() : bytes[...], as: UTF8.self)
        let isOfGNU = Self.families.contains { base.utf8.starts(with: $0.utf8) } && base.utf8.last.map(ASCII.isDigit) ?? false
        key = isOfGNU ? base + (hasPlus ? "-or-later" : "-only") : base
        isOrLater = hasPlus && !isOfGNU
    }

    private static let families = ["gpl-", "lgpl-", "agpl-", "gfdl-"]

    var text: String { name + (exception.map { " WITH \($0)" } ?? "") }
}

/// A licence as a policy names it: `MIT`, `GPL-*`, `GPL-2.0-only WITH Classpath-exception-2.0`.
package struct LicensePattern: Sendable, Equatable {
    private let term: LicenseTerm
    private let isBeginning: Bool

    /// The name for files of which nothing says what their licence is.
    package static let unknown = "unknown"

    /// - Returns: nil for what names no licence.
    package init?(_ text: String) {
        isBeginning = text.utf8.last == UInt8(ascii: "*")
        let written = isBeginning ? String(Substring(text.utf8.dropLast())) : text
        guard case .license(let term)? = LicenseExpression(written), !isBeginning || written.utf8.elementsEqual(term.name.utf8)
        else {
            return nil
        }
        self.term = term
    }

    /// Whether a licence is meant. Without an exception it is meant with any: they permit more and not less.
    package func covers(_ other: LicenseTerm) -> Bool {
        if isBeginning { return ASCII.lowercased(other.name).utf8.starts(with: ASCII.lowercased(term.name).utf8) }
        return term.key.utf8.elementsEqual(other.key.utf8) && (!term.isOrLater || other.isOrLater)
            && (term.exception == nil || term.exception == other.exception)
    }
}

extension LicenseExpression {
    private struct Parser {
        private var tokens: ArraySlice<ArraySlice<UInt8>>

        /// - Returns: nil where there are bytes that no expression has.
        init?(_ text: String) {
            let bytes = Array(text.utf8)
            var tokens: [ArraySlice<UInt8>] = []
            var start: Int?
            func end(_ place: Int) { if let first = start { tokens.append(bytes[first..<place]) } }
            for (place, byte) in bytes.enumerated() {
                switch byte {
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "("), UInt8(ascii: ")"):
                    end(place)
                    start = nil
                    if byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") { tokens.append(bytes[place...place]) }
                case _ where ASCII.isAlphanumeric(byte) || ".-:+".utf8.contains(byte): start = start ?? place
                default: return nil
                }
            }
            end(bytes.count)
            self.tokens = tokens[...]
        }

        var isAtEnd: Bool { tokens.isEmpty }

        mutating func expression(depth: Int) -> LicenseExpression? {
            series("OR", LicenseExpression.any) { $0.series("AND", LicenseExpression.all) { $0.simple(depth: depth) } }
        }

        private mutating func series(
            _ operation: StaticString, _ join: ([LicenseExpression]) -> LicenseExpression,
            _ part: (inout Parser) -> LicenseExpression?
        ) -> LicenseExpression? {
            guard let first = part(&self) else { return nil }
            var parts = [first]
            while take(operation) {
                guard let next = part(&self) else { return nil }
                parts.append(next)
            }
            return parts.count == 1 ? first : join(parts)
        }

        private mutating func simple(depth: Int) -> LicenseExpression? {
            guard let token = tokens.popFirst() else { return nil }
            if token.elementsEqual("(".utf8) {
                guard depth < LicenseExpression.maxDepth, let inner = expression(depth: depth + 1),
                    tokens.popFirst()?.elementsEqual(")".utf8) == true
                else { return nil }
                return inner
            }
            guard let name = Self.name(token, mayEndInPlus: true) else { return nil }
            guard take("WITH") else { return .license(LicenseTerm(name, exception: nil)) }
            guard let exception = tokens.popFirst().flatMap({ Self.name($0, mayEndInPlus: false) }) else { return nil }
            return .license(LicenseTerm(name, exception: exception))
        }

        private mutating func take(_ word: StaticString) -> Bool {
            guard let token = tokens.first, Self.isWord(token, word) else { return false }
            tokens.removeFirst()
            return true
        }

        private static func isWord(_ token: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
            word.withUTF8Buffer { $0.elementsEqual(token) { $0 == $1 & 0xDF } }
        }

        /// - Returns: nil for a bracket, an operator, and what is no name.
        private static func name(_ token: ArraySlice<UInt8>, mayEndInPlus: Bool) -> String? {
            let name = mayEndInPlus && token.last == UInt8(ascii: "+") ? token.dropLast() : token
            guard let first = name.first, ASCII.isAlphanumeric(first), !name.contains(UInt8(ascii: "+")),
                !(["AND", "OR", "WITH"] as [StaticString]).contains(where: { isWord(token, $0) })
            else { return nil }
            return String(decoding: token, as: UTF8.self)
        }
    }
}

internal import SavePlatform

/// Text as it may stand in a log: without what gives somebody access.
///
/// Left out, each as `***`: the values of query items whose name says that it is a secret, userinfo before a host (RFC 3986,
/// 3.2.1), also in a value, and of an API key what comes behind the part that tells which it is.
package enum LoggedText {
    private static let mark = Array("***".utf8)
    private static let scheme = Array("://".utf8)
    /// What every API key starts with.
    package static let keyPrefix = "sav_"
    private static let keyStart = Array(keyPrefix.utf8)
    /// What of an API key says whose it is.
    private static let keyNameLength = keyPrefix.utf8.count + 12

    /// Parts of names, and whole names, in small letters without `-`, `_` and `.`.
    private static let telling = [
        "token", "secret", "passw", "passphrase", "pwd", "credential", "apikey", "accesskey", "privatekey", "signature", "oauth",
        "authoriz", "authent", "session", "jwt", "cookie", "assertion",
    ].map { Array($0.utf8) }
    private static let whole = ["key", "auth", "pass", "pw", "sig", "code", "otp", "pin"].map { Array($0.utf8) }

    /// A request's target, or a sentence with URLs in it.
    package static func bytes(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // Every line of the access log comes here, and hardly any has one of these.
        let isSuspicious = text.contains { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "_") }
        return isSuspicious ? bytes(Array(text))[...] : text
    }

    /// A request's target, or a sentence with URLs in it.
    package static func bytes(_ text: [UInt8]) -> [UInt8] {
        var text = text
        if text.contains(UInt8(ascii: "=")) { text = withoutSecretItems(text) }
        if text.contains(UInt8(ascii: "@")) { text = withoutUserinfo(text) }
        return withoutKeys(text)
    }

    package static func string(_ text: String) -> String {
        // Most fields are numbers and names, and stay the text that they are.
        let bytes = Array(text.utf8)
        let cleaned = Self.bytes(bytes)
        return cleaned == bytes ? text : String(decoding: cleaned, as: UTF8.self)
    }

    private static func withoutSecretItems(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let start = rest.firstIndex(where: isItemStart) {
            result.append(contentsOf: rest[...start])
            rest = rest[(start + 1)...]
            let nameEnd = rest.firstIndex { isItemEnd($0) || $0 == UInt8(ascii: "=") || isItemStart($0) } ?? rest.endIndex
            guard nameEnd < rest.endIndex, rest[nameEnd] == UInt8(ascii: "=") else { continue }
            let valueEnd = rest[nameEnd...].firstIndex { isItemEnd($0) || $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }
            let value = rest[(nameEnd + 1)..<(valueEnd ?? rest.endIndex)]
            guard isTelling(rest[..<nameEnd]) || hasHiddenUserinfo(value) else { continue }
            result.append(contentsOf: rest[...nameEnd])
            result.append(contentsOf: mark)
            rest = rest[value.endIndex...]
        }
        return result + rest
    }

    private static func isItemStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "?") || byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";")
    }

    /// What ends a URL in a sentence.
    private static func isItemEnd(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "#")
            || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "<")
    }

    private static func isTelling(_ name: ArraySlice<UInt8>) -> Bool {
        let plain = decoded(name).map(ASCII.lowercased).filter { byte in
            byte != UInt8(ascii: "-") && byte != UInt8(ascii: "_") && byte != UInt8(ascii: ".")
        }
        return whole.contains(plain) || telling.contains { plain.firstRange(of: $0) != nil }
    }

    /// A URL with userinfo that is a value, with its delimiters encoded as they must be there.
    private static func hasHiddenUserinfo(_ value: ArraySlice<UInt8>) -> Bool {
        guard value.contains(UInt8(ascii: "%")) else { return false }
        let plain = decoded(value)
        return withoutUserinfo(plain) != plain
    }

    private static func withoutUserinfo(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let slashes = rest.firstRange(of: scheme) {
            result.append(contentsOf: rest[..<slashes.upperBound])
            rest = rest[slashes.upperBound...]
            let end = rest.firstIndex { isItemEnd($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard let at = rest[..<end].lastIndex(of: UInt8(ascii: "@")) else { continue }
            result.append(contentsOf: mark)
            rest = rest[at...]
        }
        return result + rest
    }

    private static func withoutKeys(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "_")), text.firstRange(of: keyStart) != nil else { return text }
        var result: [UInt8] = []
        var rest = text[...]
        while let start = rest.firstRange(of: keyStart) {
            let end = rest[start.upperBound...].firstIndex { !ASCII.isAlphanumeric($0) } ?? rest.endIndex
            let isWhole = end - start.lowerBound > keyNameLength
            result.append(contentsOf: rest[..<(isWhole ? start.lowerBound + keyNameLength : end)])
            if isWhole { result.append(contentsOf: mark) }
            rest = rest[end...]
        }
        return result + rest
    }

    /// With `%41` as the byte it stands for; what is no escape stays.
    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let digits = ASCII.percentDecoded([byte] + rest.prefix(2)), digits.count == 1 {
                result += digits
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

/// The identity in an X.509 certificate (RFC 5280) that was issued for a signature: its extensions, and nothing else of it.
struct IdentityCertificate {
    /// Extensions below 1.3.6.1.4.1.57264.1 (Fulcio, "oid-info"), by their last number: UTF-8 strings in DER.
    enum Claim: UInt8 {
        case issuer = 8
        case buildSigner = 9
        case sourceRepository = 12
        case sourceDigest = 13
        case sourceRef = 14
        case buildConfig = 18
    }

    /// What an extension's octets hold, by the bytes of its object identifier.
    private var extensions: [[UInt8]: ArraySlice<UInt8>] = [:]
    private static let claims: [UInt8] = [0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xBF, 0x30, 0x01]
    private static let subjectAlternativeName: [UInt8] = [0x55, 0x1D, 0x11]

    /// nil for what is not the DER of a certificate.
    init?(_ der: [UInt8]) {
        var outer = DERReader(der[...])
        guard var certificate = outer.constructed(0x30), var signed = certificate.constructed(0x30) else { return nil }
        // [3] holds the extensions; what is before it is not looked at.
        while let (tag, contents) = signed.next() {
            guard tag == 0xA3 else { continue }
            var wrapper = DERReader(contents)
            guard var list = wrapper.constructed(0x30) else { return nil }
            while var entry = list.constructed(0x30) {
                guard let identifier = entry.value(0x06), var value = entry.next() else { return nil }
                // A boolean says whether the extension is critical.
                if value.tag == 0x01, let next = entry.next() { value = next }
                guard value.tag == 0x04, extensions.updateValue(value.contents, forKey: Array(identifier)) == nil else {
                    return nil
                }
            }
        }
        guard !extensions.isEmpty else { return nil }
    }

    /// What the issuer says of the build; nil where it says nothing of it.
    func text(_ claim: Claim) -> String? {
        guard let contents = extensions[Self.claims + [claim.rawValue]] else { return nil }
        var reader = DERReader(contents)
        return reader.value(0x0C).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The one address in the subject's alternative names.
    var email: String? {
        guard let contents = extensions[Self.subjectAlternativeName] else { return nil }
        var outer = DERReader(contents)
        guard var names = outer.constructed(0x30), let address = names.value(0x81), names.next() == nil else { return nil }
        return String(validating: address, as: UTF8.self)
    }
}

/// Reads values in DER (X.690), one after another.
private struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next value: its tag, of one byte, and what is in it. nil at the end, and for what is none.
    mutating func next() -> (tag: UInt8, contents: ArraySlice<UInt8>)? {
        guard rest.count >= 2, let tag = rest.popFirst(), tag & 0x1F != 0x1F, let first = rest.popFirst() else { return nil }
        var count = Int(first)
        if first >= 0x80 {
            let width = Int(first & 0x7F)
            guard (1...3).contains(width), rest.count >= width else { return nil }
            count = rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(width)
        }
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return (tag, rest.prefix(count))
    }

    /// What is in the next value; nil where it has another tag.
    mutating func value(_ tag: UInt8) -> ArraySlice<UInt8>? {
        guard let value = next(), value.tag == tag else { return nil }
        return value.contents
    }

    /// The values within the next one; nil where it has another tag.
    mutating func constructed(_ tag: UInt8) -> DERReader? { value(tag).map { DERReader($0) } }
}

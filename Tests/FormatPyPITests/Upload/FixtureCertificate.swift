/// A certificate with the extensions of one that was issued for a signature, and otherwise empty.
struct FixtureCertificate {
    var issuer: String
    var claims: [UInt8: String] = [:]
    var email: String? = nil

    static func github(_ repository: String) -> FixtureCertificate {
        let url = "https://github.com/\(repository)"
        return FixtureCertificate(
            issuer: "https://token.actions.githubusercontent.com",
            claims: [12: url, 13: "0123", 14: "refs/tags/v1", 18: url + "/.github/workflows/release.yml@refs/tags/v1"])
    }

    static func gitlab(_ repository: String) -> FixtureCertificate {
        let url = "https://gitlab.com/\(repository)"
        return FixtureCertificate(
            issuer: "https://gitlab.com", claims: [12: url, 13: "0123", 14: "refs/tags/v1", 18: url + "//ci/release.yml@0123"])
    }

    /// DER (X.690).
    var bytes: [UInt8] {
        var entries: [UInt8] = []
        if let email {
            let names = Self.value(0x30, Self.value(0x81, Array(email.utf8)))
            entries += Self.value(
                0x30, Self.value(0x06, [0x55, 0x1D, 0x11]) + Self.value(0x01, [0xFF]) + Self.value(0x04, names))
        }
        var all = claims
        all[8] = issuer
        for (number, text) in all.sorted(by: { $0.key < $1.key }) {
            let identifier: [UInt8] = [0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xBF, 0x30, 0x01, number]
            let contents = Self.value(0x0C, Array(text.utf8))
            entries += Self.value(0x30, Self.value(0x06, identifier) + Self.value(0x04, contents))
        }
        let signed = Self.value(0x30, Self.value(0x02, [7]) + Self.value(0xA3, Self.value(0x30, entries)))
        return Self.value(0x30, signed + Self.value(0x03, [0]))
    }

    private static func value(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
        let count = contents.count
        guard count >= 0x80 else { return [tag, UInt8(count)] + contents }
        return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + contents
    }
}

internal import SaveDigest

/// An entry of the setting `plugins`: the absolute path of a shared object and, where the operator pins it, the SHA-256 that
/// its bytes must have, as in `/usr/lib/save/plugins/npm.so#sha256=…`.
package struct PluginSetting: Sendable, Equatable {
    package let path: String
    /// Lower-case hexadecimal.
    package let sha256: String?

    /// nil for anything else.
    package init?(_ text: String) {
        let mark = "#sha256="
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "/"), !bytes.contains(0) else { return nil }
        guard let hash = bytes.lastIndex(of: UInt8(ascii: "#")) else {
            (path, sha256) = (text, nil)
            return
        }
        let digits = String(decoding: bytes[hash...].dropFirst(mark.utf8.count), as: UTF8.self)
        guard bytes[hash...].starts(with: mark.utf8), let digest = Hex.decode(digits), digest.count == 32 else { return nil }
        path = String(decoding: bytes[..<hash], as: UTF8.self)
        sha256 = Hex.encode(digest)
    }
}

internal import SavePlatform

/// A wheel's `WHEEL` file, without which no installer takes the wheel (binary-distribution-format specification).
enum WheelFile {
    /// Bytes.
    static let maxBytes = 1 << 20

    /// - Parameter path: where the file is in its archive, for messages.
    /// - Throws: `invalidRequest` naming `content`.
    static func check(_ bytes: [UInt8], path: String) throws {
        try HeaderSyntax.check(bytes, path: path)
        let headers = MetadataHeaders(bytes)
        for field in ["Wheel-Version", "Root-Is-Purelib"] where headers.count(ASCII.lowercased(field)) > 1 {
            throw SaveError.invalid("content", "content: \(path) has the field '\(field)' twice")
        }
        // "A wheel installer should warn if Wheel-Version is greater than the version it supports, and must fail if it has a
        // greater major version."
        let version = headers.values("wheel-version").first ?? ""
        let numbers = version.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard numbers.count == 2, numbers[0].elementsEqual("1".utf8), !numbers[1].isEmpty, numbers[1].allSatisfy(ASCII.isDigit)
        else {
            throw SaveError.invalid("content", "content: \(path) must have the line 'Wheel-Version: 1.0'")
        }
        let purelib = headers.fields.first { $0.name == "root-is-purelib" }?.value
        guard purelib.map({ ["true", "false"].contains(ASCII.lowercased($0)) }) ?? true else {
            throw SaveError.invalid("content", "content: \(path) must have 'true' or 'false' for Root-Is-Purelib")
        }
    }
}

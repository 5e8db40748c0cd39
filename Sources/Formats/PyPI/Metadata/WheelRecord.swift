internal import FoundationEssentials
internal import SaveArchive
internal import SaveDigest
internal import SavePlatform

/// A wheel's `RECORD`: a line for each of its files, with digest and size (binary-distribution-format specification).
///
/// A digest that is stated must be right: a wheel that was changed after it was built is noticed here, not by the first who
/// installs it. Files that it does not list, and digests it leaves out, are tolerated: installers do so, too.
enum WheelRecord {
    /// Bytes of `RECORD` itself.
    private static let maxBytes = 16 << 20
    /// Files above this are not compared, in bytes unpacked.
    private static let maxFileBytes = 8 << 20
    /// Together, no more than this is unpacked: an upload must not cost more than seconds.
    private static let maxUnpackedBytes = 64 << 20

    /// Checks the archive's files against the digests in `<folder>/RECORD`.
    ///
    /// - Throws: `invalidRequest` naming `content`, ``ArchiveError`` for damaged entries.
    static func check(_ archive: ZipArchive, folder: String) throws {
        guard let entry = archive.entries.first(where: { $0.name == "\(folder)/RECORD" }) else {
            throw SaveError.invalid("content", "content: the wheel has no \(folder)/RECORD")
        }
        let entries = Dictionary(archive.entries.map { ($0.name, $0) }) { first, _ in first }
        let bytes = try archive.contents(of: entry, limit: maxBytes)
        if let hazard = TextHazard.first(in: bytes[...], as: .lines) {
            throw SaveError.invalid("content", "content: \(hazard.sentence(entry.name))")
        }
        var left = Int64(maxUnpackedBytes)
        for line in bytes.split(separator: 0x0A) {
            // A value in quotes may have lines of its own, which who reads line by line takes for lines of the table.
            guard line.count(where: { $0 == UInt8(ascii: "\"") }).isMultiple(of: 2) else {
                throw SaveError.invalid("content", "content: \(entry.name) has a line with a quote that does not end in it")
            }
            let fields = Self.fields(line.last == 0x0D ? line.dropLast() : line)
            guard fields.count >= 2, let (algorithm, digest) = Self.digest(fields[1]) else { continue }
            guard let file = entries[fields[0]] else {
                throw SaveError.invalid("content", "content: RECORD lists '\(shown(fields[0]))', which the wheel does not have")
            }
            guard file.size <= maxFileBytes, file.size <= left else { continue }
            left -= file.size
            guard Digest.hex(try archive.contents(of: file, limit: maxFileBytes), algorithm) == digest else {
                throw SaveError.invalid("content", "content: '\(shown(file.name))' has another digest than RECORD says")
            }
        }
    }

    /// A line of comma-separated values: a field in quotes may have commas in it, and two quotes for one.
    private static func fields(_ line: ArraySlice<UInt8>) -> [String] {
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var previous: UInt8 = 0
        for byte in line {
            switch byte {
            case UInt8(ascii: "\""):
                // The second of two quotes inside a quoted field stands for itself.
                if !isQuoted, previous == byte { field.append(byte) }
                isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                fields.append(String(decoding: field, as: UTF8.self))
                field = []
            default: field.append(byte)
            }
            previous = byte
        }
        return fields + [String(decoding: field, as: UTF8.self)]
    }

    /// `sha256=<Base64 for URLs, without padding>` as hexadecimal digits; nil for no digest, or one that is not compared.
    private static func digest(_ text: String) -> (DigestAlgorithm, String)? {
        let parts = text.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1).map { String(Substring($0)) }
        guard parts.count == 2, let algorithm = DigestAlgorithm(rawValue: parts[0]),
            [.sha256, .sha384, .sha512].contains(algorithm)
        else { return nil }
        var base64 = Array(parts[1].utf8.prefix { $0 != UInt8(ascii: "=") }).map { byte in
            byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
        }
        while base64.count % 4 != 0 { base64.append(UInt8(ascii: "=")) }
        return Data(base64Encoded: Data(base64)).map { (algorithm, Hex.encode(Array($0))) }
    }

    private static func shown(_ name: String) -> String { String(decoding: name.utf8.prefix(200), as: UTF8.self) }
}

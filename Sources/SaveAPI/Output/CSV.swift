internal import SavePlatform

/// Comma-separated values (RFC 4180).
enum CSV {
    /// One line of an object's members: texts as they are, null as nothing, everything else as JSON.
    static func line(_ item: JSONValue, _ columns: [String]) -> [UInt8] {
        line(
            columns.map { column in
                switch item.object?[column] ?? .null {
                case .string(let text): text
                case .null: ""
                case let other: other.text
                }
            })
    }

    /// One line, every field in quotes.
    static func line(_ fields: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "\""))
            // OWASP, CSV Injection: a spreadsheet runs a cell that starts with one of these; a quote before it makes it
            // text.
            if let first = field.utf8.first, "=+-@\t\r\n".utf8.contains(first) { bytes.append(UInt8(ascii: "'")) }
            for byte in field.utf8 {
                if byte == UInt8(ascii: "\"") { bytes.append(byte) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes += [0x0D, 0x0A]
        return bytes
    }
}

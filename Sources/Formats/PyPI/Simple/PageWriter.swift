internal import SavePlatform

/// A page's bytes as they grow. One buffer, no text in between: a page of ten thousand files is written in milliseconds.
struct PageWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func write(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// ASCII that needs no escape anywhere: names, digests, numbers.
    mutating func write(plain text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ plain: [UInt8]) { bytes.append(contentsOf: plain) }

    mutating func write(json text: String) { JSONText.append(text, to: &bytes) }

    mutating func write(json value: JSONValue) { value.write(to: &bytes) }

    /// Text for an attribute in double quotes or for an element's content. Control characters become spaces: pages hold
    /// other people's text.
    mutating func write(html text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): write("&amp;")
            case UInt8(ascii: "<"): write("&lt;")
            case UInt8(ascii: ">"): write("&gt;")
            case UInt8(ascii: "\""): write("&quot;")
            case UInt8(ascii: "'"): write("&#39;")
            case 0..<0x20, 0x7F: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
    }

    /// One segment of a URL. `+` is escaped as well: storage services read it as a space.
    mutating func write(urlSegment segment: [UInt8]) {
        for byte in segment {
            if ASCII.isAlphanumeric(byte) || byte == 45 || byte == 46 || byte == 95 || byte == 126 {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 55 }
}

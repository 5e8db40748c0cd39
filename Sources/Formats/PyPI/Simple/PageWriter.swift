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
        write(text, where: Self.isPlainInHTML) { byte, bytes in
            switch byte {
            case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): bytes.append(contentsOf: "&#39;".utf8)
            default: bytes.append(0x20)
            }
        }
    }

    /// One segment of a URL. `+` is escaped as well: storage services read it as a space.
    mutating func write(urlSegment segment: String) {
        write(segment, where: Self.isPlainInURL) { byte, bytes in
            bytes.append(UInt8(ascii: "%"))
            bytes.append(Self.hexDigit(byte >> 4))
            bytes.append(Self.hexDigit(byte & 15))
        }
    }

    mutating func write(_ time: Timestamp) { time.appendRFC3339(to: &bytes) }

    /// A member after others: the number of the last change, as the public index says it.
    mutating func write(serial: Int64?) {
        guard let serial else { return }
        write(",\"_last-serial\":")
        write(serial)
    }

    mutating func write(_ number: Int64) { JSONText.append(number, to: &bytes) }

    /// Writes text in runs of plain bytes, and each other byte by itself.
    private mutating func write(
        _ text: String, where isPlain: (UInt8) -> Bool, escape: (UInt8, inout [UInt8]) -> Void
    ) {
        var text = text
        text.withUTF8 { text in
            var run = text.startIndex
            for index in text.indices where !isPlain(text[index]) {
                bytes.append(contentsOf: text[run..<index])
                escape(text[index], &bytes)
                run = index + 1
            }
            bytes.append(contentsOf: text[run...])
        }
    }

    private static func isPlainInHTML(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"), 0..<0x20, 0x7F: false
        default: true
        }
    }

    /// RFC 3986, 2.3: the unreserved characters.
    private static func isPlainInURL(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || byte == 45 || byte == 46 || byte == 95 || byte == 126
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 55 }
}

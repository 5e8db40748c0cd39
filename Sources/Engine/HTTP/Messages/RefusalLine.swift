internal import SavePlatform

/// The line of text that says why a request was refused, as it goes into the status line and the fields of the answer.
///
/// Many clients show a person nothing but the status line: twine for an upload, pip and uv for a download.
package enum RefusalLine {
    /// The field that has the line, at most `most` bytes of it. The server's front puts it into the status line as well.
    package static let field = "X-Save-Reason"
    /// Bytes of the line in a field and on the status line.
    package static let maxBytes = 200

    /// The text in one line of printable ASCII: control characters are spaces, other letters are escaped (`\u00fc`), because a
    /// status line and a field have no character set that clients agree about (RFC 9110, 5.5).
    package static func ascii(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x20...0x7E: line.unicodeScalars.append(scalar)
            case ..<0x20, 0x7F: line.append(" ")
            default:
                let digits = String(scalar.value, radix: 16)
                let width = scalar.value > 0xFFFF ? 8 : 4
                line += (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - digits.utf8.count) + digits
            }
        }
        return line
    }

    /// As much of the text as fits into a field. A link at its end stays whole: a part of it leads nowhere.
    package static func short(_ text: String) -> String {
        let line = ascii(text)
        guard line.utf8.count > maxBytes else { return line }
        let link = link(in: line)
        guard link.utf8.count <= maxLink else {
            return String(decoding: line.utf8.dropLast(link.utf8.count).prefix(maxBytes - 3), as: UTF8.self) + "..."
        }
        return String(decoding: line.utf8.prefix(maxBytes - 3 - link.utf8.count), as: UTF8.self) + "..." + link
    }

    /// The text with a whole URL in place of a path at its end: where the server has no address of its own, the one that the client used
    /// goes before it.
    ///
    /// - Parameter origin: scheme and host by which the client reached the server; nil where that is not known.
    package static func linked(_ text: String, from origin: String?) -> String {
        guard let origin, let semicolon = text.utf8.lastIndex(of: UInt8(ascii: ";")) else { return text }
        let path = text.utf8[semicolon...].dropFirst(2)
        guard path.starts(with: "/ui/why/".utf8), path.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return text }
        return String(decoding: text.utf8.prefix(upTo: path.startIndex), as: UTF8.self) + origin
            + String(decoding: path, as: UTF8.self)
    }

    /// Bytes of a link beside which enough is left of the line to say what it is about.
    private static let maxLink = 140

    /// `; http://host/path` at the end of a line; empty where there is none.
    private static func link(in line: String) -> String {
        let bytes = Array(line.utf8)
        guard let space = bytes.lastIndex(of: 0x20), space > 0, bytes[space - 1] == UInt8(ascii: ";") else { return "" }
        let last = bytes[(space + 1)...]
        guard last.starts(with: "http://".utf8) || last.starts(with: "https://".utf8) || last.first == UInt8(ascii: "/") else {
            return ""
        }
        return String(decoding: bytes[(space - 1)...], as: UTF8.self)
    }
}

extension HTTPResponse {
    /// A refusal: one line, in the body, in `X-Save-Reason` and on the status line.
    package static func refusal(_ status: Int, _ line: String) -> HTTPResponse {
        var response = text(status, RefusalLine.ascii(line))
        response.headers.append(RefusalLine.field, RefusalLine.short(line))
        return response
    }
}

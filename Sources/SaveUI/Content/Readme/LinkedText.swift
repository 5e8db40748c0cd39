internal import SaveHTTP
internal import SavePlatform

/// Text as it was written, in which addresses of the web are links.
enum LinkedText {
    static func html(_ text: String) -> HTML {
        let bytes = Array(text.utf8)
        var parts: [HTML] = []
        var start = 0
        var place = 0
        func add(upTo end: Int) {
            if end > start { parts.append("\(String(decoding: bytes[start..<end], as: UTF8.self))") }
        }
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "h"), let end = end(ofAddressAt: place, in: bytes) else {
                place += 1
                continue
            }
            add(upTo: place)
            let address = String(decoding: bytes[place..<end], as: UTF8.self)
            parts.append("<a href=\"\(address)\" rel=\"nofollow noopener noreferrer\">\(address)</a>")
            place = end
            start = end
        }
        add(upTo: bytes.count)
        return .joined(parts, by: "")
    }

    /// Where an address ends that begins at a place; nil where none does. What closes the sentence around it is not part of it.
    private static func end(ofAddressAt place: Int, in bytes: [UInt8]) -> Int? {
        let rest = bytes[place...]
        guard let scheme = ["https://", "http://"].first(where: { rest.starts(with: $0.utf8) }) else { return nil }
        let address = rest.prefix { $0 > 0x20 && $0 < 0x7F && !"<>\"'`{}|\\^".utf8.contains($0) }
        var end = min(address.endIndex, place + 2048)
        while end > place, ".,;:!?)]_*".utf8.contains(bytes[end - 1]) { end -= 1 }
        return end > place + scheme.utf8.count ? end : nil
    }
}

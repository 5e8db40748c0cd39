/// Resolves the links of one page as `URLReference.resolve` does. A page has tens of thousands of them, most to one server
/// and written out in full; those are recognised as being resolved already.
public struct PageLinks {
    private let base: String
    /// What a link to something beside the page, or below it, is put behind; empty where the base is none.
    private let directory: String
    /// `https://host/` of the last link, which was found to be an origin.
    private var origin: [UInt8] = []

    /// - Parameter base: the absolute URL that relative links are relative to.
    public init(base: String) {
        self.base = base
        directory = URLReference.resolve("./", against: base) ?? ""
    }

    /// The absolute URL without its fragment; nil for what `URLReference.resolve` refuses.
    public mutating func resolve(_ reference: String) -> String? {
        if let length = plainLength(reference) {
            return length == reference.utf8.count ? reference : String(Substring(reference.utf8.prefix(length)))
        }
        if let below = below(reference) { return below }
        let resolved = URLReference.resolve(reference, against: base)
        if let resolved { remember(resolved) }
        return resolved
    }

    /// How many bytes of a link come before its fragment; nil where anything of it would have to be changed or refused.
    private func plainLength(_ reference: String) -> Int? {
        guard !origin.isEmpty else { return nil }
        var reference = reference
        return reference.withUTF8 { bytes in
            bytes.starts(with: origin) ? Self.plainLength(bytes, from: origin.count) : nil
        }
    }

    /// The URL of a link that names a path below the page's directory and nothing else; nil for any other link.
    private func below(_ reference: String) -> String? {
        guard !directory.utf8.isEmpty else { return nil }
        var text = reference
        let length = text.withUTF8 { bytes -> Int? in
            // A colon may end a scheme; a path of its own begins with a slash.
            guard let length = Self.plainLength(bytes, from: 0), let first = bytes[..<length].first, first != UInt8(ascii: "/"),
                !bytes[..<length].contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "?") })
            else { return nil }
            return length
        }
        guard let length else { return nil }
        return directory + (length == reference.utf8.count ? reference : String(Substring(reference.utf8.prefix(length))))
    }

    /// How many bytes of a link come before its fragment; nil where anything after `start`, which begins a segment, would
    /// have to be changed or refused.
    private static func plainLength(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        // The slash before a segment: one that begins with a dot may be a dot segment, also when it is escaped.
        var previous = UInt8(ascii: "/")
        for index in start..<bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "#") { return isPlain(bytes[index...]) ? index : nil }
            guard byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") else { return nil }
            if previous == UInt8(ascii: "/"), byte == UInt8(ascii: ".") || byte == UInt8(ascii: "%") { return nil }
            previous = byte
        }
        return bytes.count
    }

    private static func isPlain(_ fragment: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        fragment.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    }

    private mutating func remember(_ url: String) {
        var slashes = 0
        let end = url.utf8.firstIndex { byte in
            if byte == UInt8(ascii: "/") { slashes += 1 }
            return slashes == 3
        }
        origin = end.map { Array(url.utf8[...$0]) } ?? []
    }
}

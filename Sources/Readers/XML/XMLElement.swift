/// What Save reads of XML (Extensible Markup Language 1.0): elements and their text. Attributes, comments, processing instructions and
/// namespaces say nothing in the files of Maven repositories and in the answers of object stores. A document type, which could
/// have entities that grow, is refused.
public struct XMLElement: Sendable {
    /// As it is written, with the prefix of a namespace if it has one.
    public let name: String
    /// The elements within, in order.
    public private(set) var children: [XMLElement] = []
    private var content: [UInt8] = []

    private static let maxDepth = 32
    /// Elements of a document: 100,000 versions with all that is said around them.
    private static let maxElements = 250_000

    private init(_ name: String) { self.name = name }

    /// Without white space at its ends.
    public var text: String {
        let isSpace = { (byte: UInt8) in byte <= 0x20 }
        var rest = content[...].drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
        return String(decoding: rest, as: UTF8.self)
    }

    /// The first element within that has a name.
    public subscript(name: String) -> XMLElement? { children.first { $0.name.utf8.elementsEqual(name.utf8) } }

    /// The text of an element within; nil for none, or an empty one.
    public func text(of name: String) -> String? { self[name].flatMap { $0.text.isEmpty ? nil : $0.text } }

    /// The root of a document; nil for what is no such document.
    public init?(parsing bytes: [UInt8]) {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var open: [XMLElement] = []
        var root: XMLElement?
        var count = 0
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            let text = rest[..<start]
            if open.isEmpty {
                guard text.allSatisfy({ $0 <= 0x20 }) else { return nil }
            } else {
                guard let decoded = Self.decoded(text) else { return nil }
                open[open.count - 1].content += decoded
            }
            rest = rest[start...]
            if let (mark, end) = Self.marks.first(where: { rest.starts(with: $0.0.utf8) }) {
                let inner = rest.dropFirst(mark.utf8.count)
                guard let stop = inner.firstRange(of: end.utf8) else { return nil }
                if mark == "<![CDATA[" {
                    guard !open.isEmpty else { return nil }
                    open[open.count - 1].content += inner[..<stop.lowerBound]
                }
                rest = rest[stop.upperBound...]
                continue
            }
            guard let end = Self.end(of: rest) else { return nil }
            let tag = rest[(start + 1)..<end]
            rest = rest[(end + 1)...]
            if tag.first == UInt8(ascii: "/") {
                guard let closed = open.popLast(), tag.dropFirst().prefix(while: { $0 > 0x20 }).elementsEqual(closed.name.utf8)
                else {
                    return nil
                }
                if open.isEmpty { root = closed } else { open[open.count - 1].children.append(closed) }
                continue
            }
            let isEmpty = tag.last == UInt8(ascii: "/")
            let name = tag.dropLast(isEmpty ? 1 : 0).prefix { $0 > 0x20 }
            count += 1
            guard root == nil, let first = name.first, Self.isLetter(first) || first == UInt8(ascii: "_"),
                open.count < Self.maxDepth, count <= Self.maxElements
            else { return nil }
            let element = XMLElement(String(decoding: name, as: UTF8.self))
            guard isEmpty else {
                open.append(element)
                continue
            }
            if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
        }
        guard let root, open.isEmpty, rest.allSatisfy({ $0 <= 0x20 }) else { return nil }
        self = root
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    /// What is skipped, or taken as it is. `<!DOCTYPE` is no such thing, and no element.
    private static let marks = [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>")]

    /// Where a tag ends. A value in quotes may have the mark in it.
    private static func end(of tag: ArraySlice<UInt8>) -> Int? {
        var quote: UInt8?
        for (place, byte) in zip(tag.indices, tag) {
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return place
            }
        }
        return nil
    }

    private static let entities: [String: UInt8] = [
        "lt": UInt8(ascii: "<"), "gt": UInt8(ascii: ">"), "amp": UInt8(ascii: "&"), "quot": UInt8(ascii: "\""),
        "apos": UInt8(ascii: "'"),
    ]

    /// nil for an entity that is not one of the five, and no character's number.
    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.contains(UInt8(ascii: "&")) else { return Array(text) }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "&") else {
                bytes.append(byte)
                continue
            }
            guard let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")) else { return nil }
            let name = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            if let known = entities[name] {
                bytes.append(known)
            } else if let scalar = scalar(name) {
                bytes += Array(String(Character(scalar)).utf8)
            } else {
                return nil
            }
        }
        return bytes
    }

    private static func scalar(_ name: String) -> Unicode.Scalar? {
        guard name.utf8.first == UInt8(ascii: "#") else { return nil }
        let digits = name.utf8.dropFirst()
        let isHex = digits.first == UInt8(ascii: "x")
        let number = UInt32(String(Substring(isHex ? digits.dropFirst() : digits)), radix: isHex ? 16 : 10)
        return number.flatMap(Unicode.Scalar.init).flatMap { $0.value >= 0x20 || "\t\n\r".unicodeScalars.contains($0) ? $0 : nil }
    }
}

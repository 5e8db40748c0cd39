/// How URLs spell capitals: `!` and the small letter, since file systems may take `M` and `m` for one (Go Modules Reference, "GOPROXY
/// protocol").
enum CaseEscape {
    private static let mark = UInt8(ascii: "!")

    static func escaped(_ text: String) -> String {
        String(decoding: text.utf8.flatMap { isCapital($0) ? [mark, $0 | 32] : [$0] }, as: UTF8.self)
    }

    /// The text that an escaped one stands for; nil for one with a capital, or with a `!` that no small letter follows.
    static func unescaped(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == mark else {
                guard !isCapital(byte) else { return nil }
                bytes.append(byte)
                continue
            }
            guard let letter = rest.next(), (97...122).contains(letter) else { return nil }
            bytes.append(letter & ~32)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isCapital(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
}

internal import SaveCompression

/// How the name of a zip entry is read as text.
enum ZipEntryName {
    /// Bit 11 of an entry's flags: its name is UTF-8 (APPNOTE 4.4.4).
    static let isUTF8: UInt16 = 0x0800

    /// The name as text, and whether every reader reads the same text.
    ///
    /// Without bit 11 a name is of code page 437 (APPNOTE D.1). Many writers put UTF-8 there all the same, and many readers look.
    ///
    /// - Throws: ``ArchiveError`` for one that would leave the directory it is unpacked to, or is no text.
    static func text(_ name: [UInt8], flags: UInt16) throws -> (text: String, isPortable: Bool) {
        try EntryName.check(name)
        if let text = String(validating: name, as: UTF8.self) { return (text, true) }
        guard flags & isUTF8 == 0 else {
            throw ArchiveError("the archive has an entry whose name is not UTF-8, as it says it is: \(EntryName.shown(name))")
        }
        return (String(String.UnicodeScalarView(name.map(scalar))), false)
    }

    /// Info-ZIP's extra field 0x7075 has another name of the entry, in UTF-8: some readers take it, some do not.
    ///
    /// - Throws: ``ArchiveError`` where it is another name, and not the same one in another encoding.
    static func checkUnicodePath(in extra: ArraySlice<UInt8>, of name: [UInt8]) throws {
        var rest = extra
        while rest.count >= 4 {
            let fixed = LittleEndian(rest.prefix(4))
            let field = rest.dropFirst(4).prefix(Int(fixed.uint16(2)))
            rest = rest.dropFirst(4 + Int(fixed.uint16(2)))
            // A version and the checksum of the name that it was made from come first; for another name it does not count.
            guard fixed.uint16(0) == 0x7075, field.count >= 5, LittleEndian(field).uint32(1) == CRC32.of(name) else { continue }
            let other = Array(field.dropFirst(5))
            let isEncoding = String(validating: name, as: UTF8.self) == nil && skeleton(name) == skeleton(other)
            guard other == name || isEncoding else {
                throw ArchiveError("the archive has an entry with two names: \(EntryName.shown(name)), \(EntryName.shown(other))")
            }
        }
    }

    /// The ASCII in a name, with one mark for each run of other bytes: the same in every encoding.
    private static func skeleton(_ name: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in name where byte < 0x80 || result.last != 0x80 { result.append(min(byte, 0x80)) }
        return result
    }

    private static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        byte < 0x80 ? Unicode.Scalar(byte) : upperHalf[Int(byte) - 0x80]
    }

    /// Code page 437 from 0x80 on.
    private static let upperHalf = Array(
        ("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
            + "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}").unicodeScalars)
}

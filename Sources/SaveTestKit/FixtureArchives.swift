internal import SaveCompression

/// Writes zip archives in memory, well-formed unless told otherwise.
package struct FixtureZip: Sendable {
    package struct Entry: Sendable {
        package var name: String
        package var contents: [UInt8]
        package var isDeflated: Bool
        /// What the entry's own header says its name is, where that shall differ.
        package var localName: String?
        /// What both headers say its unpacked size is, where that shall differ.
        package var claimedSize: UInt32?
        /// What both headers say its checksum is, where that shall differ.
        package var claimedChecksum: UInt32?
        /// The name's bytes in both headers, where they shall be no UTF-8.
        package var rawName: [UInt8]?
        /// The general purpose flags in both headers (APPNOTE 4.4.4).
        package var flags: UInt16 = 0
        /// What a file of the Unix family is, and its permissions.
        package var mode: UInt32 = 0o100644
        /// The version of the format that is needed to unpack it, times ten.
        package var neededVersion: UInt16 = 20
        /// The extra field in both headers.
        package var extra: [UInt8] = []

        package init(_ name: String, _ contents: [UInt8], isDeflated: Bool = true) {
            self.name = name
            self.contents = contents
            self.isDeflated = isDeflated
        }

        package init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
    }

    package var entries: [Entry]
    /// Bytes before the first entry, which every offset counts.
    package var prefix: [UInt8] = []

    package init(_ entries: [Entry]) { self.entries = entries }

    /// The archive.
    package var bytes: [UInt8] {
        var bytes = prefix
        var directory: [UInt8] = []
        for entry in entries {
            let packed = entry.isDeflated ? Self.deflate(entry.contents) : entry.contents
            let offset = UInt32(bytes.count)
            var common: [UInt8] = []
            common.add16(entry.neededVersion)
            common.add16(entry.flags)
            common.add16(entry.isDeflated ? 8 : 0)
            common.add16(0)
            common.add16(0x21)
            common.add32(entry.claimedChecksum ?? CRC32.of(entry.contents))
            common.add32(UInt32(packed.count))
            common.add32(entry.claimedSize ?? UInt32(entry.contents.count))
            let name = entry.rawName ?? Array(entry.name.utf8)
            let localName = entry.localName.map { Array($0.utf8) } ?? name
            bytes.add32(0x0403_4B50)
            bytes += common
            bytes.add16(UInt16(localName.count))
            bytes.add16(UInt16(entry.extra.count))
            bytes += localName + entry.extra + packed
            directory.add32(0x0201_4B50)
            directory.add16(0x0314)
            directory += common
            directory.add16(UInt16(name.count))
            directory.add16(UInt16(entry.extra.count))
            for _ in 0..<3 { directory.add16(0) }
            directory.add32(entry.mode << 16)
            directory.add32(offset)
            directory += name + entry.extra
        }
        let start = bytes.count
        bytes += directory
        bytes.add32(0x0605_4B50)
        bytes.add32(0)
        bytes.add16(UInt16(entries.count))
        bytes.add16(UInt16(entries.count))
        bytes.add32(UInt32(directory.count))
        bytes.add32(UInt32(start))
        bytes.add16(0)
        return bytes
    }

    private static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        // A gzip member without its header and trailer.
        Array((Gzip.compress(bytes, level: 6) ?? []).dropFirst(10).dropLast(8))
    }
}

/// Writes tar archives packed with gzip in memory.
package struct FixtureTar: Sendable {
    package struct Entry: Sendable {
        package var name: String
        package var contents: [UInt8]
        /// The type of the entry: `0` a file, `5` a directory, `2` a symbolic link.
        package var kind: UInt8
        /// What the header says its size is, where that shall differ.
        package var claimedSize: Int?
        /// What a link leads to.
        package var target: [UInt8] = []
        /// The owner's name.
        package var owner: [UInt8] = []
        /// The name's bytes, where they shall be no UTF-8.
        package var rawName: [UInt8]?
        /// Records of a PAX header before the entry, which say what the entry's own header cannot (pax(1)).
        package var records: [(key: String, value: String)] = []
        /// Text at places of the header that nothing else here writes.
        package var patches: [(offset: Int, text: String)] = []

        package init(_ name: String, _ contents: [UInt8], kind: UInt8 = UInt8(ascii: "0")) {
            self.name = name
            self.contents = contents
            self.kind = kind
        }

        package init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
    }

    package var entries: [Entry]

    package init(_ entries: [Entry]) { self.entries = entries }

    /// The archive, packed.
    package var bytes: [UInt8] { Gzip.compress(tar, level: 6) ?? [] }

    /// The archive before it is packed.
    package var tar: [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            if !entry.records.isEmpty { bytes += Self.padded(Self.pax(entry.records)) }
            bytes += Self.padded(entry)
        }
        return bytes + [UInt8](repeating: 0, count: 1024)
    }

    private static func padded(_ entry: Entry) -> [UInt8] {
        header(entry) + entry.contents + [UInt8](repeating: 0, count: (512 - entry.contents.count % 512) % 512)
    }

    /// The entry that holds records: each is its own length, a space, the key, an equals sign, the value and a line end.
    private static func pax(_ records: [(key: String, value: String)]) -> Entry {
        let lines = records.map { record in
            let rest = " \(record.key)=\(record.value)\n"
            var count = rest.utf8.count
            while String(count).utf8.count + rest.utf8.count != count { count = String(count).utf8.count + rest.utf8.count }
            return "\(count)\(rest)"
        }
        return Entry("PaxHeaders/x", Array(lines.joined().utf8), kind: UInt8(ascii: "x"))
    }

    private static func header(_ entry: Entry) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(bytes: [UInt8], at offset: Int) {
            for (index, byte) in bytes.enumerated() where offset + index < 512 { header[offset + index] = byte }
        }
        func put(_ text: String, at offset: Int) { put(bytes: Array(text.utf8), at: offset) }
        func octal(_ number: Int, _ width: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        put(bytes: Array((entry.rawName ?? Array(entry.name.utf8)).prefix(100)), at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(entry.claimedSize ?? entry.contents.count, 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        header[156] = entry.kind
        put(bytes: Array(entry.target.prefix(100)), at: 157)
        put("ustar", at: 257)
        put("00", at: 263)
        put(bytes: Array(entry.owner.prefix(32)), at: 265)
        for patch in entry.patches { put(patch.text, at: patch.offset) }
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, 6) + "\0 ", at: 148)
        return header
    }
}

extension [UInt8] {
    fileprivate mutating func add16(_ value: UInt16) { append(contentsOf: [UInt8(value & 0xFF), UInt8(value >> 8)]) }
    fileprivate mutating func add32(_ value: UInt32) {
        add16(UInt16(value & 0xFFFF))
        add16(UInt16(value >> 16))
    }
}

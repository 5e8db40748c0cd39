import SaveArchive
import SaveTestKit
import Testing

/// Entries that are no plain files with plain names.
@Suite struct TarEntryTests {
    private static let symbolicLink = UInt8(ascii: "2")
    private static let hardLink = UInt8(ascii: "1")

    private func names(_ entries: [FixtureTar.Entry]) throws -> [String] {
        try TarGzip.read(ArchiveSource(FixtureTar(entries).bytes), limit: 4096) { _ in true }.map(\.entry.name)
    }

    private func reason(_ entries: FixtureTar.Entry...) -> String? {
        do {
            _ = try names(entries)
            return nil
        } catch { return (error as? ArchiveError)?.reason ?? "\(error)" }
    }

    private static func link(_ name: String, to target: String, kind: UInt8 = symbolicLink) -> FixtureTar.Entry {
        var entry = FixtureTar.Entry(name, [], kind: kind)
        entry.target = Array(target.utf8)
        return entry
    }

    @Test func `names, owners and link targets of a PAX archive are UTF-8, whatever the locale`() throws {
        var file = FixtureTar.Entry("x-1.0/?.py", "a")
        file.records = [("path", "x-1.0/ü.py"), ("uname", "Müller"), ("gname", "Größen")]
        var link = Self.link("x-1.0/link", to: "?")
        link.records = [("linkpath", "größe.txt")]
        var hard = Self.link("x-1.0/hard", to: "?", kind: Self.hardLink)
        hard.records = [("linkpath", "x-1.0/ü.py")]
        #expect(
            try names([file, link, hard, FixtureTar.Entry("x-1.0/日本.py", "a")]) == [
                "x-1.0/ü.py", "x-1.0/link", "x-1.0/hard", "x-1.0/日本.py",
            ])
    }

    @Test func `names and owners of another encoding are no damage`() throws {
        var file = FixtureTar.Entry("x", "a")
        file.rawName = Array("x-1.0/".utf8) + [0xFC] + Array(".py".utf8)
        file.owner = [0x4D, 0xFC]
        var binary = FixtureTar.Entry("x-1.0/b", "a")
        binary.records = [("hdrcharset", "BINARY"), ("uname", "Müller")]
        // An extended header is UTF-8, says pax(1); some programs write what they have.
        let owned = FixtureTar.Entry(
            "PaxHeaders/c", Array("16 uname=M".utf8) + [0xFC] + Array("ller\n".utf8), kind: UInt8(ascii: "x"))
        let last = FixtureTar.Entry("x-1.0/c", "a")
        #expect(try names([file, binary, owned, last]) == ["x-1.0/\u{FFFD}.py", "x-1.0/b", "x-1.0/c"])
    }

    @Test func `an archive that is cut in a name of many bytes is damaged`() {
        var file = FixtureTar.Entry("x-1.0/?.py", [UInt8](repeating: 7, count: 5000))
        file.records = [("path", "x-1.0/ü.py")]
        let good = FixtureTar([file]).bytes
        #expect(throws: ArchiveError.self) {
            try TarGzip.read(ArchiveSource(Array(good.prefix(good.count / 2))), limit: 4096) { _ in false }
        }
    }

    @Test(arguments: ["3", "4", "6"]) func `devices and pipes are refused`(_ kind: String) throws {
        let device = FixtureTar.Entry("x-1.0/d", [], kind: try #require(kind.utf8.first))
        #expect(reason(device)?.contains("device") == true)
    }

    @Test(arguments: [
        ("x/a", "b"), ("x/a", "./b/"), ("x/d/a", "../b"), ("x/d/e/a", "../../b/c"), ("x/a", ""), ("x/a", "..."), ("x/a", "b:c"),
    ])
    func `links within the archive are taken`(_ name: String, _ target: String) {
        #expect(reason(Self.link(name, to: target)) == nil)
    }

    @Test(arguments: [
        ("x/a", "/etc/passwd"), ("x/a", ".."), ("x/a", "../b"), ("x/a", "../x/b"), ("x/d/a", "../../b"), ("x", "b"),
        ("x/d/a", "b/../../.."), ("x/a", "b/.."), ("x/a", "..\\b"), ("x/a", "./../b"),
    ])
    func `links that lead out of the top directory, or may, are refused`(_ name: String, _ target: String) {
        #expect(reason(Self.link(name, to: target))?.contains("leads out") == true)
    }

    @Test(arguments: [("x/a", true), ("./x/a", true), ("y/a", false), ("/x/a", false), ("x/../a", false), ("a", false)])
    func `hard links lead to a name within the top directory`(_ target: String, _ isTaken: Bool) {
        let entries = [FixtureTar.Entry("x/a", "a"), Self.link("x/b", to: target, kind: Self.hardLink)]
        #expect((reason(entries[0], entries[1]) == nil) == isTaken)
    }

    @Test func `nothing lies behind a link`() {
        let link = Self.link("x/d", to: "e")
        #expect(reason(link, FixtureTar.Entry("x/d/f", "a"))?.contains("behind a link") == true)
        #expect(reason(FixtureTar.Entry("x/d/f", "a"), link)?.contains("behind a link") == true)
        #expect(reason(FixtureTar.Entry("x/e/f", "a"), FixtureTar.Entry("x/df", "a"), link) == nil)
    }

    @Test(arguments: ["GNU.sparse.realsize", "GNU.sparse.size", "SCHILY.realsize"])
    func `a size that an extended header makes up is refused`(_ key: String) {
        for size in ["-1", "-9223372036854775808", "1"] {
            var entry = FixtureTar.Entry("x/a", "abc")
            entry.records = [(key, size)]
            #expect(reason(entry) != nil, "\(size)")
        }
    }

    @Test func `what is unpacked counts, whatever its size is said to be`() {
        var entry = FixtureTar.Entry("x/a", [UInt8](repeating: 0, count: 4 << 20))
        entry.records = [("GNU.sparse.realsize", "0")]
        var limits = ArchiveLimits()
        (limits.entries, limits.names, limits.unpacked) = (10, 1000, 1 << 20)
        #expect(throws: ArchiveError.self) {
            try TarGzip.read(ArchiveSource(FixtureTar([entry]).bytes), limits: limits, limit: 10) { _ in false }
        }
    }

    @Test func `extended headers that are malformed are refused, since readers differ in what they take of them`() {
        let header = FixtureTar.Entry("PaxHeaders/x", Array("garbage\n14 path=x/evil\n".utf8), kind: UInt8(ascii: "x"))
        #expect(reason(header, FixtureTar.Entry("x/good", "a")) != nil)
    }

    @Test func `an archive of the directory it was made in has that for its first entry`() throws {
        let top = FixtureTar.Entry("./", [], kind: UInt8(ascii: "5"))
        #expect(try names([top, FixtureTar.Entry("./x/a", "a")]) == ["x/a"])
    }

    @Test func `files with holes are refused in each way to write them`() {
        // GNU's own: the map begins at 386, the size is at 483.
        var old = FixtureTar.Entry("x/hole", Array("abc".utf8), kind: UInt8(ascii: "S"))
        old.patches = [
            (257, "ustar  \0"), (386, "00000010000"), (398, "00000000003"), (410, "00000010003"), (422, "00000000000"),
            (483, "00000010003"),
        ]
        var first = FixtureTar.Entry("x/hole", "abc")
        first.records = [
            ("GNU.sparse.size", "4099"), ("GNU.sparse.numblocks", "1"), ("GNU.sparse.offset", "4096"),
            ("GNU.sparse.numbytes", "3"),
        ]
        var second = FixtureTar.Entry("x/hole", "abc")
        second.records = [("GNU.sparse.size", "4099"), ("GNU.sparse.numblocks", "1"), ("GNU.sparse.map", "4096,3")]
        let map = Array("1\n4096\n3\n".utf8)
        var third = FixtureTar.Entry(
            "x/GNUSparseFile.0/hole", map + [UInt8](repeating: 0, count: 512 - map.count) + Array("abc".utf8))
        third.records = [
            ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "x/hole"), ("GNU.sparse.realsize", "4099"),
        ]
        var empty = FixtureTar.Entry("x/hole", "")
        empty.records = [("GNU.sparse.size", "4096"), ("GNU.sparse.numblocks", "1"), ("GNU.sparse.map", "4096,0")]
        for entry in [old, first, second, third, empty] { #expect(reason(entry)?.contains("sparse") == true) }
    }
}

@Suite struct ZipEntryTests {
    private func reason(_ entry: FixtureZip.Entry) -> String? {
        do {
            let archive = try ZipArchive(ArchiveSource(FixtureZip([FixtureZip.Entry("x/a", "a"), entry]).bytes))
            try archive.checkLinks()
            return nil
        } catch { return (error as? ArchiveError)?.reason ?? "\(error)" }
    }

    private func entry(_ name: String = "x/b", _ text: String = "b", _ change: (inout FixtureZip.Entry) -> Void)
        -> FixtureZip.Entry
    {
        var entry = FixtureZip.Entry(name, text)
        change(&entry)
        return entry
    }

    @Test func `flags that every reader knows are taken, and all others refused`() {
        for bit in 0..<16 {
            let refusal = reason(entry { $0.flags = 1 << UInt16(bit) })
            // Bit 3 says that a descriptor follows, which the fixture does not write.
            #expect((refusal == nil) == [1, 2, 11].contains(bit), "bit \(bit)")
            if ![0, 1, 2, 3, 6, 11, 13].contains(bit) { #expect(refusal?.contains("feature of zip") == true, "bit \(bit)") }
        }
        #expect(reason(entry { $0.neededVersion = 63 }) == nil)
        #expect(reason(entry { $0.neededVersion = 64 })?.contains("feature of zip") == true)
    }

    @Test func `names without the mark of UTF-8 are UTF-8 where they can be, else code page 437`() throws {
        let old = entry { $0.rawName = Array("x/".utf8) + [0x81, 0x80, 0xFF] }
        let archive = try ZipArchive(ArchiveSource(FixtureZip([entry("x/ü") { _ in }, old]).bytes))
        #expect(archive.entries.map(\.name) == ["x/ü", "x/üÇ\u{A0}"])
        #expect(archive.entries.map(\.hasPortableName) == [true, false])
        let lie = entry {
            $0.rawName = Array("x/".utf8) + [0x81]
            $0.flags = 0x0800
        }
        #expect(reason(lie)?.contains("not UTF-8") == true)
    }

    @Test func `an entry has one name, in one encoding or in two`() {
        func other(_ name: String, of own: [UInt8], checksum: [UInt8]) -> FixtureZip.Entry {
            entry {
                $0.rawName = own
                let field = [1] + checksum + Array(name.utf8)
                $0.extra = [0x75, 0x70, UInt8(field.count), 0] + field
            }
        }
        // CRC-32 of "x/b", and of the bytes of "x/ü" in code page 437.
        let plain: [UInt8] = Array("x/b".utf8), old: [UInt8] = [0x78, 0x2F, 0x81]
        let plainSum: [UInt8] = CRC.of(plain), oldSum: [UInt8] = CRC.of(old)
        #expect(reason(other("x/b", of: plain, checksum: plainSum)) == nil)
        #expect(reason(other("x/c", of: plain, checksum: [0, 0, 0, 0])) == nil)
        #expect(reason(other("x/c", of: plain, checksum: plainSum))?.contains("two names") == true)
        #expect(reason(other("x/ü", of: old, checksum: oldSum)) == nil)
        #expect(reason(other("x/PKG-INFO", of: old, checksum: oldSum))?.contains("two names") == true)
    }

    @Test func `links stay within the top directory, and devices are refused`() {
        #expect(reason(entry("x/l", "a") { $0.mode = 0o120777 }) == nil)
        #expect(reason(entry("x/l", "../a") { $0.mode = 0o120777 })?.contains("leads out") == true)
        for kind in [0o010000, 0o020000, 0o060000, 0o140000] as [UInt32] {
            #expect(reason(entry { $0.mode = kind | 0o644 })?.contains("device") == true)
        }
        #expect(reason(entry { $0.mode = 0 }) == nil)
    }
}

/// CRC-32 (ISO 3309) as a zip archive writes it.
private enum CRC {
    static func of(_ bytes: [UInt8]) -> [UInt8] {
        var value: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        value ^= 0xFFFF_FFFF
        return (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
}

import SaveArchive
import SaveTestKit
import Testing

@Suite struct ZipArchiveTests {
    private static let text = Array(String(repeating: "line\n", count: 100).utf8)
    private static let entries = [
        FixtureZip.Entry("a/b.txt", text), FixtureZip.Entry("c", text, isDeflated: false),
        FixtureZip.Entry("d/", [], isDeflated: false),
    ]
    private static let good = FixtureZip(entries).bytes

    private func reason(_ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()) -> String? {
        do {
            let archive = try ZipArchive(ArchiveSource(bytes), limits: limits)
            for entry in archive.entries { _ = try archive.contents(of: entry, limit: 1 << 20) }
            return nil
        } catch { return (error as? ArchiveError)?.reason ?? "\(error)" }
    }

    @Test func `packed and plain entries come back`() throws {
        let archive = try ZipArchive(ArchiveSource(Self.good))
        #expect(archive.entries.map(\.name) == ["a/b.txt", "c", "d/"])
        #expect(archive.entries.map(\.size) == [500, 500, 0])
        for entry in archive.entries.prefix(2) { #expect(try archive.contents(of: entry, limit: 500) == Self.text) }
        #expect(throws: ArchiveError.self) { try archive.contents(of: archive.entries[0], limit: 499) }
    }

    @Test func `what is not a zip archive, or a cut one, is refused`() {
        #expect(reason([]) != nil)
        #expect(reason([0x50, 0x4B, 5, 6]) != nil)
        #expect(reason(FixtureTar([FixtureTar.Entry("a", "x")]).bytes) != nil)
        for count in stride(from: 0, to: Self.good.count, by: 7) { #expect(reason(Array(Self.good.prefix(count))) != nil) }
        #expect(reason(Self.good) == nil)
    }

    @Test func `bytes before, after or between are refused`() {
        var zip = FixtureZip(Self.entries)
        zip.prefix = Array("#!/bin/sh\n".utf8)
        #expect(reason(zip.bytes) != nil)
        #expect(reason(Array("MZ".utf8) + Self.good) != nil)
        #expect(reason(Self.good + [0]) != nil)
        #expect(reason(Self.good + Self.good) != nil)
        var commented = Self.good
        commented[commented.count - 2] = 22
        #expect(reason(commented + Self.good.suffix(22)) != nil)
    }

    @Test func `an entry and the directory must agree, and no name may occur twice`() {
        var zip = FixtureZip(Self.entries)
        zip.entries[0].localName = "a/x.txt"
        #expect(reason(zip.bytes)?.contains("disagree") == true)
        zip = FixtureZip(Self.entries + [Self.entries[0]])
        #expect(reason(zip.bytes)?.contains("two entries") == true)
        zip = FixtureZip(Self.entries)
        zip.entries[0].claimedChecksum = 1
        #expect(reason(zip.bytes)?.contains("damaged") == true)
        for size in [499, 501, 0] as [UInt32] {
            zip = FixtureZip(Self.entries)
            zip.entries[0].claimedSize = size
            #expect(reason(zip.bytes)?.contains("damaged") == true)
        }
    }

    @Test(arguments: ["../x", "/etc/x", "a/../b", "a//b", "./a", "a\\b", "a\u{0}b", "", "/"])
    func `names that lead elsewhere are refused`(_ name: String) {
        #expect(reason(FixtureZip([FixtureZip.Entry(name, "x")]).bytes) != nil)
    }

    @Test func `any single changed byte is noticed or harmless, and never a trap`() {
        var accepted = 0
        for index in Self.good.indices {
            var damaged = Self.good
            damaged[index] ^= UInt8(truncatingIfNeeded: 1 << (index % 8))
            if reason(damaged) == nil { accepted += 1 }
        }
        // Times, versions and permissions may say anything.
        #expect(accepted < 80)
    }

    @Test func `bombs are refused by what they claim`() {
        let zeros = [UInt8](repeating: 0, count: 80 << 20)
        #expect(reason(FixtureZip([FixtureZip.Entry("a", zeros)]).bytes)?.contains("times its size") == true)
        var zip = FixtureZip([FixtureZip.Entry("a", "x")])
        zip.entries[0].claimedSize = 0xFFFF_FFF0
        #expect(reason(zip.bytes) != nil)
        var limits = ArchiveLimits()
        limits.entries = 2
        #expect(reason(Self.good, limits: limits)?.contains("more than 2 entries") == true)
    }
}

@Suite struct TarGzipTests {
    private func read(_ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()) throws -> [(
        entry: TarGzip.Entry, contents: [UInt8]?
    )] {
        try TarGzip.read(ArchiveSource(bytes), limits: limits, limit: 4096) { $0.name.hasSuffix("PKG-INFO") }
    }

    @Test func `entries are listed and the wanted ones read`() throws {
        let entries = try read(
            FixtureTar([
                FixtureTar.Entry("x/", [], kind: UInt8(ascii: "5")), FixtureTar.Entry("./x/PKG-INFO", "Name: x\n"),
                FixtureTar.Entry("x/link", [], kind: UInt8(ascii: "2")),
                FixtureTar.Entry("x/data", [UInt8](repeating: 1, count: 70_000)),
            ]).bytes)
        #expect(entries.map(\.entry.name) == ["x/", "x/PKG-INFO", "x/link", "x/data"])
        #expect(entries.map(\.entry.isFile) == [false, true, false, true])
        #expect(entries.map(\.contents) == [nil, Array("Name: x\n".utf8), nil, nil])
    }

    @Test func `what is not such an archive, or a cut one, is refused`() {
        let good = FixtureTar([FixtureTar.Entry("x/PKG-INFO", String(repeating: "Name: x\n", count: 100))]).bytes
        #expect(throws: Never.self) { try read(good) }
        #expect(throws: ArchiveError.self) { try read([]) }
        #expect(throws: ArchiveError.self) { try read(FixtureZip([FixtureZip.Entry("x/PKG-INFO", "x")]).bytes) }
        #expect(throws: ArchiveError.self) { try read(Array(good.prefix(good.count / 2))) }
        #expect(throws: ArchiveError.self) { try read([0x1F, 0x8B] + Array("nothing".utf8)) }
    }

    @Test(arguments: ["../x", "/etc/passwd", "a/../../b", "a\\b"])
    func `names that lead elsewhere are refused`(_ name: String) {
        #expect(throws: ArchiveError.self) { try read(FixtureTar([FixtureTar.Entry(name, "x")]).bytes) }
    }

    @Test func `bombs are refused before they are unpacked`() {
        var bomb = FixtureTar.Entry("x/zeros", [])
        bomb.claimedSize = 8_000_000_000
        #expect(throws: ArchiveError.self) { try read(FixtureTar([bomb]).bytes) }
        var metadata = FixtureTar.Entry("x/PKG-INFO", [])
        metadata.claimedSize = 5000
        #expect(throws: ArchiveError.self) { try read(FixtureTar([metadata]).bytes) }
        var limits = ArchiveLimits()
        limits.entries = 10
        let many = FixtureTar((0..<11).map { FixtureTar.Entry("x/\($0)", "") }).bytes
        #expect(throws: ArchiveError.self) { try read(many, limits: limits) }
    }
}

import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

@Suite struct HostileArchiveTests {
    private static let metadata = FixtureZip.Entry(
        "foo-1.0.dist-info/METADATA", FixtureMetadata.text(name: "foo", version: "1.0"))
    private static let wheelFile = FixtureZip.Entry("foo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    private static let record = FixtureZip.Entry("foo-1.0.dist-info/RECORD", "")

    private func refusal(_ bytes: [UInt8], filename: String = "foo-1.0-py3-none-any.whl") async -> String? {
        let kind = filename.hasSuffix(".whl") ? "bdist_wheel" : "sdist"
        do {
            _ = try await FixtureForm("foo", "1.0", filetype: kind, filename: filename, contents: bytes).submit()
            return nil
        } catch {
            guard let error = error as? SaveError, error.code == .invalidRequest else { return "wrong error \(error)" }
            #expect(error.message.utf8.starts(with: "content: ".utf8), "\(error.message)")
            return error.message
        }
    }

    private static func wheel(_ entries: FixtureZip.Entry...) -> [UInt8] { FixtureZip(entries).bytes }

    private static func named(_ name: String) -> FixtureZip.Entry {
        FixtureZip.Entry(name, FixtureMetadata.text(name: "foo", version: "1.0"))
    }

    @Test func `a wheel has one directory of metadata, named after it, with what belongs in it`() async {
        #expect(await refusal(Self.wheel(Self.metadata, Self.wheelFile, Self.record)) == nil)
        #expect(await refusal(Self.wheel(Self.metadata, Self.wheelFile))?.contains("RECORD") == true)
        #expect(await refusal(Self.wheel(Self.metadata, Self.record))?.contains("WHEEL") == true)
        #expect(await refusal(Self.wheel(Self.wheelFile, Self.record))?.contains("METADATA") == true)
        #expect(await refusal(Self.wheel(Self.named("METADATA"), Self.wheelFile, Self.record)) != nil)
        #expect(
            await refusal(Self.wheel(Self.metadata, Self.named("bar-1.0.dist-info/METADATA"), Self.wheelFile, Self.record)) != nil
        )
        #expect(await refusal(Self.wheel(Self.named("x/foo-1.0.dist-info/METADATA"), Self.record))?.contains("dist-info") == true)
        let other = ["METADATA", "WHEEL", "RECORD"].map { Self.named("bar-1.0.dist-info/\($0)") }
        #expect(await refusal(FixtureZip(other).bytes)?.contains("named after") == true)
    }

    @Test func `files that are not what their names say are refused`() async {
        let sdist = FixtureSdist(name: "foo", version: "1.0")
        let wheel = FixtureWheel(name: "foo", version: "1.0")
        #expect(await refusal(sdist.bytes) != nil)
        #expect(await refusal(wheel.bytes, filename: sdist.filename) != nil)
        #expect(await refusal(Array("x".utf8)) != nil)
        #expect(await refusal(sdist.bytes + wheel.bytes, filename: sdist.filename)?.contains("zip") == true)
        #expect(await refusal(sdist.bytes, filename: sdist.filename) == nil)
    }

    @Test func `metadata that is too large, damaged or not one is refused`() async {
        let large = FixtureZip.Entry("foo-1.0.dist-info/METADATA", [UInt8](repeating: 0x61, count: (4 << 20) + 1))
        #expect(await refusal(Self.wheel(large, Self.wheelFile, Self.record))?.contains("larger than") == true)
        var damaged = Self.metadata
        damaged.claimedChecksum = 7
        #expect(await refusal(Self.wheel(damaged, Self.wheelFile, Self.record))?.contains("damaged") == true)
        for text in [
            "", "Name: foo\n", "Version: 1.0\n", "\nName: foo\nVersion: 1.0\n", "Name: foo\nName: foo\nVersion: 1.0\n",
            "Name: foo\nVersion: 1.0\nRequires-Python: >=3\"><script>\n", "Name: foo\nVersion: UNKNOWN\n",
            "Name: foo\nVersion: 1.0\nRequires-Python: " + String(repeating: ">=3,", count: 3000) + "\n",
        ] {
            let entry = FixtureZip.Entry("foo-1.0.dist-info/METADATA", text)
            #expect(await refusal(Self.wheel(entry, Self.wheelFile, Self.record)) != nil, "\(text.prefix(60))")
        }
    }

    @Test func `a source archive has one directory at its top, with one PKG-INFO`() async {
        let info = FixtureTar.Entry("foo-1.0/PKG-INFO", FixtureMetadata.text(name: "foo", version: "1.0"))
        let name = "foo-1.0.tar.gz"
        #expect(await refusal(FixtureTar([info]).bytes, filename: name) == nil)
        #expect(await refusal(FixtureTar([info, info]).bytes, filename: name)?.contains("exactly one") == true)
        #expect(
            await refusal(FixtureTar([info, FixtureTar.Entry("bar/x", "")]).bytes, filename: name)?.contains("one directory")
                == true)
        #expect(
            await refusal(FixtureTar([FixtureTar.Entry("foo-1.0/x", "")]).bytes, filename: name)?.contains("PKG-INFO") == true)
        #expect(await refusal(FixtureTar([info, FixtureTar.Entry("../x", "")]).bytes, filename: name) != nil)
        let link = FixtureTar.Entry("foo-1.0/PKG-INFO", [], kind: UInt8(ascii: "2"))
        #expect(await refusal(FixtureTar([link]).bytes, filename: name) != nil)
        let zip = FixtureZip([FixtureZip.Entry("foo-1.0/PKG-INFO", FixtureMetadata.text(name: "foo", version: "1.0"))])
        #expect(await refusal(zip.bytes, filename: "foo-1.0.zip") == nil)
    }

    @Test(arguments: [
        (">=3.8", true), (">=3.8,<4", true), ("~=3.9 , !=3.9.1", true), ("==3.*", true), ("===anything", true), (">=3.8,", true),
        ("3.8", false), (">=", false), (">=3.8;x", false), ("", false), (">3.*", false), (",", false), ("==.*", false),
    ])
    func `specifiers of versions are checked`(_ text: String, _ isValid: Bool) {
        #expect(VersionSpecifiers.areValid(text) == isValid)
    }
}

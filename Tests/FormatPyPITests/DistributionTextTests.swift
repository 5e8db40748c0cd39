import SavePlatform
import SaveTestKit
import Testing

@testable import FormatPyPI

/// The text files in a wheel or a source archive: what two readers read differently, or a person is shown differently, is
/// refused.
@Suite struct DistributionTextTests {
    private static let files = [
        "METADATA": "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n\nText.\n", "WHEEL": "Wheel-Version: 1.0\n", "RECORD": "",
    ]

    /// nil where a wheel with this file is taken.
    private func refusal(_ file: String, _ text: String) async -> String? {
        await refusal(file, Array(text.utf8))
    }

    private func refusal(_ file: String, _ bytes: [UInt8]) async -> String? {
        var entries = Self.files.filter { $0.key != file }.sorted { $0.key < $1.key }.map {
            FixtureZip.Entry("foo-1.0.dist-info/\($0.key)", $0.value)
        }
        entries.append(FixtureZip.Entry("foo-1.0.dist-info/\(file)", bytes))
        do {
            _ = try await FixtureForm("foo", "1.0", filename: "foo-1.0-py3-none-any.whl", contents: FixtureZip(entries).bytes)
                .submit()
            return nil
        } catch {
            guard let error = error as? SaveError, error.code == .invalidRequest else { return "wrong error \(error)" }
            #expect(error.message.utf8.starts(with: "content: foo-1.0.dist-info/\(file) ".utf8), "\(error.message)")
            #expect(!error.message.utf8.contains { $0 < 0x20 })
            return error.message
        }
    }

    private static func metadata(_ more: String) -> String { "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n\(more)" }

    @Test(arguments: [
        "Summary: a\rName: evil", "Summary: a\r\rName: evil\n", "Summary: a\u{B}Name: evil\n", "Summary: a\u{C}Name: evil\n",
        "Summary: a\u{1C}Name: evil\n", "Summary: a\u{1D}b\n", "Summary: a\u{1E}b\n", "Summary: a\u{85}Name: evil\n",
        "Summary: a\u{2028}Name: evil\n", "Summary: a\u{2029}b\n", "Author: \r\r\n",
    ])
    func `a line break that only some readers know is refused before the description`(_ more: String) async {
        #expect(await refusal("METADATA", Self.metadata(more))?.contains("line break in line 4") == true)
    }

    @Test func `a licence in a field may have form feeds between its pages`() async {
        let licence = "License: GNU\n        page 1\n        \u{C}\n        \u{C}\t\tpage 2\n"
        #expect(await refusal("METADATA", Self.metadata(licence)) == nil)
        #expect(await refusal("METADATA", Self.metadata("License: GNU\n        \u{C}page 2\n"))?.contains("line break") == true)
        #expect(await refusal("METADATA", Self.metadata("License: GNU\n \u{C} \u{C}Name: x\n"))?.contains("line break") == true)
    }

    @Test(arguments: [
        "Summary\n", "no field\n", "Summary : a\n", ": a\n", "Sümmary: a\n", "From me Thu Jan 1\n",
        "License: a\nsecond line\nX: b\n",
    ])
    func `a line that is no field is refused before the description`(_ more: String) async {
        #expect(await refusal("METADATA", Self.metadata(more))?.contains("neither") == true)
    }

    @Test func `a first line that goes on with nothing, and a byte order mark, are refused`() async {
        #expect(await refusal("METADATA", " x\n" + Self.metadata(""))?.contains("neither") == true)
        #expect(await refusal("METADATA", "\u{FEFF}" + Self.metadata(""))?.contains("byte order mark") == true)
        #expect(await refusal("WHEEL", "\u{FEFF}Wheel-Version: 1.0\n")?.contains("byte order mark") == true)
        #expect(await refusal("RECORD", "\u{FEFF}foo.py,,\n")?.contains("byte order mark") == true)
        #expect(await refusal("entry_points.txt", "\u{FEFF}[a]\n")?.contains("byte order mark") == true)
    }

    @Test(arguments: [
        "Name: evil\n", "name: foo\n", "Version: 2.0\n", "Metadata-Version: 1.0\n",
        "Requires-Python: >=3\nRequires-Python: >=2\n",
        "Summary: a\nSUMMARY: b\n",
    ])
    func `a field of one value that is there twice is refused`(_ more: String) async {
        #expect(await refusal("METADATA", Self.metadata(more))?.contains("twice") == true)
    }

    @Test(arguments: [
        "Name: foo\n bar\nVersion: 1.0\n", "Name: foo\nVersion: 1.0\n .1\n", "Name: foo\n \nVersion: 1.0\n",
        "Name:\n foo\nVersion: 1.0\n", "Name: =?utf-8?q?foo?=\nVersion: 1.0\n",
    ])
    func `a name or version on several lines, or encoded, is refused`(_ text: String) async {
        #expect(await refusal("METADATA", text)?.contains("no valid") == true)
    }

    @Test(arguments: ["\u{0}", "\u{1B}[2J", "\u{7F}", "\u{9B}2J", "\u{85}", "\u{202E}", "\u{202A}", "\u{2066}", "\u{2069}"])
    func `what a terminal obeys or changes the order of text is refused in fields and descriptions`(_ text: String) async {
        for more in ["Summary: a\(text)b\n", "Author: \(text)\n", "Project-URL: a\(text)b, https://x\n", "X: y\n\nA \(text) B\n"]
        {
            #expect(await refusal("METADATA", Self.metadata(more)) != nil, "\(more.debugDescription)")
        }
    }

    @Test(arguments: [
        "C:\u{202A}\\Users\u{202C} and on", "\u{202B}\u{5E9}\u{5DC}\u{202C}\n\u{202A}x\u{202C}",
        "\u{2066}a\u{2069}\u{2067}b\u{2069}\u{2068}c\u{2069}",
        "\u{202A}a\u{2067}b\u{202B}c\u{202C}d\u{2069}e\u{202C}", "\u{2066}\u{202A}\u{202C}\u{2069}\r\nnext",
        "a\u{2029}\u{202A}b\u{202C}\u{2029}c",
    ])
    func `a description may change the direction of text and change it back in the same paragraph`(_ text: String) async {
        #expect(await refusal("METADATA", Self.metadata("\n\(text)\n")) == nil)
        #expect(await refusal("METADATA", Self.metadata("\n\(text)")) == nil)
    }

    @Test func `a field may not, since it is shown beside other things`() async {
        for more in ["Summary: \u{2068}a\u{2069}\n", "Summary: a\nDescription: b\n  \u{202A}c\u{202C}\n"] {
            #expect(await refusal("METADATA", Self.metadata(more)) != nil)
        }
    }

    @Test(arguments: [
        "\u{202A}", "a\u{202A}b", "\u{202A}a\nb\u{202C}", "\u{202A}a\u{2029}b\u{202C}", "\u{202A}a\rb\u{202C}", "\u{202C}",
        "\u{2069}",
        "\u{2066}a\u{202C}", "\u{202A}a\u{2069}", "\u{2066}\u{202A}a\u{2069}\u{202C}", "\u{202A}\u{202A}a\u{202C}",
        "\u{202D}a\u{202C}", "\u{202E}a\u{202C}", "\u{2066}\u{202E}a\u{202C}\u{2069}",
    ])
    func `a direction that goes on behind its paragraph, and an order that is overridden, are refused`(_ text: String) async {
        for end in ["", "\n", "\nmore\n"] {
            let line = await refusal("METADATA", Self.metadata("\nfirst\n\(text)\(end)"))
            #expect(
                line?.contains("U+202A") == true && line?.contains("line") == true, "\(text.debugDescription): \(line ?? "taken")"
            )
        }
    }

    @Test(arguments: [
        "", "\nText\r\nand\rmore\u{C}\u{B}\u{2028}\twith tabs\n",
        "Summary: שלום\u{200F} مرحبا\u{200E} 日本 é ─ ’\n\n\u{FEFF}Größe\n",
        "License: a\r\n  b\r\n\tc\r\n\r\nText", "Description: a\n        \n        b\nAuthor: c\n",
        "Classifier: a\nClassifier: b\n",
        "\nName: evil\n", "\nno newline at the end",
    ])
    func `what every reader reads alike is taken`(_ more: String) async {
        #expect(await refusal("METADATA", Self.metadata(more)) == nil)
    }

    @Test func `bytes that are no UTF-8 are no hazard`() async {
        #expect(await refusal("METADATA", Array(Self.metadata("Author: M").utf8) + [0xFC, 0xE2, 0x80] + Array("\n".utf8)) == nil)
    }

    @Test(arguments: [
        "", "{\"Wheel-Version\": \"1.0\"}", "Wheel-Version: 9.0\n", "Wheel-Version: 1\n", "Wheel-Version: one\n",
        "Tag: py3-none-any\n",
        "Wheel-Version: 1.0\nWheel-Version: 1.0\n", "Wheel-Version: 1.0\rTag: x\n", "Wheel-Version: 1.0\nRoot-Is-Purelib: yes\n",
        "Wheel-Version: 0.1\n", "\nWheel-Version: 1.0\n", "Wheel-Version: 2.0\n", "Wheel-Version: 1.0\nnonsense\n",
        "Wheel-Version: 1.\n",
        "Wheel-Version: 10.0\n", "Wheel-Version: -1.0\n",
    ])
    func `a WHEEL that installers refuse is refused`(_ text: String) async {
        #expect(await refusal("WHEEL", text) != nil)
    }

    @Test(arguments: [
        "Wheel-Version: 1.0\n", "wheel-version: 1.9\r\nRoot-Is-Purelib: False\r\nTag: a\r\nTag: b\r\n",
        "Wheel-Version: 1.0\nBuild: 1\n\n",
    ])
    func `a WHEEL that installers take is taken`(_ text: String) async {
        #expect(await refusal("WHEEL", text) == nil)
    }

    @Test(arguments: ["a.py,,\rb.py,,\n", "a.py,,\u{85}", "\"a\nb\",,\n", "a\u{2028}b,,\n", "a\u{0}b,,\n"])
    func `a RECORD whose lines readers see differently is refused`(_ text: String) async {
        #expect(await refusal("RECORD", text) != nil)
    }

    @Test(arguments: [
        "/bin/evil = a:b", "../../x = a:b", "..=a:b", ". = a:b", "a\\b = a:b", "c:x = a:b", "= a:b", "x = a", "x", "x = a:",
        "x = a:b\nx = c:d", "a/b = c:d",
    ])
    func `a program whose name leads elsewhere, or that says nothing to call, is refused`(_ line: String) async {
        for section in ["console_scripts", "gui_scripts"] {
            #expect(await refusal("entry_points.txt", "[\(section)]\n\(line)\n") != nil, "\(line)")
            #expect(await refusal("entry_points.txt", "[a]\nb = c\n[ \(section) ]\r\n  \(line)\r\n") != nil, "\(line)")
        }
    }

    @Test(arguments: [
        "", "[console_scripts]\n",
        "[console_scripts]\r\na.b-c_d = e.f:g.h [extra]\r\n# /x = y\n; ../x = y\n[gui_scripts]\na.b-c_d = e:f\n",
        "[my.plugins]\n/a/b = c\n../x = d:e\n", "[console_scripts]\nname with spaces=a:b\n",
    ])
    func `programs with names of files are taken, and other entry points with any`(_ text: String) async {
        #expect(await refusal("entry_points.txt", text) == nil)
    }

    @Test func `a source archive's PKG-INFO keeps the same rules`() async {
        for more in ["Summary: a\rName: evil\n", "Name: evil\n", "Summary: \u{202E}\n", "\n\u{9B}\n", "nonsense\n"] {
            let archive = FixtureTar([FixtureTar.Entry("foo-1.0/PKG-INFO", Self.metadata(more))])
            let form = FixtureForm("foo", "1.0", filetype: "sdist", filename: "foo-1.0.tar.gz", contents: archive.bytes)
            await #expect(throws: SaveError.self) { try await form.submit() }
        }
    }

    @Test func `a wheel has no symbolic links, and names that are UTF-8`() async {
        func refusal(_ change: (inout FixtureZip.Entry) -> Void) async -> String? {
            var entry = FixtureZip.Entry("foo/x", "y")
            change(&entry)
            let rest = Self.files.map { FixtureZip.Entry("foo-1.0.dist-info/\($0.key)", $0.value) }
            let bytes = FixtureZip(rest + [entry]).bytes
            do {
                _ = try await FixtureForm("foo", "1.0", filename: "foo-1.0-py3-none-any.whl", contents: bytes).submit()
                return nil
            } catch { return (error as? SaveError)?.message }
        }
        #expect(await refusal { _ in } == nil)
        #expect(await refusal { $0.mode = 0o120777 }?.contains("symbolic link") == true)
        #expect(await refusal { $0.rawName = [0x66, 0x81] }?.contains("not UTF-8") == true)
        #expect(await refusal { $0.flags = 0x20 }?.contains("feature of zip") == true)
    }

    @Test func `a zipped source archive may have names of code page 437`() async throws {
        var old = FixtureZip.Entry("foo-1.0/x", "y")
        old.rawName = Array("foo-1.0/".utf8) + [0x81]
        let bytes = FixtureZip([FixtureZip.Entry("foo-1.0/PKG-INFO", Self.metadata("")), old]).bytes
        let form = FixtureForm("foo", "1.0", filetype: "sdist", filename: "foo-1.0.zip", contents: bytes)
        #expect(try await form.submit().items.count == 1)
    }
}

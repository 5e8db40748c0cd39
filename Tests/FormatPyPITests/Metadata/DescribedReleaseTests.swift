import SavePlatform
import Testing

@testable import FormatPyPI

@Suite struct DescribedReleaseTests {
    private let metadata = Array(
        """
        Metadata-Version: 2.4
        Name: demo
        Version: 1.0
        Summary: What it is
        Requires-Python: >=3.10
        License-Expression: MIT
        Author: UNKNOWN
        Author-email: A <a@b.test>
        Project-URL: Source, https://x.test/a, b
        Project-URL: no comma
        Requires-Dist: foo-bar[x]>=1; python_version < "4"
        Requires-Dist: baz (>=2); extra == 'socks'
        Requires-Dist: qux ; python_version>"3" and extra=="a-b"
        Requires-Dist: extras
        Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM

        # Demo

        Body: of it
        """.utf8)

    private func format() throws -> PyPIFormat { try PyPIFormat(settings: [:]) }
    private func file() throws -> AssetRecord { AssetRecord(path: try AssetPath("packages/demo/demo-1.0-py3-none-any.whl")) }

    @Test func `a release is described by the metadata beside its file`() throws {
        let (format, file) = (try format(), try file())
        #expect(format.metadataPath(of: file)?.text == "packages/demo/demo-1.0-py3-none-any.whl.metadata")
        #expect(format.summary(of: file, metadata: metadata) == "What it is")
        let facts = format.facts(of: file, metadata: metadata).map { "\($0.name): \($0.value)" }
        #expect(facts == ["Python: >=3.10", "Licence: MIT", "Author: A <a@b.test>", "Source: https://x.test/a, b"])
        let readme = format.readme(of: file, metadata: metadata, package: [:])
        #expect(readme?.type.essence == "text/markdown")
        #expect(readme.map { String(decoding: $0.bytes, as: UTF8.self) } == "# Demo\n\nBody: of it")
    }

    @Test func `dependencies have their names, their versions with conditions, and the extra that needs them`() throws {
        let found = try format().dependencies(of: try file(), metadata: metadata)
        #expect(found.map(\.name) == ["foo-bar", "baz", "qux", "extras"])
        #expect(found.map(\.group) == ["", "extra socks", "extra a-b", ""])
        #expect(found.first?.versions == "[x]>=1; python_version < \"4\"")
    }

    @Test func `a description without a type is reStructuredText, and may be in a field of its own`() throws {
        let (format, file) = (try format(), try file())
        let body = format.readme(of: file, metadata: Array("Name: demo\n\nText\n".utf8), package: [:])
        #expect(body?.type.essence == "text/x-rst")
        let field = format.readme(
            of: file, metadata: Array("Name: demo\nDescription: A\n        B\n       |C\n".utf8), package: [:])
        #expect(field.map { String(decoding: $0.bytes, as: UTF8.self) } == "A\nB\nC")
        for none in ["Name: demo\n", "Name: demo\n\n\n \n", "Name: demo\nDescription: UNKNOWN\n", "", "\u{0}:\n:\n"] {
            #expect(format.readme(of: file, metadata: Array(none.utf8), package: [:]) == nil, "\(none)")
        }
    }

    @Test func `without metadata the record says what it knows`() throws {
        let format = try format()
        var file = try file()
        file.attributes["requires-python"] = ">=3.8"
        file.attributes["has-provenance"] = true
        #expect(format.readme(of: file, metadata: nil, package: [:]) == nil)
        #expect(format.facts(of: file, metadata: nil).map(\.name) == ["Python", "Provenance"])
        #expect(format.dependencies(of: file, metadata: nil).isEmpty)
    }

    @Test func `pre-releases and a project's status are told`() throws {
        let format = try format()
        #expect(["1.0a1", "1.0.dev1", "2rc1"].allSatisfy(format.isPrerelease))
        #expect(!["1.0", "1.0.post1", "nonsense"].contains(where: format.isPrerelease))
        #expect(format.status(of: ["project-status": ["status": "archived", "reason": "x"]])?.word == "archived")
        #expect(format.status(of: ["project-status": ["status": "active"]]) == nil)
        #expect(format.status(of: [:]) == nil)
    }
}

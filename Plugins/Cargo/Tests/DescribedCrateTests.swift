import SavePlatform
import SaveTestKit
import Testing

@testable import FormatCargo

@Suite struct DescribedCrateTests {
    private func file(_ record: CrateRecord) throws -> AssetRecord {
        var file = AssetRecord(path: try AssetPath("crates/my_crate/1.2.3/my_crate-1.2.3.crate"), version: "1.2.3")
        file.attributes = record.attributes
        return file
    }

    private func crate(_ package: String, _ files: [(String, String)]) -> [UInt8] {
        SampleCrate(
            manifest: "[package]\nname = \"my_crate\"\nversion = \"1.2.3\"\n\(package)",
            more: files.map { FixtureTar.Entry("my_crate-1.2.3/" + $0.0, $0.1) }
        ).file
    }

    @Test func `a crate is described by its publish, its index and its README`() throws {
        let format = try CargoFormat(settings: [:])
        let line: JSONObject = [
            "rust_version": "1.70",
            "deps": [
                ["name": "serde", "req": "^1", "kind": "normal"],
                ["name": "alias", "package": "real", "req": "^2", "kind": "dev"],
                ["name": "libc", "req": "*", "kind": "normal", "optional": true, "target": "cfg(unix)"],
            ],
        ]
        let file = try file(
            CrateRecord(line: line, about: ["description": "A crate", "license": "MIT", "keywords": ["a", "b"]]))
        #expect(format.metadataPath(of: file) == file.path)
        let bytes = crate("readme = \"docs/README.md\"\n", [("docs/README.md", "# Docs"), ("README.md", "# Top")])
        #expect(format.summary(of: file, metadata: bytes) == "A crate")
        let readme = format.readme(of: file, metadata: bytes, package: [:])
        #expect(readme?.bytes == Array("# Docs".utf8) && readme?.type.essence == "text/markdown")
        #expect(
            format.facts(of: file, metadata: bytes).map { "\($0.name): \($0.value)" } == [
                "Rust: 1.70 or later", "Licence: MIT", "Keywords: a, b",
            ])
        #expect(
            format.dependencies(of: file, metadata: nil).map { "\($0.name) \($0.versions) \($0.group)" } == [
                "serde ^1 ", "real ^2 development", "libc * optional, on cfg(unix)",
            ])
    }

    @Test func `a crate of another registry is described by its manifest`() throws {
        let format = try CargoFormat(settings: [:])
        let file = try file(CrateRecord(line: [:]))
        let bytes = crate(
            "description = \"From its manifest\"\nlicense = \"Apache-2.0\"\nrepository = \"https://x.test/a\"\nauthors = [\"A\", \"B\"]\n",
            [("README.txt", "plain")])
        #expect(format.summary(of: file, metadata: bytes) == "From its manifest")
        #expect(format.readme(of: file, metadata: bytes, package: [:])?.type.essence == "text/plain")
        #expect(
            format.facts(of: file, metadata: bytes).map { "\($0.name): \($0.value)" } == [
                "Licence: Apache-2.0", "Authors: A, B", "Repository: https://x.test/a",
            ])
        let none = crate("readme = false\n", [("README.md", "# Not meant")])
        #expect(format.readme(of: file, metadata: none, package: [:]) == nil)
        for bytes in [nil, [], [0x1F, 0x8B, 0]] as [[UInt8]?] {
            #expect(format.readme(of: file, metadata: bytes, package: [:]) == nil)
            #expect(format.facts(of: file, metadata: bytes).isEmpty)
        }
        #expect(format.isPrerelease("1.0.0-rc.1") && !format.isPrerelease("1.0.0") && !format.isPrerelease("x"))
    }
}

import SavePlatform
import Testing

@testable import FormatNpm

@Suite struct DescribedVersionTests {
    private func file(_ manifest: JSONObject) throws -> AssetRecord {
        AssetRecord(
            path: try AssetPath("demo/-/demo-1.0.0.tgz"), version: "1.0.0",
            attributes: VersionRecord(manifest: manifest).attributes)
    }

    @Test func `a version is described by its package.json`() throws {
        let format = try NpmFormat(settings: [:])
        let file = try file([
            "description": "What it is", "readme": "# Demo", "license": "MIT", "engines": ["node": ">=18"],
            "author": ["name": "A"],
            "repository": ["url": "git+https://x.test/demo.git"], "keywords": ["a", "b"],
            "dependencies": ["@scope/a": "^1.0.0"], "devDependencies": ["b": "*"], "peerDependencies": ["c": "1"],
        ])
        #expect(format.summary(of: file, metadata: nil) == "What it is")
        #expect(format.readme(of: file, metadata: nil, package: [:])?.type.essence == "text/markdown")
        let facts = format.facts(of: file, metadata: nil).map { "\($0.name): \($0.value)" }
        #expect(
            facts == ["Node: >=18", "Licence: MIT", "Author: A", "Repository: https://x.test/demo.git", "Keywords: a, b"])
        let needs = format.dependencies(of: file, metadata: nil).map { "\($0.name) \($0.versions) \($0.group)" }
        #expect(needs == ["@scope/a ^1.0.0 ", "c 1 peer", "b * development"])
        #expect(format.metadataPath(of: file) == nil)
    }

    @Test func `the README of another registry's package stands for a version without one`() throws {
        let format = try NpmFormat(settings: [:])
        for (own, package, expected) in [
            (nil, "# P", "# P"), ("# V", "# P", "# V"), ("ERROR: No README data found!", nil, nil), ("", nil, nil),
            (nil, nil, nil),
        ] as [(String?, String?, String?)] {
            var manifest: JSONObject = ["name": "demo"]
            manifest["readme"] = own.map(JSONValue.string)
            var attributes = JSONObject()
            attributes["readme"] = package.map(JSONValue.string)
            let found = format.readme(of: try file(manifest), metadata: nil, package: attributes)
            #expect(found.map { String(decoding: $0.bytes, as: UTF8.self) } == expected)
        }
    }

    @Test func `what is no text where text belongs is left out`() throws {
        let format = try NpmFormat(settings: [:])
        let file = try file([
            "description": 1, "readme": ["a"], "license": [:], "engines": "x", "author": 1, "repository": 2, "keywords": "a",
            "dependencies": ["a": 1], "devDependencies": ["b"],
        ])
        #expect(format.summary(of: file, metadata: nil) == nil && format.readme(of: file, metadata: nil, package: [:]) == nil)
        #expect(format.facts(of: file, metadata: nil).isEmpty)
        #expect(format.dependencies(of: file, metadata: nil).map(\.versions) == [""])
        #expect(format.isPrerelease("1.0.0-rc.1") && !format.isPrerelease("1.0.0") && !format.isPrerelease("x"))
    }
}

import SavePlatform
import Testing

@testable import FormatGo

@Suite struct DescribedModuleTests {
    private let format = (try? GoFormat(settings: [:]))

    private func file(_ path: String) throws -> AssetRecord { AssetRecord(path: try AssetPath(path), version: "v1.2.0") }

    @Test func `a module is described by its README, and by what its go file needs`() throws {
        let format = try #require(format)
        let file = try file("corp.test/!team/lib/@v/v1.2.0.zip")
        #expect(format.metadataPath(of: file) == file.path)
        let goMod = """
            module corp.test/Team/lib // the library

            go 1.22
            require example.com/one v1.0.0
            require (
            \tgolang.org/x/text v0.3.0 // indirect
            \t"example.com/quoted" v2.0.0+incompatible
            )
            exclude example.com/no v1.0.0
            """
        let zip = moduleZip(
            "corp.test/Team/lib", "v1.2.0", goMod: goMod,
            files: [("lib.go", "package lib\n"), ("docs/README.md", "no"), ("README", "old"), ("ReadMe.md", "# Lib")])
        let readme = format.readme(of: file, metadata: zip, package: [:])
        #expect(readme?.type.essence == "text/markdown" && readme?.bytes == Array("# Lib".utf8))
        #expect(format.facts(of: file, metadata: zip).map { "\($0.name): \($0.value)" } == ["Go: 1.22 or later"])
        #expect(
            format.dependencies(of: file, metadata: zip).map { "\($0.name) \($0.versions) \($0.group)" } == [
                "example.com/one v1.0.0 ", "golang.org/x/text v0.3.0 indirect", "example.com/quoted v2.0.0+incompatible ",
            ])
    }

    @Test func `what is no zip, or not here, says nothing`() throws {
        let format = try #require(format)
        let file = try file("corp.test/lib/@v/v1.2.0.zip")
        let plain = moduleZip("corp.test/lib", "v1.2.0", files: [("readme.txt", "plain")])
        #expect(format.readme(of: file, metadata: plain, package: [:])?.type.essence == "text/plain")
        for zip in [nil, [], [1, 2, 3], moduleZip("corp.test/lib", "v1.2.0")] as [[UInt8]?] {
            #expect(format.readme(of: file, metadata: zip, package: [:]) == nil)
            #expect(format.dependencies(of: file, metadata: zip).isEmpty)
        }
        #expect(format.isPrerelease("v1.0.0-rc1") && format.isPrerelease("v0.0.0-20260102030405-abcdefabcdef"))
        #expect(!format.isPrerelease("v1.0.0") && !format.isPrerelease("v2.0.0+incompatible") && !format.isPrerelease("x"))
    }
}

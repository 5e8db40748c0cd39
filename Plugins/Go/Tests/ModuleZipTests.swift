import SavePlatform
import SaveTestKit
import Testing

@testable import FormatGo

/// Zips that the go command would refuse, or that its users could unpack in more than one way.
@Suite struct ModuleZipTests {
    private static let module = "example.com/a"
    private static let prefix = "example.com/a@v1.0.0/"

    private func refusal(_ zip: [UInt8], version: String = "v1.0.0") async throws -> String? {
        let plan = UploadPlan(path: try AssetPath("example.com/a/@v/\(version).zip"))
        do {
            _ = try await GoFormat(settings: [:]).receive(
                UploadRequest(plan: plan, contentType: nil, body: ByteStream(zip)), into: InMemoryStaging())
            return nil
        } catch let error as SaveError {
            #expect(error.code == .invalidRequest && error.details["field"] == "content", "\(error)")
            return error.message
        }
    }

    private func refusal(files names: [String]) async throws -> String? {
        try await refusal(moduleZip(Self.module, "v1.0.0", files: names.map { ($0, "x") }))
    }

    @Test(arguments: [
        "LICENSE", "a/b/c.go", "été.go", "with space.txt", "a/testdata/x!#$%&()+,-.=@[]^_{}~", "vendor/modules.txt", ".hidden",
        "~1",
    ]) func `a file may have a name that every system takes`(name: String) async throws {
        #expect(try await refusal(files: [name]) == nil)
    }

    @Test(arguments: [
        "a:b.go", "a*b", "a\"b", "a<b", "a>b", "a?b", "a|b", "a`b", "a'b", "CON", "a/aux.go", "com1", "a./b", "b.",
        "\u{1F600}.go",
        "e\u{301}.go",
    ]) func `a file may not have a name that some system does not take`(name: String) async throws {
        #expect(try await refusal(files: [name])?.contains("no file name that every system takes") == true)
    }

    @Test(arguments: [
        ["README", "readme"], ["a/x.go", "A/y.go"], ["a", "a/b.go"], ["a/b.go", "A"], ["\u{212A}.go", "k.go"], ["ſ.go", "S.go"],
        ["É", "é"],
    ]) func `no two files are one where capitals do not count`(names: [String]) async throws {
        let message = try #require(try await refusal(files: names))
        #expect(message.contains("one file where capitals do not count") || message.contains("a file and a folder"), "\(message)")
    }

    @Test(arguments: [
        "example.com/a/lib.go", "example.com/a@v1.0.1/lib.go", "example.com/A@v1.0.0/lib.go", "example.com/a@v1.0.0lib.go",
        "lib.go",
        "example.com/a@v1.0.0",
    ]) func `every name begins with the module and the version`(name: String) async throws {
        let zip = moduleZip(Self.module, "v1.0.0", more: [FixtureZip.Entry(name, "x")])
        #expect(try await refusal(zip)?.contains("does not begin with example.com/a@v1.0.0/") == true)
    }

    @Test(arguments: ["../x", "a/../../x", "./x", "a//x", "/x"]) func `no name leads out of the module`(name: String) async throws
    {
        let zip = moduleZip(Self.module, "v1.0.0", more: [FixtureZip.Entry(Self.prefix + name, "x")])
        #expect(try await refusal(zip)?.contains("not allowed") == true)
    }

    @Test(arguments: [0o120777, 0o020666, 0o010644] as [UInt32]) func `a link, a device and a pipe are no files`(mode: UInt32)
        async throws
    {
        var entry = FixtureZip.Entry(Self.prefix + "x", "go.mod")
        entry.mode = mode
        #expect(try await refusal(moduleZip(Self.module, "v1.0.0", more: [entry])) != nil)
    }

    @Test(arguments: ["sub/go.mod", "sub/GO.MOD", "Go.mod"]) func `there is one go.mod, at the top, in small letters`(
        name: String
    ) async throws {
        let zip = moduleZip(Self.module, "v1.0.0", goMod: name == "Go.mod" ? "" : nil, files: [(name, "module example.com/a\n")])
        #expect(try await refusal(zip)?.contains("go.mod") == true || name != "Go.mod")
        #expect(try await refusal(zip) != nil)
    }

    @Test(arguments: [
        "module example.com/b\n", "module example.com/a/v2\n", "module Example.com/a\n", "go 1.20\n", "// module example.com/a\n",
        "module\n",
        "module example.com/a\nmodule example.com/a\n", "module example.com/a example.com/a\n", "\u{FEFF}module example.com/a\n",
    ]) func `go.mod is of the module that is published`(text: String) async throws {
        #expect(try await refusal(moduleZip(Self.module, "v1.0.0", goMod: text)) != nil)
    }

    @Test(arguments: [
        "module example.com/a\n", "// about\nmodule \"example.com/a\" // Deprecated: x\n\ngo 1.20\n",
        "module `example.com/a`\r\n",
        "module (\n\texample.com/a\n)\n", "\n\n\tmodule\texample.com/a\n", "module example.com/a// x\n",
    ]) func `a module directive has several spellings`(text: String) async throws {
        #expect(try await refusal(moduleZip(Self.module, "v1.0.0", goMod: text)) == nil)
    }

    @Test func `what has a go.mod file is not incompatible`() async throws {
        let zip = moduleZip(Self.module, "v2.0.0+incompatible")
        #expect(try await refusal(zip, version: "v2.0.0+incompatible")?.contains("must end in /v2") == true)
    }

    @Test func `what claims to unpack to more than a module may have is refused`() async throws {
        var entry = FixtureZip.Entry(Self.prefix + "big", "x")
        entry.claimedSize = 500 << 20
        #expect(try await refusal(moduleZip(Self.module, "v1.0.0", more: [entry])) != nil)
        var license = FixtureZip.Entry(Self.prefix + "LICENSE", "x")
        license.claimedSize = (16 << 20) + 1
        #expect(try await refusal(moduleZip(Self.module, "v1.0.0", more: [license]))?.contains("LICENSE is larger") == true)
    }

    @Test func `what is too large is refused before it is read`() async throws {
        let plan = UploadPlan(path: try AssetPath("example.com/a/@v/v1.0.0.zip"))
        let body = ByteStream(length: ModuleZip.maxBytes + 1) {
            Issue.record("it was read")
            return nil
        }
        let error = await #expect(throws: SaveError.self) {
            try await GoFormat(settings: [:]).receive(
                UploadRequest(plan: plan, contentType: nil, body: body), into: InMemoryStaging())
        }
        #expect(error?.code == .tooLarge)
    }

    @Test func `names are as deep as sources are, and not so long together that they fill the memory`() async throws {
        let folders = Array(repeating: "f", count: 63).joined(separator: "/")
        #expect(try await refusal(files: [folders + "/x.go"]) == nil)
        #expect(try await refusal(files: ["a/" + folders + "/x.go"])?.contains("has more than 64 elements") == true)
        // Of each name, every beginning that ends at a slash is kept: a quarter of a megabyte.
        let long = Array(repeating: String(repeating: "x", count: 59), count: 62).joined(separator: "/")
        #expect(try await refusal(files: (0..<10).map { "\($0)/\(long)" }) == nil)
        #expect(try await refusal(files: (0..<160).map { "\($0)/\(long)" })?.contains("its names take more than") == true)
    }

    @Test func `what is no zip, or one with nothing in it, is refused`() async throws {
        for bytes in [
            [], Array("no zip".utf8), FixtureZip([]).bytes, FixtureZip([.init(Self.prefix, [], isDeflated: false)]).bytes,
        ] {
            #expect(try await refusal(bytes) != nil)
        }
    }
}

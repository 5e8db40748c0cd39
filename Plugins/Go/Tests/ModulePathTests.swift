import SavePlatform
import Testing

@testable import FormatGo

@Suite struct ModulePathTests {
    @Test(arguments: [
        ("example.com", ""), ("example.com/Azure/go-sdk", ""), ("example.com/a/v2", "/v2"), ("example.com/a/v10", "/v10"),
        ("gopkg.in/yaml.v2", ".v2"), ("gopkg.in/a/check.v0", ".v0"), ("gopkg.in/a.v1-unstable", ".v1"), ("a.b/c_d/~e/f.g", ""),
        ("example.com/v", ""), ("example.com/a2", ""), ("x-y.z/q", ""),
    ]) func `a module path says its major version`(text: String, major: String) {
        #expect(ModulePath(text)?.major == major)
    }

    @Test(arguments: [
        "", "/", "example", "localhost/a", "Example.com/a", "exa_mple.com/a", "-example.com/a", "example.com/", "/example.com",
        "example.com//a", "example.com/.a", "example.com/a.", "example.com/..", "example.com/a b", "example.com/a@b",
        "example.com/a!b",
        "example.com/a+b", "example.com/é", "example.com/v1", "example.com/a/v1", "example.com/a/v0", "example.com/a/v02",
        "example.com/a/v2.1", "gopkg.in/yaml", "gopkg.in/yaml.v02", "gopkg.in/v2", "example.com/con", "example.com/Aux.go",
        "example.com/a~1", "example.com/progra~12.x", "example.com/a\u{0}", "\u{212A}.com/a", "example.com/\u{212A}",
    ]) func `what the go command refuses is no module path`(text: String) {
        #expect(ModulePath(text) == nil)
    }

    @Test func `capitals are spelled with an exclamation mark`() {
        #expect(ModulePath("example.com/Azure/GO")?.escaped == "example.com/!azure/!g!o")
        #expect(ModulePath(escaped: ["example.com", "!azure", "!g!o"])?.text == "example.com/Azure/GO")
        for text in ["Azure", "!Azure", "!", "!!a", "a!", "!1", "!é"] { #expect(CaseEscape.unescaped(text) == nil, "\(text)") }
    }

    @Test(arguments: [
        ("example.com/a", "v0.0.1", true), ("example.com/a", "v1.9.0", true), ("example.com/a", "v2.0.0", false),
        ("example.com/a", "v2.0.0+incompatible", true), ("example.com/a/v2", "v2.0.0", true),
        ("example.com/a/v2", "v1.0.0", false),
        ("example.com/a/v2", "v20.0.0", false), ("gopkg.in/a.v1", "v1.2.3", true),
        ("gopkg.in/a.v1", "v0.0.0-20161208181325-20d25e280405", true),
        ("gopkg.in/a.v2", "v0.0.0-20161208181325-20d25e280405", false),
        ("example.com/a/v2", "v2.0.0+incompatible", false),
    ]) func `a version belongs to the path with its major version`(path: String, version: String, takes: Bool) throws {
        #expect(try #require(ModulePath(path)).takes(try #require(ModuleVersion(version))) == takes)
    }

    @Test func `a pattern for reserved names covers modules below a prefix`() throws {
        let format = try GoFormat(settings: [:])
        #expect(NamePattern("corp.example.com/*", for: format)?.rawValue == "corp.example.com/*")
        #expect(NamePattern("example.com/Acme*", for: format)?.covers(PackageID(normalized: "example.com/Acme-lib")) == true)
        #expect(NamePattern("example.com/Acme/lib", for: format)?.rawValue == "example.com/Acme/lib")
        #expect(NamePattern("nothing", for: format) == nil)
    }
}

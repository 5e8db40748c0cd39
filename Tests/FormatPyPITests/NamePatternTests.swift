import FormatPyPI
import SavePlatform
import Testing

@Suite struct NamePatternTests {
    private let format: PyPIFormat

    init() throws { format = try PyPIFormat(settings: [:]) }

    @Test(arguments: [
        ("acme-*", "acme-*"), ("Acme_*", "acme-*"), ("ACME--*", "acme-*"), ("acme.*", "acme-*"), ("acme*", "acme*"),
        ("Acme.Lib", "acme-lib"), ("a*", "a*"),
    ]) func `a pattern is kept as names are spelled`(text: String, kept: String) throws {
        #expect(NamePattern(text, for: format)?.rawValue == kept)
    }

    @Test(arguments: ["", "*", "-*", "acme-", "ac*me", "acme-**", "acme *", "é*", "*acme", "acme-*\n", "\u{212A}*"])
    func `what covers no name is refused`(text: String) throws {
        #expect(NamePattern(text, for: format) == nil)
    }

    @Test(arguments: ["acme-lib", "Acme_Lib", "acme.lib", "ACME--lib"])
    func `R-78 a pattern covers every spelling of a name`(name: String) throws {
        let pattern = try #require(NamePattern("Acme_*", for: format))
        #expect(pattern.covers(try #require(format.package(named: name))))
        let single = try #require(NamePattern("ACME.LIB", for: format))
        #expect(single.covers(try #require(format.package(named: name))))
    }

    @Test(arguments: ["acme", "acmelib", "xacme-lib", "ac"])
    func `a pattern covers nothing else`(name: String) throws {
        let pattern = try #require(NamePattern("acme-*", for: format))
        #expect(!pattern.covers(PackageID(normalized: name)))
    }
}

import SavePlatform
import SaveVersions
import Testing

@testable import FormatNpm

@Suite struct NamesTests {
    @Test(arguments: ["left-pad", "@acme/left-pad", "JSONStream", "a", "x.y_z~1", "@a/b"])
    func `a name is read as it is written`(_ text: String) throws {
        #expect(try #require(PackageName(text)).text == text)
    }

    @Test(arguments: [
        "", ".hidden", "_private", "@acme", "@/x", "@acme/", "@acme/.x", "a/b", "@a/b/c", "a b", "a%2fb", "é", "a\u{0}",
        String(repeating: "a", count: 215), "@.a/b", "@acme\u{338}/x",
    ])
    func `what is no name is none`(_ text: String) { #expect(PackageName(text) == nil) }

    @Test func `versions come in the order of their precedence`() throws {
        // Semantic Versioning 2.0.0, 11.
        let texts = [
            "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
            "1.0.0",
            "2.0.0", "2.1.0", "2.1.1", "10.0.0",
        ]
        let versions = try texts.map { try #require(SemanticVersion($0)) }
        #expect(versions.shuffled().sorted().map(\.description) == texts)
    }

    @Test(arguments: [
        "", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "1.0.0 ", "1.0.0-é",
        "99999999999999999999.0.0", "-1.0.0",
    ])
    func `what is no semantic version is none`(_ text: String) { #expect(SemanticVersion(text) == nil) }
}

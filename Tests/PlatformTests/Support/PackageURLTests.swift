import SavePlatform
import Testing

@Suite struct PackageURLTests {
    @Test(arguments: [
        ("pkg:pypi/django@1.11.1", "pypi", "django", "1.11.1"),
        ("pkg:npm/%40angular/animation@12.3.1", "npm", "@angular/animation", "12.3.1"),
        ("pkg:npm/@scope/name", "npm", "@scope/name", nil), ("PKG://PyPI/a@1%212.0%2Blocal", "pypi", "a", "1!2.0+local"),
        ("pkg:maven/org.x/core@1?type=jar#sub/path", "maven", "org.x/core", "1"),
        ("pkg:pypi/caf%C3%A9", "pypi", "caf\u{E9}", nil),
    ])
    func `a package URL has a type, a name with its namespace, and a version`(
        text: String, type: String, name: String, version: String?
    ) throws {
        let url = try PackageURL(text)
        #expect((url.type, url.name, url.version) == (type, name, version))
        #expect(try PackageURL(url.description) == url)
    }

    @Test(arguments: [
        "", "pkg:", "pkg:pypi", "pkg:pypi/", "pypi/a@1", "pkg:py pi/a", "pkg:pypi/%ZZ", "pkg:pypi/a@", "pkg:pypi/a@%00",
        "pkg:pypi/%ff",
        "pkg:pypi/a%2Fb", "pkg:/a",
    ])
    func `what is none is refused with an example`(text: String) {
        let error = #expect(throws: SaveError.self) { try PackageURL(text) }
        #expect(error?.code == .invalidRequest && error?.message.contains("pkg:pypi/name@1.0") == true)
    }

    @Test func `the text of one can be put in a URL as it is`() {
        #expect(PackageURL(type: "npm", name: "@scope/a b", version: "1.0+x").description == "pkg:npm/%40scope/a%20b@1.0%2Bx")
    }
}

import Testing

@testable import FormatPyPI

@Suite struct VersionTests {
    /// In ascending order, each in its normal form.
    private static let ordered = [
        "0.dev0", "0", "1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2",
        "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0+abc.7", "1.0+5",
        "1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1", "2.9", "2.10", "99999999999999999999999", "1!0.1",
        "1!1.0a1", "10!0",
    ]

    @Test func `versions are ordered as PEP 440 says`() throws {
        let versions = try Self.ordered.map { try #require(Version($0)) }
        for (left, right) in zip(versions, versions.dropFirst()) {
            #expect(left < right, "\(left.text) \(right.text)")
            #expect(!(right < left))
        }
        #expect(versions.reversed().sorted() == versions)
    }

    @Test(arguments: [
        ("1.0RC1", "1.0rc1"), ("v1.0", "1.0"), ("1.0-1", "1.0.post1"), ("1.0_rev2", "1.0.post2"), ("1.0alpha", "1.0a0"),
        ("1.0.C.1", "1.0rc1"), ("1.0preview-3", "1.0rc3"), ("001.002", "1.2"), ("0!1.0", "1.0"), ("1!2", "1!2"),
        ("1.0+Ubuntu-1_2", "1.0+ubuntu.1.2"), ("1.0+cu118", "1.0+cu118"), ("1.0+01", "1.0+1"), ("1.0dev", "1.0.dev0"),
        ("1.0-a_1-post.2.dev3", "1.0a1.post2.dev3"), ("1.0a.", "1.0a0"), ("1.0r4", "1.0.post4"), ("2023.08.01", "2023.8.1"),
    ])
    func `a version has one normal form`(_ text: String, _ normal: String) {
        #expect(Version(text)?.text == normal)
    }

    @Test(arguments: [
        "", "v", "1.", "1..0", "a1", "1.0+", "1.0+a..b", "1.0+a!b", "1.0 ", " 1.0", "1.0-", "1.0+ü", "1!", "!1", "1.0.x",
        "1.0a1b1",
        "1.0.dev1.post1", "１.0", "1.0\n",
    ])
    func `what is not a version is none`(_ text: String) {
        #expect(Version(text) == nil)
    }

    @Test func `zeros at the end of a release do not count`() throws {
        let short = try #require(Version("1.0"))
        let long = try #require(Version("1.0.0.0"))
        #expect(short == long)
        #expect(short.hashValue == long.hashValue)
        #expect(short.canonical == "1" && long.canonical == "1")
        #expect(long.text == "1.0.0.0")
        #expect(Version("1.0a1") == Version("1a1"))
        #expect(Version("0.0")?.canonical == "0")
    }

    @Test func `long texts are refused before they are read`() {
        #expect(Version(String(repeating: "1!", count: 50_000)) == nil)
        #expect(Version(String(repeating: "1.", count: 150) + "1") == nil)
    }
}

import SavePlatform
import Testing

@testable import FormatOci

@Suite struct NameTests {
    @Test(arguments: ["a", "app", "team/app", "a.b", "a_b", "a__b", "a-b", "a---b", "0/1", "a/b/c/d", "blobs", "a/manifests"])
    func `a name of the specification is one`(name: String) {
        #expect(ImageName(name)?.text == name)
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a//b", "A", "a.", ".a", "a..b", "a___b", "a_-b", "a.-b", "-a", "a-", "a b", "é", "a:b", "a@b",
        "+at",
        String(repeating: "a", count: 201),
    ])
    func `another name is none`(name: String) {
        #expect(ImageName(name) == nil)
    }

    @Test(arguments: ["latest", "v1.0", "_x", "A-b.c_d", "0", String(repeating: "a", count: 128)])
    func `a tag of the specification is one`(tag: String) {
        #expect(ImageTag(tag)?.text == tag)
    }

    @Test(arguments: ["", ".a", "-a", "a:b", "a b", "a/b", "é", String(repeating: "a", count: 129)])
    func `another tag is none`(tag: String) {
        #expect(ImageTag(tag) == nil)
    }

    @Test func `tags have the order of their letters, whatever their case`() {
        let tags = ["b", "A", "a", "B", "a1", "_", "10", "2"]
        #expect(tags.sorted(by: ImageTag.precedes) == ["10", "2", "_", "A", "a", "a1", "B", "b"])
    }

    @Test func `a digest is one by sha256 or sha512, in small letters`() {
        let short = String(repeating: "0a", count: 32)
        #expect(ContentDigest("sha256:\(short)")?.text == "sha256:\(short)")
        #expect(ContentDigest("sha512:\(short)\(short)") != nil)
        for text in [
            "", "sha256", "sha256:", "sha256:\(short)0", "sha512:\(short)", "sha256:\(short.uppercased())", "SHA256:\(short)",
            "md5:\(short.prefix(32))", "sha256:\(short) ", "sha256:sha256:\(short)", "sha256:totallywrong",
        ] {
            #expect(ContentDigest(text) == nil, "\(text)")
        }
    }

    @Test func `the name of an index is read as it was written`() throws {
        let digest = try #require(ContentDigest("sha256:" + String(repeating: "0", count: 64)))
        let tag = try #require(ImageTag("v1"))
        for index in [
            ImageIndex.tags(count: nil, last: nil), .tags(count: 0, last: "a"), .tags(count: 10, last: nil), .manifest(tag),
            .referrers(digest, artifactType: nil), .referrers(digest, artifactType: "application/vnd.x+json/y"),
        ] {
            #expect(ImageIndex(index.text) == index)
            // What a client chose freely stands behind the mark that keeps a page out of memory.
            let isPlain = [.tags(count: nil, last: nil), .manifest(tag), .referrers(digest, artifactType: nil)].contains(index)
            #expect(index.text.utf8.contains(UInt8(ascii: "?")) == !isPlain)
        }
        for text in [
            "", "tags/", "tag", "manifest", "manifest/", "manifest/a/b", "manifest/a?b", "referrers/x", "referrers?x", "other/a",
        ] {
            #expect(ImageIndex(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("*", "latest", true), ("v*", "v1", true), ("v*", "latest", false), ("v1", "v1", true), ("v1", "v10", false),
        ("*-rc*", "1.0-rc1", true), ("*-rc", "1.0-rc1", false), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false),
        ("**", "", true),
    ])
    func `a pattern of immutable tags is about those that it covers`(pattern: String, tag: String, isCovered: Bool) throws {
        let rules = try TagRules(["immutable_tags": .array([.string(pattern)])])
        let refused = (try? rules.checkChange(of: tag, in: PackageID(normalized: "app"), "stays")) == nil
        #expect(refused == isCovered)
    }

    @Test func `a setting that is none is refused by its name`() throws {
        for settings: JSONObject in [
            ["immutable_tags": 1], ["immutable_tags": "v*"], ["immutable_tags": [1]], ["immutable_tags": [""]],
            ["immutable": true],
        ] {
            let error = #expect(throws: SaveError.self) { try OciFormat(settings: settings) }
            #expect(error?.details["field"] == settings.keys.first)
        }
    }
}

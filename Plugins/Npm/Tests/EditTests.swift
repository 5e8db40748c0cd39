import SavePlatform
import SaveTestKit
import Testing

@testable import FormatNpm

@Suite struct EditTests {
    let name = PackageName("tool")

    private func listing(_ versions: [String] = ["1.0.0", "2.0.0"]) throws -> Listing {
        let name = try #require(name)
        return Listing(
            assets: try versions.map { version in
                var record = AssetRecord(
                    path: try name.tarball(#require(SemanticVersion(version))), package: name.package, version: version)
                record.attributes = VersionRecord(manifest: ["name": "tool", "version": .string(version)]).attributes
                return record
            }, attributes: ["dist-tags": ["latest": "2.0.0", "old": "1.0.0"]])
    }

    private func revision(_ listing: Listing) throws -> String {
        Packument(of: try #require(name).package, listing: listing, origin: "").revision
    }

    private func change(_ purpose: Purpose, _ body: JSONValue?, _ listing: Listing) async throws -> PackageChange {
        let plan = UploadPlan(package: try #require(name).package, purpose: purpose.text)
        let upload = UploadRequest(plan: plan, contentType: "application/json", body: ByteStream(body?.bytes ?? []))
        let submission = try await NpmFormat(settings: [:]).receive(upload, into: InMemoryStaging())
        let change = try #require(submission.change)
        return try change(listing)
    }

    private func expect(_ code: SaveError.Code, _ purpose: Purpose, _ body: JSONValue?) async throws {
        let listing = try listing()
        let error = await #expect(throws: SaveError.self) { try await change(purpose, body, listing) }
        #expect(error?.code == code, "\(purpose)")
    }

    @Test func `a tag is given and taken`() async throws {
        let tagged = try await change(.tag("next"), "2.0.0", listing())
        #expect(tagged.attributes?["dist-tags"] == ["latest": "2.0.0", "old": "1.0.0", "next": "2.0.0"])
        #expect(try await change(.untag("old"), nil, listing()).attributes?["dist-tags"] == ["latest": "2.0.0"])
        try await expect(.packageNotFound, .tag("next"), "3.0.0")
        try await expect(.invalidRequest, .tag("next"), "latest")
        try await expect(.invalidRequest, .tag("next"), ["2.0.0"])
        try await expect(.invalidRequest, .tag("1.x"), "2.0.0")
        try await expect(.invalidRequest, .untag("latest"), nil)
        try await expect(.notFound, .untag("missing"), nil)
    }

    @Test func `a note on a version is kept, and an empty one takes it back`() async throws {
        let before = try listing()
        func document(_ note: JSONValue) -> JSONValue {
            ["name": "tool", "versions": ["1.0.0": ["version": "1.0.0", "deprecated": note], "2.0.0": ["version": "2.0.0"]]]
        }
        let noted = try await change(.publish, document("use 2"), before)
        #expect(noted.records.map(\.version) == ["1.0.0"] && noted.removed.isEmpty && noted.attributes == nil)
        var after = before
        after.assets[0] = try #require(noted.records.first)
        #expect(VersionRecord(after.assets[0]).manifest["deprecated"] == "use 2")
        #expect(try revision(after) != revision(before))
        let back = try await change(.publish, document(""), after)
        #expect(back.records == [before.assets[0]])
        // A manifest that differs in anything else changes nothing: published versions stay as they are.
        let other: JSONValue = ["name": "tool", "versions": ["1.0.0": ["version": "1.0.0", "dependencies": ["evil": "1"]]]]
        #expect(try await change(.publish, other, before) == PackageChange())
    }

    @Test func `what is not in a revision goes, and its tags with it`() async throws {
        let before = try listing()
        let document: JSONValue = [
            "name": "tool", "versions": ["2.0.0": ["version": "2.0.0"]], "dist-tags": ["latest": "2.0.0", "old": "1.0.0"],
        ]
        let revised = try await change(.revise(revision(before)), document, before)
        #expect(revised.removed == [before.assets[0].path] && revised.attributes?["dist-tags"] == ["latest": "2.0.0"])
        #expect(try await change(.unpublish(revision(before)), nil, before).removed == before.assets.map(\.path))
        #expect(try await change(.removeFile("tool-1.0.0.tgz"), nil, before).removed == [before.assets[0].path])
        #expect(try await change(.removeFile("tool-9.0.0.tgz"), nil, before) == PackageChange())
    }

    @Test func `a revision that was made from another state of the package is refused`() async throws {
        try await expect(.conflict, .revise("1-old"), ["name": "tool", "versions": [:]])
        try await expect(.conflict, .unpublish("1-old"), nil)
        try await expect(.conflict, .publish, ["name": "tool", "_rev": "1-old", "versions": [:]])
        try await expect(.invalidRequest, .revise("1-old"), ["_id": "tool", "maintainers": []])
        try await expect(.invalidRequest, .revise("1-old"), ["name": "other", "versions": [:]])
    }

    @Test(arguments: [
        Purpose.publish, .tag("a b"), .untag("x"), .revise("1-f"), .unpublish("2"), .removeFile("x-1.0.0.tgz"),
    ])
    func `a purpose is what it was when it is read again`(_ purpose: Purpose) { #expect(Purpose(purpose.text) == purpose) }
}

import SavePlatform
import SaveVersions
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

    @Test func `what rules withhold is changed as if they did not, and their reason is no note`() async throws {
        let before = try listing(["1.0.0", "2.0.0", "3.0.0"])
        let reason = "Blocked by Save: tool 1.0.0 is 2 days old, policy cooldown"
        var shown = before
        shown.assets[0].withdrawn = Withdrawal(reason: reason)
        #expect(try revision(shown) == revision(before))
        func document(_ notes: [(String, JSONValue)], _ revision: String) -> JSONValue {
            let versions = notes.map { ($0.0, ["version": .string($0.0), "deprecated": $0.1] as JSONValue) }
            return [
                "name": "tool", "_rev": .string(revision), "versions": .object(JSONObject(versions)),
                "dist-tags": ["latest": "2.0.0"],
            ]
        }
        for note in [reason, reason + "; use 2"] {
            let notes: [(String, JSONValue)] = [("1.0.0", .string(note)), ("2.0.0", "old"), ("3.0.0", "")]
            let noted = try await change(.publish, document(notes, revision(shown)), before)
            #expect(noted.records.map(\.version) == ["2.0.0"])
        }
        // What was withdrawn here shows its reason as a note as well.
        var withdrawn = before
        withdrawn.assets[0].withdrawn = Withdrawal(reason: "broken")
        let sent = document([("1.0.0", "broken"), ("2.0.0", ""), ("3.0.0", "")], try revision(withdrawn))
        #expect(try await change(.publish, sent, withdrawn) == PackageChange())
    }

    @Test func `a version that rules keep off the page stays, with its tags, when another one goes`() async throws {
        let before = try listing(["1.0.0", "2.0.0", "3.0.0"])
        var shown = before
        shown.assets.removeFirst()
        let rev = try revision(shown)
        func document(_ versions: [String]) -> JSONValue {
            [
                "name": "tool", "_rev": .string(rev), "dist-tags": ["latest": "2.0.0"],
                "versions": .object(JSONObject(versions.map { ($0, ["version": .string($0), "deprecated": "old"]) })),
            ]
        }
        let noted = try await change(.publish, document(["2.0.0", "3.0.0"]), before)
        #expect(noted.records.map(\.version) == ["2.0.0", "3.0.0"])
        let revised = try await change(.revise(rev), document(["2.0.0"]), before)
        #expect(revised.removed == [before.assets[2].path])
        #expect(revised.attributes?["dist-tags"] == ["latest": "2.0.0", "old": "1.0.0"])
        // A version that came meanwhile is a change that the client has not seen.
        var later = before
        later.attributes["dist-tags"] = ["latest": "1.0.0"]
        await #expect(throws: SaveError.self) { try await change(.revise(rev), document(["2.0.0"]), later) }
        await #expect(throws: SaveError.self) { try await change(.publish, document(["2.0.0", "3.0.0"]), later) }
    }

    @Test(arguments: [[0], [1, 3], [0, 1, 2], [4]])
    func `when the whole package goes, what rules keep off the page stays, and what came meanwhile`(_ unseen: [Int]) async throws
    {
        let before = try listing(["1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0"])
        var shown = before
        shown.assets = before.assets.enumerated().filter { !unseen.contains($0.offset) }.map(\.element)
        let gone = try await change(.unpublish(revision(shown)), nil, before)
        #expect(gone.removed == shown.assets.map(\.path))
        var later = before
        later.attributes["dist-tags"] = ["latest": "1.0.0"]
        await #expect(throws: SaveError.self) { try await change(.unpublish(revision(shown)), nil, later) }
    }

    @Test func `a revision of very many versions is refused in time where it fits none`() async throws {
        let many = try listing((0..<200).map { "1.0.\($0)" })
        await #expect(throws: SaveError.self) { try await change(.unpublish("100-0123"), nil, many) }
        await #expect(throws: SaveError.self) { try await change(.unpublish("99999999999999999999-0123"), nil, many) }
        // Of 19,900 choices a hundred are tried, those without the last versions first.
        var seen = many
        seen.assets = Array(many.assets.dropFirst(2))
        await #expect(throws: SaveError.self) { try await change(.unpublish(revision(seen)), nil, many) }
        seen.assets = Array(many.assets.dropLast(2))
        #expect(try await change(.unpublish(revision(seen)), nil, many).removed.count == 198)
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

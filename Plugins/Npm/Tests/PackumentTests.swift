import SaveDigest
import SavePlatform
import SaveVersions
import SaveTestKit
import Testing

@testable import FormatNpm

@Suite struct PackumentTests {
    let package = PackageID(normalized: "@acme/left-pad")
    private let context = RenderContext(basePath: "/npm/team/npm/", externalOrigin: "https://save.example.test")

    private func asset(_ version: String, at seconds: Int64, manifest: JSONObject = [:]) throws
        -> AssetRecord
    {
        let name = try #require(PackageName("@acme/left-pad"))
        var record = AssetRecord(
            path: try name.tarball(#require(SemanticVersion(version))), package: package, version: version,
            checksums: [
                try #require(Checksum(.sha512, hex: String(repeating: "0", count: 128))),
                try #require(Checksum(.sha1, hex: String(repeating: "1", count: 40))),
            ], published: Timestamp(seconds: seconds))
        var manifest = manifest
        manifest["name"] = "@acme/left-pad"
        manifest["version"] = .string(version)
        record.attributes = VersionRecord(manifest: manifest).attributes
        return record
    }

    private func render(_ listing: Listing, _ index: IndexKey? = nil, as type: MediaType = Packument.full) throws -> JSONObject {
        let document = try NpmFormat(settings: [:]).render(index ?? .package(package), as: type, from: listing, context: context)
        return try #require(JSONValue(parsing: document.bytes).object)
    }

    @Test func `a packument says where each version's file is, and its digests`() throws {
        let listing = Listing(assets: [
            try asset("1.0.0", at: 0, manifest: ["scripts": ["test": "x"], "license": "MIT"])
        ])
        let version = try #require(render(listing)["versions"]?.object?["1.0.0"]?.object)
        #expect(
            version["dist"] == [
                "tarball": "https://save.example.test/npm/team/npm/@acme/left-pad/-/left-pad-1.0.0.tgz",
                "shasum": .string(String(repeating: "1", count: 40)),
                "integrity": .string("sha512-" + String(repeating: "A", count: 86) + "=="),
            ])
        #expect(version["scripts"] == ["test": "x"] && version["_id"] == "@acme/left-pad@1.0.0")
        #expect(try render(listing)["license"] == "MIT")
        let short = try #require(render(listing, as: Packument.abbreviated)["versions"]?.object?["1.0.0"]?.object)
        #expect(short["scripts"] == nil && short["dist"] == version["dist"])
    }

    @Test func `tags lead to versions that are there, and latest always somewhere`() throws {
        var assets = [
            try asset("1.0.0", at: 1), try asset("2.0.0-rc.1", at: 2), try asset("1.0.1", at: 3), try asset("0.9.9", at: 4),
        ]
        let attributes: JSONObject = ["dist-tags": ["latest": "1.0.1", "next": "2.0.0-rc.1", "lost": "7.0.0"]]
        func tags() throws -> JSONValue? { try render(Listing(assets: assets, attributes: attributes))["dist-tags"] }
        #expect(try tags() == ["latest": "1.0.1", "next": "2.0.0-rc.1"])
        assets.removeAll { $0.version == "1.0.1" || $0.version == "1.0.0" }
        #expect(try tags() == ["next": "2.0.0-rc.1", "latest": "0.9.9"])
        let listing = Listing(assets: assets, attributes: attributes)
        #expect(try render(listing, .custom("dist-tags", package: package))["next"] == "2.0.0-rc.1")
    }

    @Test func `where latest is kept off the page, it leads to the newest version before it`() throws {
        let attributes: JSONObject = ["dist-tags": ["latest": "2.0.0", "next": "3.0.0"]]
        var assets = [try asset("1.0.0", at: 1), try asset("1.1.0", at: 2), try asset("3.0.0", at: 3)]
        func tags() throws -> JSONValue? { try render(Listing(assets: assets, attributes: attributes))["dist-tags"] }
        #expect(try tags() == ["next": "3.0.0", "latest": "1.1.0"])
        assets[1].withdrawn = Withdrawal(reason: "old")
        #expect(try tags() == ["next": "3.0.0", "latest": "1.0.0"])
        assets.removeSubrange(0..<2)
        #expect(try tags() == ["next": "3.0.0", "latest": "3.0.0"])
    }

    @Test func `why a version was withdrawn stands before what its author notes on it`() throws {
        func note(_ reason: String, _ written: JSONValue?) throws -> String? {
            var asset = try asset("1.0.0", at: 1, manifest: written.map { ["deprecated": $0] } ?? [:])
            asset.withdrawn = Withdrawal(reason: reason)
            return try render(Listing(assets: [asset]))["versions"]?.object?["1.0.0"]?.object?["deprecated"]?.string
        }
        #expect(try note("too young", "use 2") == "too young; use 2")
        #expect(try note("too young", nil) == "too young")
        #expect(try note("too young", "") == "too young")
        #expect(try note("", "use 2") == "use 2")
        #expect(try note("", nil) == "this version was withdrawn")
    }

    @Test func `one version is found by its number and by a tag`() throws {
        let listing = Listing(
            assets: [try asset("1.0.0", at: 1), try asset("1.1.0", at: 2)], attributes: ["dist-tags": ["next": "1.1.0"]])
        #expect(try render(listing, .custom("version/1.0.0", package: package))["version"] == "1.0.0")
        #expect(try render(listing, .custom("version/next", package: package))["version"] == "1.1.0")
        #expect(throws: SaveError.self) { try render(listing, .custom("version/3.0.0", package: package)) }
        #expect(throws: SaveError.self) { try render(Listing()) }
    }

    @Test func `what is rendered is read back as it was`() throws {
        let listing = Listing(
            assets: [
                try asset("1.0.0", at: 1, manifest: ["bin": ["x": "y"], "dist": ["fileCount": 3]]),
                try asset("1.1.0", at: 2),
            ], attributes: ["dist-tags": ["latest": "1.0.0", "next": "1.1.0"]])
        let format = try NpmFormat(settings: [:])
        let document = try format.render(.package(package), as: Packument.full, from: listing, context: context)
        let read = try format.listing(
            from: UpstreamDocument(
                url: "https://upstream.example.test/@acme%2fleft-pad", contentType: "application/json", bytes: document.bytes),
            for: .package(package))
        #expect(
            read.assets.map(\.path) == listing.assets.map(\.path)
                && read.assets.map(\.checksums) == listing.assets.map(\.checksums))
        #expect(read.assets.map(\.published) == listing.assets.map(\.published))
        #expect(read.assets.first?.origin == "https://save.example.test/npm/team/npm/@acme/left-pad/-/left-pad-1.0.0.tgz")
        #expect(
            try render(read)["versions"] == render(listing)["versions"]
                && render(read)["dist-tags"] == render(listing)["dist-tags"])
    }

    @Test(
        arguments: [
            [:], ["a": 1], ["a": ["b": ["c", "d"], "e": 1]], ["e": 1, "a": ["b": ["c", "d"]]],
            ["a": ["b": ["c"], "e": 1], "f": .null],
            ["a": "b"], ["f": .null, "a": ["e": 2, "b": [:]]],
        ] as [JSONObject]) func `what a version shares with the one before it, it says as well`(manifest: JSONObject)
    {
        for earlier in [[:], ["a": ["b": ["c", "d"], "e": 1]], ["a": 1, "e": 1], ["f": ["a": 1]]] as [JSONObject] {
            #expect(manifest.sharing(earlier) == manifest)
        }
    }

    @Test func `an upstream's malformed versions are left out, and another package's document is refused`() throws {
        let format = try NpmFormat(settings: [:])
        func read(_ json: String) throws -> Listing {
            try format.listing(
                from: UpstreamDocument(url: "https://u.example.test/x", contentType: "application/json", bytes: Array(json.utf8)),
                for: .package(PackageID(normalized: "x")))
        }
        let listing = try read(
            #"""
            {"name":"x","versions":{"1.0.0":{"dist":{"tarball":"x/-/x-1.0.0.tgz","integrity":"sha512-!"}},"1.0":{"dist":{"tarball":"a"}},
            "2.0.0":{"dist":{}},"3.0.0":7,"4.0.0":{"dist":{"tarball":"file:///etc/passwd"}}},"dist-tags":{"latest":"2.0.0"}}
            """#)
        #expect(listing.assets.map(\.version) == ["1.0.0"])
        #expect(listing.assets.first?.origin == "https://u.example.test/x/-/x-1.0.0.tgz" && listing.assets.first?.checksums == [])
        for text in [
            "", "[]", "{}", #"{"name":"y","versions":{}}"#, #"{"name":"x"}"#, #"{"name":"x","name":"x","versions":{}}"#,
            #"{"name":"x","versions":{},"versions":{}}"#, #"{"name":"x","versions":{"1.0.0":{},"1.0.0":{}}}"#,
            #"{"name":"x","versions":{}"#, #"{"name":"x","versions":7}"#,
        ] {
            #expect(throws: SaveError.self) { try read(text) }
        }
    }
}

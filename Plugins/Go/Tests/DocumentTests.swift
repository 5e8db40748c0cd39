import SavePlatform
import Testing

@testable import FormatGo

@Suite struct DocumentTests {
    private let package = PackageID(normalized: "example.com/a")

    private func record(_ version: String, published: String? = nil, refused: String? = nil, origin: String? = nil) throws
        -> AssetRecord
    {
        let (module, version) = (try #require(ModulePath("example.com/a")), try #require(ModuleVersion(version)))
        var record = try ModuleFile(module, version, .zip).record()
        record.published = published.flatMap(Timestamp.init(rfc3339:))
        record.withdrawn = refused.map(Withdrawal.init(reason:))
        record.origin = origin
        return record
    }

    private func text(_ index: IndexKey, _ records: [AssetRecord], documents: [String] = []) throws -> String {
        let context = RenderContext(basePath: "/go/p/r/", documents: documents.map { Array($0.utf8) })
        let document = try GoFormat(settings: [:]).render(index, as: .text, from: Listing(assets: records), context: context)
        return String(decoding: document.bytes, as: UTF8.self)
    }

    private func read(_ text: String, type: String? = "text/plain") throws -> Listing {
        try GoFormat(settings: [:]).listing(
            from: UpstreamDocument(
                url: "http://up.example.com/example.com/a/@v/list", contentType: type, bytes: Array(text.utf8)),
            for: .package(package))
    }

    @Test func `a list has the versions in their order, with times where they are known`() throws {
        let records = try [
            record("v1.10.0"), record("v1.9.0", published: "2026-01-02T03:04:05.678Z"), record("v1.10.0-rc.1"),
            record("v0.0.0-20260102030405-abcdefabcdef"),
        ]
        #expect(try text(.package(package), records) == "v1.9.0 2026-01-02T03:04:05Z\nv1.10.0-rc.1\nv1.10.0\n")
    }

    @Test func `a refused version leaves the list, and the newest one is the newest that is given out`() throws {
        let records = try [record("v1.0.0"), record("v1.1.0", refused: "too young")]
        #expect(try text(.package(package), records) == "v1.0.0\n")
        #expect(try text(.custom("latest", package: package), records) == #"{"Version":"v1.0.0"}"#)
        let error = #expect(throws: SaveError.self) { try text(.custom("info/v1.1.0", package: package), records) }
        #expect(error?.code == .blocked && error?.message == "too young")
    }

    @Test func `where all versions are refused the newest one's reason is told`() throws {
        let records = try [record("v1.0.0", refused: "old"), record("v1.1.0", refused: "too young")]
        #expect(try text(.package(package), records) == "")
        let error = #expect(throws: SaveError.self) { try text(.custom("latest", package: package), records) }
        #expect(error?.code == .blocked && error?.message == "too young")
    }

    @Test(arguments: [
        (["v1.0.0", "v2.0.0-rc.1", "v0.0.0-20260102030405-abcdefabcdef"], "v1.0.0"), (["v0.9.0", "v1.0.0-rc.1"], "v0.9.0"),
        (["v1.0.0-rc.1", "v1.0.0-rc.2"], "v1.0.0-rc.2"),
        (["v0.0.0-20260102030405-abcdefabcdef", "v0.0.0-20270102030405-abcdefabcdef"], "v0.0.0-20270102030405-abcdefabcdef"),
    ]) func `a release is newer than what comes before releases`(versions: [String], latest: String) throws {
        let records = try versions.filter { !$0.hasPrefix("v2") }.map { try record($0) }
        #expect(try text(.custom("latest", package: package), records).contains("\"Version\":\"\(latest)\""))
    }

    @Test func `a version's info has its time`() throws {
        let records = try [record("v1.0.0", published: "2026-01-02T03:04:05.678Z")]
        #expect(
            try text(.custom("info/v1.0.0", package: package), records) == #"{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z"}"#)
        let error = #expect(throws: SaveError.self) { try text(.custom("info/v1.0.1", package: package), records) }
        #expect(error?.code == .packageNotFound)
    }

    @Test func `what an upstream says of a version is passed on, and of another version is not`() throws {
        let said = #"{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z","Origin":{"VCS":"git"},"More":1}"#
        let records = try [record("v1.0.0", origin: "http://up.example.com/x.zip")]
        #expect(
            try text(.custom("info/v1.0.0", package: package), records, documents: [said])
                == #"{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z","Origin":{"VCS":"git"}}"#)
        let other = #"{"Version":"v9.0.0","Time":"2026-01-02T03:04:05Z"}"#
        #expect(try text(.custom("info/v1.0.0", package: package), records, documents: [other]) == #"{"Version":"v1.0.0"}"#)
    }

    @Test func `an upstream's list is read with its times, and what makes no sense is left out`() throws {
        let listing = try read("v1.0.0\nv1.1.0 2026-01-02T03:04:05Z extra\r\n\nv2.0.0\nmaster\nv1.0.0\nv1.2\nv1.2.0 yesterday\n")
        let zips = listing.assets.filter { $0.sidecarOf == nil }
        #expect(zips.compactMap(\.version) == ["v1.0.0", "v1.1.0", "v1.2.0"])
        #expect(zips.map { $0.published?.rfc3339 } == [nil, "2026-01-02T03:04:05Z", nil])
        #expect(listing.assets.count == 9)
    }

    @Test func `a list without versions is one`() throws {
        #expect(try !read("").attributes.isEmpty)
        #expect(try text(.package(package), read("\n").assets) == "")
        let error = #expect(throws: SaveError.self) { try read("<html>log in</html>", type: "text/html") }
        #expect(error?.code == .upstreamInvalid)
    }

    private func answer(_ text: String, to query: String) throws -> Listing {
        try GoFormat(settings: [:]).listing(
            from: UpstreamDocument(url: "http://up.example.com/x", contentType: nil, bytes: Array(text.utf8)),
            for: .custom("query:\(query)", package: package))
    }

    @Test func `what a branch is, the upstream says, and rules judge it`() throws {
        let pseudo = "v1.0.1-0.20260102030405-abcdefabcdef"
        let said = try answer(#"{"Version":"\#(pseudo)","Time":"2027-01-01T00:00:00Z"}"#, to: "Main").assets
        #expect(said.map { $0.published?.rfc3339 } == Array(repeating: "2026-01-02T03:04:05Z", count: 3))
        let index = IndexKey.custom("query:Main", package: package)
        #expect(try text(index, said) == #"{"Version":"\#(pseudo)","Time":"2026-01-02T03:04:05Z"}"#)
        var refused = said
        refused[0].withdrawn = Withdrawal(reason: "too young")
        let error = #expect(throws: SaveError.self) { try text(index, refused) }
        #expect(error?.code == .blocked && error?.message == "too young")
        // What the module has says nothing of a branch.
        let missing = #expect(throws: SaveError.self) { try text(index, [record("v1.0.0"), record(pseudo)]) }
        #expect(missing?.code == .packageNotFound)
    }

    @Test(arguments: ["", "{}", "<html>", #"{"Version":"main"}"#, #"{"Version":"v2.0.0"}"#, #"{"Version":1}"#, "[]"])
    func `an answer that names no version of the module is none`(said: String) {
        let error = #expect(throws: SaveError.self) { try answer(said, to: "main") }
        #expect(error?.code == .upstreamInvalid)
    }

    @Test func `the upstream is asked for a branch, and for the newest version where it lists none`() throws {
        let format = try GoFormat(settings: [:])
        let query = IndexKey.custom("query:a B", package: package)
        let latest = IndexKey.custom("latest", package: package)
        let listed = Listing(assets: [try record("v1.0.0-rc.1")])
        #expect(format.hasDocument(of: query, in: listed) && !format.hasDocument(of: latest, in: listed))
        #expect(format.hasDocument(of: latest, in: Listing(attributes: ["untagged": true])))
        #expect(!format.hasDocument(of: .custom("info/v1.0.0", package: package), in: Listing()))
        func place(_ index: IndexKey) throws -> String {
            try format.upstreamRequest(for: .index(index), base: "http://up.example.com").url
        }
        #expect(try place(query) == "http://up.example.com/example.com/a/@v/a%20%21b.info")
        #expect(try place(latest) == "http://up.example.com/example.com/a/@latest")
        #expect(try place(.package(package)) == "http://up.example.com/example.com/a/@v/list")
    }

    @Test func `a file that no list has is known by its path`() throws {
        let format = try GoFormat(settings: [:])
        let path = try AssetPath("example.com/a/@v/v0.0.0-20260102030405-abcdefabcdef.mod")
        let file = try #require(format.unlistedFile(at: path, of: package))
        #expect(file.version == "v0.0.0-20260102030405-abcdefabcdef" && file.published?.rfc3339 == "2026-01-02T03:04:05Z")
        #expect(file.sidecarOf?.filename == "v0.0.0-20260102030405-abcdefabcdef.zip")
        let tagged = try #require(format.unlistedFile(at: AssetPath("example.com/a/@v/v1.9.0.zip"), of: package))
        #expect(tagged.published == nil)
        #expect(format.unlistedFile(at: path, of: PackageID(normalized: "example.com/b")) == nil)
        #expect(try format.unlistedFile(at: AssetPath("example.com/a/@v/main.zip"), of: package) == nil)
    }

    @Test func `a module lies below each path that it begins with`() throws {
        let format = try GoFormat(settings: [:])
        let above = format.names(above: PackageID(normalized: "corp.example.com/lib/tool/v2")).map(\.name)
        #expect(above == ["corp.example.com/lib/tool", "corp.example.com/lib", "corp.example.com"])
        #expect(format.names(above: PackageID(normalized: "corp.example.com")).isEmpty)
        #expect(format.names(above: PackageID(normalized: "")).isEmpty)
    }

    @Test func `files lie at the upstream where the protocol has them`() throws {
        let file = try record("v1.0.0")
        let place = try GoFormat(settings: [:]).location(of: file, base: "https://up.example.com/mod", configuration: [:])
        #expect(place == "https://up.example.com/mod/example.com/a/@v/v1.0.0.zip")
    }
}

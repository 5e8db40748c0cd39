import SaveDigest
import SavePlatform
import SaveXML
import Testing

@testable import FormatMaven

@Suite struct MetadataTests {
    private let folder = "com/acme/lib"

    @Test func `metadata has the versions in their order, the newest, and the newest release`() throws {
        let listing = Listing(assets: [
            try record("\(folder)/1.10/lib-1.10.jar", published: "2026-01-02T03:04:05.6Z"),
            try record("\(folder)/1.10/lib-1.10.pom"),
            try record("\(folder)/1.9/lib-1.9.pom", published: "2026-03-02T03:04:05Z"),
            try record("\(folder)/2.0-SNAPSHOT/lib-2.0-20260102.030405-1.pom"),
        ])
        #expect(
            try text(.package(acme), listing) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <metadata>
                  <groupId>com.acme</groupId>
                  <artifactId>lib</artifactId>
                  <versioning>
                    <latest>2.0-SNAPSHOT</latest>
                    <release>1.10</release>
                    <versions>
                      <version>1.9</version>
                      <version>1.10</version>
                      <version>2.0-SNAPSHOT</version>
                    </versions>
                    <lastUpdated>20260302030405</lastUpdated>
                  </versioning>
                </metadata>

                """)
    }

    @Test func `what was sorted before decides nothing`() throws {
        let name = try #require(MavenName("com.acme:large"))
        var versions = Set((0..<600).map { "1.\($0)" })
        for change in 0..<6 {
            if change % 2 == 1 { versions.formUnion((0..<change).map { "1.\(change)-rc\($0)" }) }
            if change % 2 == 0 { versions = versions.filter { !$0.hasSuffix("\(change)") } }
            let keys = VersionOrder.sorted(versions, of: name).map { ComparableVersion($0)?.key ?? [] }
            #expect(keys.count == versions.count)
            #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        }
    }

    @Test func `a refused version is in no metadata`() throws {
        let listing = Listing(assets: [
            try record("\(folder)/1.0/lib-1.0.pom"), try record("\(folder)/2.0/lib-2.0.pom", refused: "too young"),
        ])
        #expect(try !text(.package(acme), listing).contains("2.0"))
        let none = Listing(assets: [try record("\(folder)/2.0/lib-2.0.pom", refused: "too young")])
        let error = #expect(throws: SaveError.self) { try text(.package(acme), none) }
        #expect(error?.code == .blocked && error?.message == "too young")
        #expect(throws: SaveError.self) { try text(.package(acme), Listing()) }
    }

    @Test func `a snapshot has the newest build of each of its files`() throws {
        let place = "\(folder)/2.0-SNAPSHOT/lib-2.0-"
        let listing = Listing(assets: [
            try record("\(place)20260102.030405-1.jar"), try record("\(place)20260102.030405-1-sources.jar"),
            try record("\(place)20260102.030405-1.pom"), try record("\(place)20260203.040506-2.jar"),
            try record("\(place)20260203.040506-2.pom"), try record("\(folder)/1.0/lib-1.0.jar"),
        ])
        let document = try text(.custom("snapshot/2.0-SNAPSHOT", package: acme), listing)
        #expect(document.contains("<timestamp>20260203.040506</timestamp>") && document.contains("<buildNumber>2</buildNumber>"))
        #expect(document.contains("<lastUpdated>20260203040506</lastUpdated>"))
        let metadata = try #require(XMLElement(parsing: Array(document.utf8)))
        let files = try #require(metadata["versioning"]?["snapshotVersions"]).children.map {
            [$0.text(of: "classifier") ?? "", $0.text(of: "extension") ?? "", $0.text(of: "value") ?? ""]
        }
        #expect(
            files == [
                ["", "jar", "2.0-20260203.040506-2"], ["", "pom", "2.0-20260203.040506-2"],
                ["sources", "jar", "2.0-20260102.030405-1"],
            ])
        #expect(
            try text(.custom("checksum/sha1/2.0-SNAPSHOT", package: acme), listing) == Digest.hex(Array(document.utf8), .sha1))
    }

    @Test func `what a snapshot's metadata says is read again`() throws {
        let index = IndexKey.custom("snapshot/2.0-SNAPSHOT", package: acme)
        let place = "\(folder)/2.0-SNAPSHOT/lib-2.0-"
        let listing = Listing(assets: [
            try record("\(place)20260203.040506-2.jar"),
            try record("\(place)SNAPSHOT-docs.zip", published: "2026-01-01T00:00:00Z"),
        ])
        let document = try text(index, listing)
        let again = try read(document, index)
        #expect(Set(again.assets.map(\.path)) == Set(listing.assets.map(\.path)))
        #expect(try text(index, again) == document)
    }

    @Test func `a snapshot of an older server names its newest build`() throws {
        let listing = try read(
            "<metadata><versioning><snapshot><timestamp>20260203.040506</timestamp><buildNumber>7</buildNumber></snapshot></versioning></metadata>",
            .custom("snapshot/2.0-SNAPSHOT", package: acme))
        #expect(listing.assets.map(\.path.filename) == ["lib-2.0-20260203.040506-7.pom", "lib-2.0-20260203.040506-7.jar"])
    }

    @Test func `plugins of a group are in the metadata of its folder`() throws {
        let document = """
            <metadata><plugins>
              <plugin><name>Acme &amp; Co</name><prefix>acme</prefix><artifactId>acme-maven-plugin</artifactId></plugin>
              <plugin><prefix>no prefix</prefix><artifactId>x</artifactId></plugin>
            </plugins></metadata>
            """
        let listing = try read(document, .package(acme))
        #expect(listing.assets.map(\.path.text) == ["com/acme/lib/acme-maven-plugin/.plugin-acme.xml"])
        let again = try text(.package(acme), listing)
        #expect(again.contains("<name>Acme &amp; Co</name>") && again.contains("<prefix>acme</prefix>"))
        #expect(!again.contains("versioning") && !again.contains("no prefix"))
    }

    @Test func `an upstream's metadata is read without what makes no sense`() throws {
        let listing = try read(
            """
            <?xml version="1.0"?><!-- c --><metadata modelVersion="1.1.0"><groupId>x</groupId><artifactId>lib</artifactId>
            <versioning><latest>9</latest><versions><version> 1.0 </version><version>../../x</version><version>1.0</version>
            <version/><other>2.0</other><version>1.1-SNAPSHOT</version></versions><lastUpdated>20260203040506</lastUpdated></versioning></metadata>
            """, .package(acme))
        #expect(listing.assets.map(\.version) == ["1.0", "1.1-SNAPSHOT"])
        #expect(listing.attributes["last-updated"] == "20260203040506")
    }

    @Test func `metadata of another artifact says nothing`() throws {
        let text =
            "<metadata><artifactId>other</artifactId><versioning><versions><version>1</version></versions></versioning></metadata>"
        #expect(try read(text, .package(acme)).assets.isEmpty)
    }

    @Test(arguments: [
        "", "<html><body>log in</body></html>", "<metadata>", "<metadata></other>",
        "<!DOCTYPE m [<!ENTITY a \"b\">]><metadata>&a;</metadata>",
        "<metadata>&bomb;</metadata>", "<metadata/><metadata/>", "text<metadata/>",
    ]) func `what is no metadata is refused`(text: String) {
        let error = #expect(throws: SaveError.self) { try read(text, .package(acme)) }
        #expect(error?.code == .upstreamInvalid)
    }

    @Test func `elements that are nested without end are refused`() {
        #expect(
            XMLElement(parsing: Array((String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)).utf8)) == nil)
    }
}

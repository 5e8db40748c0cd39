import SavePlatform
import SaveTestKit
import Testing

@testable import FormatMaven

/// What the format reads, damaged in thousands of ways (`Mutations`): it is taken or refused, and never anything else.
@Suite struct DamagedDocumentTests {
    private static let artifact = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- made by hand -->
        <metadata modelVersion="1.1.0"><groupId>com.acme</groupId><artifactId>lib</artifactId><versioning>
        <latest>1.1</latest><release>1.1</release><versions><version>1.0</version><version>1.1</version></versions>
        <lastUpdated>20260203040506</lastUpdated></versioning>
        <plugins><plugin><name>A &amp; B &#x41;</name><prefix>acme</prefix><artifactId>acme-maven-plugin</artifactId></plugin></plugins></metadata>
        """
    private static let snapshot = """
        <metadata><groupId>com.acme</groupId><artifactId>lib</artifactId><version>2.0-SNAPSHOT</version><versioning>
        <snapshot><timestamp>20260203.040506</timestamp><buildNumber>7</buildNumber></snapshot><lastUpdated>20260203040506</lastUpdated>
        <snapshotVersions><snapshotVersion><classifier>sources</classifier><extension>jar</extension><value>2.0-20260203.040506-7</value>
        <updated>20260203040506</updated></snapshotVersion></snapshotVersions></versioning></metadata>
        """

    @Test(arguments: [(artifact, IndexKey.package(acme)), (snapshot, .custom("snapshot/2.0-SNAPSHOT", package: acme))])
    func `damaged metadata is read, or refused as the upstream's`(text: String, key: IndexKey) async throws {
        let format = try MavenFormat(settings: [:])
        func listing(_ bytes: [UInt8]) throws -> Listing {
            try format.listing(
                from: UpstreamDocument(url: "http://up.example.com/x", contentType: "application/xml", bytes: bytes), for: key)
        }
        #expect(try !listing(Array(text.utf8)).assets.isEmpty)
        for copy in Mutations.of(Array(text.utf8)) {
            await Task.yield()
            do {
                let found = try listing(copy.bytes)
                #expect(Set(found.assets.map(\.path)).count == found.assets.count, "\(copy.what)")
                for file in found.assets {
                    #expect(
                        file.package == acme && file.path.text.utf8.starts(with: "com/acme/lib/".utf8),
                        "\(copy.what): \(file.path)")
                    #expect(MavenPath(file.path) != nil || Plugin(file) != nil, "\(copy.what): \(file.path)")
                }
                // What was read is written so that it is read again.
                guard
                    let page = try? format.render(
                        key, as: MavenRoutes.xml, from: found, context: RenderContext(basePath: "/maven/p/r/"))
                else { continue }
                #expect(Set(try listing(page.bytes).assets.map(\.path)) == Set(found.assets.map(\.path)), "\(copy.what)")
            } catch let error as SaveError {
                #expect(error.code == .upstreamInvalid, "\(copy.what): \(error)")
            }
        }
    }

    @Test func `a damaged path is none of the layout, or is where it says`() async {
        let paths = [
            "com/acme/lib/1.0/lib-1.0-sources.jar", "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.030405-1.tar.gz.asc",
            "com/acme/lib/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.pom",
        ]
        for copy in paths.flatMap({ Mutations.of(Array($0.utf8)) }) {
            await Task.yield()
            guard let path = try? AssetPath(String(decoding: copy.bytes, as: UTF8.self)), let file = MavenPath(path) else {
                continue
            }
            #expect(file.text == path.text, "\(copy.what)")
            #expect(file.version == file.fileVersion || SnapshotBuild(file.fileVersion, of: file.version) != nil, "\(path)")
        }
    }

    @Test func `damaged versions and ranges have an order, or are refused`() async throws {
        let versions = ["1.0-alpha-1", "2.0.0-rc1-SNAPSHOT", "1.10.final", "20040616"].flatMap { Mutations.of(Array($0.utf8)) }
            .map { String(decoding: $0.bytes, as: UTF8.self) }
        for version in versions {
            await Task.yield()
            guard let key = ComparableVersion(version)?.key else { continue }
            #expect(key.last == 0x20, "\(version)")
            #expect(try VersionRange("[\(version)]").contains(version), "\(version)")
        }
        for copy in ["[1.0,2.0)", "(,1.5],[1.7,)", "[1.2]"].flatMap({ Mutations.of(Array($0.utf8)) }) {
            let range = String(decoding: copy.bytes, as: UTF8.self)
            do { _ = try VersionRange(range).contains("1.3") } catch let error as SaveError {
                #expect(error.code == .invalidRequest)
            }
        }
    }
}

import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

@testable import FormatMaven

@Suite struct ConformanceTests {
    private static let pom = Array("<project><modelVersion>4.0.0</modelVersion></project>\n".utf8)
    private static let metadata = Array(
        "<metadata><plugins><plugin><prefix>acme</prefix><artifactId>acme-maven-plugin</artifactId></plugin></plugins></metadata>"
            .utf8)

    @Test func `the format keeps the rules of all formats`() async throws {
        let below = "/com/acme/lib"
        let name = try #require(MavenName("com.acme:lib"))
        let files = try ["0.9", "1.0-rc1", "1.0", "1.1-SNAPSHOT"].map { try MavenPath.pom(of: name, $0) }
        let snapshots = try [
            record("com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.030405-1.jar"),
            record("com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.030405-1.pom"),
        ]
        let conformance = FormatConformance(
            MavenFormat.self,
            paths: [
                "/", "/com/acme/", "\(below)/maven-metadata.xml", "\(below)/maven-metadata.xml.sha1",
                "\(below)/1.1-SNAPSHOT/maven-metadata.xml", "\(below)/1.1-SNAPSHOT/maven-metadata.xml.md5",
                "/com/acme/maven-metadata.xml",
                "\(below)/1.0/lib-1.0.pom", "\(below)/1.0/lib-1.0.pom.sha1", "\(below)/1.0/lib-1.0.pom.md5",
                "\(below)/1.0/lib-1.0.pom.sha256", "\(below)/1.0/lib-1.0.pom.sha512", "\(below)/1.0/lib-1.0.pom.asc",
                "\(below)/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar", "\(below)/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar.sha1",
                "/archetype-catalog.xml",
            ],
            indexes: [
                (.package(acme), Listing(assets: files)),
                (.custom("snapshot/1.1-SNAPSHOT", package: acme), Listing(assets: snapshots)),
                (.directory(try AssetPath("com/acme")), Listing(directories: ["lib"])),
            ],
            uploads: [
                SampleUpload(.put, "\(below)/1.0/lib-1.0.pom", body: Self.pom),
                SampleUpload(.put, "\(below)/1.0/lib-1.0.pom.sha1", body: Array(Digest.hex(Self.pom, .sha1).utf8)),
                SampleUpload(.put, "\(below)/1.0/lib-1.0.pom.asc", body: Array("signature".utf8)),
                SampleUpload(.put, "\(below)/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar", body: [1, 2, 3]),
                SampleUpload(.put, "\(below)/1.1-SNAPSHOT/lib-1.1-20260102.030405-1.pom", body: Self.pom),
                SampleUpload(.put, "/com/acme/maven-metadata.xml", body: Self.metadata),
            ],
            versions: VersionTests.ascending)
        #expect(try await conformance.violations() == [])
    }

    private func receive(_ path: String, _ body: String) async throws -> Submission {
        guard case .upload(let plan) = try route(.put, path) else { throw SaveError(.notFound, "no upload") }
        return try await MavenFormat(settings: [:]).receive(
            UploadRequest(plan: plan, contentType: nil, body: ByteStream(Array(body.utf8))), into: InMemoryStaging())
    }

    @Test func `a file has all digests that clients ask for`() async throws {
        let item = try #require(try await receive("/com/acme/lib/1.0/lib-1.0.jar", "bytes").items.first)
        #expect(Set(item.record.checksums.map(\.algorithm)) == [.sha256, .sha1, .md5, .sha512])
        #expect(item.record.package == acme && item.record.version == "1.0")
        #expect(item.record.contentType == "application/java-archive")
    }

    @Test func `only a snapshot without a time in its name may change`() throws {
        let format = try MavenFormat(settings: [:])
        let folder = "com/acme/lib/1.1-SNAPSHOT"
        for (path, isChanged) in [
            ("\(folder)/lib-1.1-SNAPSHOT.jar", true), ("\(folder)/lib-1.1-SNAPSHOT-sources.jar.asc", true),
            ("\(folder)/lib-1.1-20260102.030405-1.jar", false), ("com/acme/lib/1.1/lib-1.1.jar", false),
            ("archetype-catalog.xml", false),
        ] {
            #expect(try format.mayChange(AssetPath(path)) == isChanged, "\(path)")
        }
    }

    @Test(arguments: [
        "da39a3ee5e6b4b0d3255bfef95601890afd80709", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\n",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709  lib-1.0.jar\n",
    ]) func `a digest that is sent is what the file must have`(text: String) async throws {
        let submission = try await receive("/com/acme/lib/1.0/lib-1.0.jar.sha1", text)
        let checksum = try #require(Checksum(.sha1, hex: "da39a3ee5e6b4b0d3255bfef95601890afd80709"))
        #expect(submission.items.isEmpty)
        #expect(submission.expected == [try AssetPath("com/acme/lib/1.0/lib-1.0.jar"): checksum])
    }

    @Test(arguments: ["", "da39", "no digest", "d41d8cd98f00b204e9800998ecf8427e"])
    func `what is no digest is refused`(text: String) async throws {
        let error = await #expect(throws: SaveError.self) { try await receive("/com/acme/lib/1.0/lib-1.0.jar.sha1", text) }
        #expect(error?.details["field"] == "content")
    }

    @Test func `of metadata that is sent, plugins are kept, each by itself`() async throws {
        let submission = try await receive("/com/acme/maven-metadata.xml", String(decoding: Self.metadata, as: UTF8.self))
        #expect(submission.items.map(\.record.path.text) == ["com/acme/acme-maven-plugin/.plugin-acme.xml"])
        #expect(submission.items.compactMap { Plugin($0.record) }.map(\.prefix) == ["acme"])
        #expect(submission.items.allSatisfy { $0.record.package?.name == "com:acme" && $0.record.version == nil })
        let versions = "<metadata><versioning><versions><version>9</version></versions></versioning></metadata>"
        let ignored = try await receive("/com/acme/lib/maven-metadata.xml", versions)
        #expect(ignored.items.isEmpty && ignored.change == nil)
    }

    @Test(arguments: [
        ("com/acme/lib/1.0/lib-1.0.jar", true), ("com/acme/lib/1.0/lib-1.0.jar.sha1", false),
        ("com/acme/lib/maven-metadata.xml", false), ("com/acme/lib/1.0/_remote.repositories", false),
    ]) func `a tree of another server is imported without what is made here`(file: String, isTaken: Bool) throws {
        #expect((try MavenFormat(settings: [:]).upload(importing: AssetPath(file)) != nil) == isTaken)
    }
}

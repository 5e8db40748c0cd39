import SaveDigest
import SavePlatform
import Testing

@testable import FormatMaven

@Suite struct RouteTests {
    @Test(arguments: [
        ("com/acme/lib/1.0/lib-1.0.jar", "1.0", nil, "jar"), ("com/acme/lib/1.0/lib-1.0-sources.jar", "1.0", "sources", "jar"),
        ("com/acme/lib/1.0/lib-1.0.pom.asc", "1.0", nil, "pom.asc"),
        ("com/acme/lib/1.0/lib-1.0-bin.tar.gz", "1.0", "bin", "tar.gz"),
        ("com/acme/lib/1.0-rc-1/lib-1.0-rc-1.jar", "1.0-rc-1", nil, "jar"),
        ("com/acme/lib/1/lib-1-linux-x86_64.so", "1", "linux-x86_64", "so"),
        ("com/acme/lib/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar", "1.1-SNAPSHOT", nil, "jar"),
        ("com/acme/lib/1.1-SNAPSHOT/lib-1.1-20261127.191122-3-tests.jar", "1.1-SNAPSHOT", "tests", "jar"),
        ("com/acme/lib/1.0/lib-1.0.module", "1.0", nil, "module"),
    ]) func `a path says what its file is`(path: String, version: String, classifier: String?, ending: String) throws {
        let file = try #require(MavenPath(AssetPath(path)))
        #expect(file.package.id == acme && file.version == version)
        #expect(file.classifier == classifier && file.fileExtension == ending)
        #expect(file.text == path)
        #expect(try route(.get, "/" + path) == .asset(AssetPath(path), package: acme))
    }

    @Test(arguments: [
        "com/acme/lib/2.0/extra/lib-2.0.jar", "com/acme/lib/2.0/other-2.0.jar", "com/acme/lib/2.0/lib-2.01.jar", "lib-1.0.jar",
        "com/acme/lib/2.0/lib-2.0", "com/acme/lib/2.0/lib-2.0-.jar", "com/acme/lib/2.0/lib-2.0.", "com.acme/lib/2.0/lib-2.0.jar",
        "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20261127.191122-03.jar", "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20261127-3.jar",
        "com/acme/lib/1.1/lib-1.1-SNAPSHOT.jar.x/y", "lib/1.0/lib-1.0.jar", "archetype-catalog.xml",
    ]) func `what is not in the layout is a file of no package, and no upstream is asked for it`(path: String) throws {
        #expect(try route(.get, "/" + path) == .asset(AssetPath(path), package: nil))
        #expect(try MavenFormat(settings: [:]).record(at: AssetPath(path)) == nil)
    }

    @Test func `a folder name with a dot does not lead to the group of another folder`() throws {
        #expect(MavenName(["com.acme", "lib"]) == nil)
        #expect(MavenName(["com", "acme", "lib.core"])?.id.name == "com.acme:lib.core")
    }

    @Test(arguments: [("sha1", DigestAlgorithm.sha1), ("md5", .md5), ("sha256", .sha256), ("sha512", .sha512)])
    func `the digest of a file is beside it`(ending: String, algorithm: DigestAlgorithm) throws {
        let path = try AssetPath("com/acme/lib/1.0/lib-1.0.jar")
        #expect(try route(.get, "/\(path.text).\(ending)") == .checksum(of: path, algorithm, package: acme))
        let plan = UploadPlan(package: acme, purpose: "\(ending) \(path.text)", status: 201)
        #expect(try route(.put, "/\(path.text).\(ending)") == .upload(plan))
        let signature = try AssetPath(path.text + ".asc")
        #expect(try route(.get, "/\(signature.text).\(ending)") == .checksum(of: signature, algorithm, package: acme))
    }

    @Test func `metadata is of an artifact, of a snapshot version, or of a group`() throws {
        #expect(try route(.get, "/com/acme/lib/maven-metadata.xml") == .index(.package(acme), offers: [MavenRoutes.xml]))
        #expect(
            try route(.get, "/com/acme/lib/1.1-SNAPSHOT/maven-metadata.xml")
                == .index(.custom("snapshot/1.1-SNAPSHOT", package: acme), offers: [MavenRoutes.xml]))
        #expect(
            try route(.get, "/com/acme/maven-metadata.xml")
                == .index(.package(PackageID(normalized: "com:acme")), offers: [MavenRoutes.xml]))
        #expect(
            try route(.get, "/com/acme/lib/maven-metadata.xml.sha1")
                == .index(.custom("checksum/sha1/", package: acme), offers: [MediaType.text.given]))
        #expect(
            try route(.get, "/com/acme/lib/1.1-SNAPSHOT/maven-metadata.xml.md5")
                == .index(.custom("checksum/md5/1.1-SNAPSHOT", package: acme), offers: [MediaType.text.given]))
    }

    @Test func `a directory is a page, and is deleted only as a whole`() throws {
        #expect(try route(.get, "/") == .index(.directory(nil), offers: [.html]))
        #expect(try route(.get, "/com/acme/") == .index(.directory(AssetPath("com/acme")), offers: [.html]))
        #expect(try route(.delete, "/com/acme/", query: "recursive=true") == .deleteAll(under: AssetPath("com/acme")))
        let error = #expect(throws: SaveError.self) { try route(.delete, "/com/acme/") }
        #expect(error?.details["field"] == "recursive")
    }

    @Test func `the signature of metadata is taken and is not there`() throws {
        let path = "/com/acme/lib/maven-metadata.xml.asc"
        guard case .upload(let plan) = try route(.put, path) else { throw SaveError(.notFound, "no upload") }
        #expect(plan.purpose == "ignored")
        let error = #expect(throws: SaveError.self) { try route(.get, path) }
        #expect(error?.code == .notFound)
    }

    @Test func `names have two parts, however they are set apart`() throws {
        let format = try MavenFormat(settings: [:])
        #expect(format.package(named: "com.acme:lib") == acme && format.package(named: "com.acme/lib") == acme)
        #expect(format.package(named: "com.acme") == PackageID(normalized: "com.acme"))
        for name in ["com.acme:lib:1.0", ":lib", "com.acme:", "com..acme:lib", "com acme:lib", "com/acme/lib"] {
            #expect(format.package(named: name) == nil, "\(name)")
        }
        #expect(format.namespaces(of: acme) == ["com.acme:", "com.acme.lib:"])
    }

    @Test func `a group id alone is no pattern, since it covers nothing`() throws {
        let format = try MavenFormat(settings: [:])
        #expect(NamePattern("com.acme", for: format) == nil)
        for text in ["com.acme:*", "com.acme.*", "com.acme*", "com.acme:lib", "com.acme:lib-*"] {
            #expect(NamePattern(text, for: format)?.rawValue == text)
        }
    }

    @Test func `a build of a snapshot is as old as its name says, and not as the version`() throws {
        let format = try MavenFormat(settings: [:])
        let folder = "com/acme/lib/1.1-SNAPSHOT/lib-1.1-"
        let build = format.listedFile(for: try AssetPath(folder + "20261127.191122-3-sources.jar"))
        #expect(build?.published == Timestamp(rfc3339: "2026-11-27T19:11:22Z") && build?.path.text == folder + "SNAPSHOT.pom")
        #expect(format.listedFile(for: try AssetPath(folder + "SNAPSHOT.jar"))?.published == nil)
    }
}

import SavePlatform
import Testing

@testable import FormatMaven

@Suite struct DescribedProjectTests {
    private static let pom = Array(
        """
        <?xml version="1.0"?>
        <project>
          <parent><groupId>com.acme</groupId><artifactId>parent</artifactId><version>7</version></parent>
          <artifactId>lib</artifactId><version>1.0</version><name>The ${project.artifactId}</name>
          <description>
            A library
            of Acme &amp; others.
          </description>
          <url>https://x.test/${project.version}</url>
          <licenses><license><name>MIT</name></license><license><url>https://l.test</url></license></licenses>
          <scm><url>https://git.test/lib</url></scm>
          <dependencies>
            <dependency><groupId>${project.groupId}</groupId><artifactId>core</artifactId><version>${core.version}</version></dependency>
            <dependency><groupId>junit</groupId><artifactId>junit</artifactId><scope>test</scope><optional>true</optional></dependency>
          </dependencies>
        </project>
        """.utf8)

    @Test func `a version is described by its POM`() throws {
        let format = try MavenFormat(settings: [:])
        for (file, pom) in [
            ("com/acme/lib/1.0/lib-1.0-sources.jar", "com/acme/lib/1.0/lib-1.0.pom"),
            ("com/acme/lib/1.0/lib-1.0.pom", "com/acme/lib/1.0/lib-1.0.pom"),
            (
                "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20261127.191122-3.jar",
                "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20261127.191122-3.pom"
            ),
        ] { #expect(format.metadataPath(of: try record(file))?.text == pom) }
        let file = try record("com/acme/lib/1.0/lib-1.0.jar")
        #expect(format.summary(of: file, metadata: Self.pom) == "A library of Acme & others.")
        #expect(
            format.readme(of: file, metadata: Self.pom, package: [:]).map { String(decoding: $0.bytes, as: UTF8.self) }
                == "A library\nof Acme & others.")
        #expect(
            format.facts(of: file, metadata: Self.pom).map { "\($0.name): \($0.value)" } == [
                "Name: The lib", "Licence: MIT, https://l.test", "Homepage: https://x.test/1.0", "Source: https://git.test/lib",
                "Parent: com.acme:parent:7",
            ])
        #expect(
            format.dependencies(of: file, metadata: Self.pom).map { "\($0.name) \($0.versions) \($0.group)" } == [
                "com.acme:core ${core.version} ", "junit:junit as its parent says test, optional",
            ])
        for bytes in [nil, [], Array("<html>".utf8), Array("<html></html>".utf8)] as [[UInt8]?] {
            #expect(format.summary(of: file, metadata: bytes) == nil && format.facts(of: file, metadata: bytes).isEmpty)
        }
    }

    @Test func `properties that name each other, or are long, do not grow`() throws {
        let format = try MavenFormat(settings: [:])
        let file = try record("com/acme/lib/1.0/lib-1.0.jar")
        let names = String(repeating: "${artifactId}", count: 10)
        let long = String(repeating: "x", count: 300)
        for (version, said) in [("1.0", "of \(names) 1.0 ${unknown} ${"), (long, "of \(names) ${version} ${unknown} ${")] {
            let pom = """
                <project><groupId>\(names)</groupId><artifactId>${groupId}</artifactId><version>\(version)</version>
                <description>of ${project.groupId} ${version} ${unknown} ${</description></project>
                """
            #expect(format.summary(of: file, metadata: Array(pom.utf8)) == said)
        }
    }

    @Test func `what comes before its numbers alone is a pre-release`() throws {
        let format = try MavenFormat(settings: [:])
        for version in ["1.0-SNAPSHOT", "1.0-alpha-1", "2.0.0.Beta3", "1.0.0.RC1", "1.0-m2", "1.0b1"] {
            #expect(format.isPrerelease(version), "\(version)")
        }
        for version in ["1.0", "1.0.Final", "31.0.1-jre", "1.0-1", "20261127", "1.0-sp1", "RELEASE"] {
            #expect(!format.isPrerelease(version), "\(version)")
        }
    }
}

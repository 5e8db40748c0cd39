import SaveDigest
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import FormatMaven

/// Whole repositories: what is hosted, a proxy of an upstream, and a group.
@Suite struct RepositoryTests {
    private let platform: InMemoryPlatform

    init() async throws {
        platform = try await InMemoryPlatform(MavenFormat.self)
        try await platform.add("hosted", .hosted)
        try await platform.add("upstream", .hosted)
        try await platform.add("proxy", .proxy, upstream: "upstream")
        try await platform.add("group", .group, members: ["hosted", "proxy"])
    }

    private func put(_ repository: String, _ path: String, _ text: String) async -> Int {
        await platform.send(.put, platform.path(of: repository) + path, body: ByteStream(Array(text.utf8))).status
    }

    private func get(_ repository: String, _ path: String) async throws -> (status: Int, text: String, headers: HTTPHeaders) {
        let answer = await platform.send(.get, platform.path(of: repository) + path)
        let bytes: [UInt8] =
            switch answer.body {
            case .empty: []
            case .bytes(let bytes): bytes
            case .file(let file, let offset, let length): try file.read(at: offset, count: Int(length))
            case .stream(let stream): try await stream.collect(limit: 1 << 20)
            }
        return (answer.status, String(decoding: bytes, as: UTF8.self), answer.headers)
    }

    /// What remains of files when old builds are collected.
    @Test(arguments: [(1, ["2.pom", "3.jar", "3.pom"]), (2, ["2.jar", "2.pom", "3.jar", "3.pom"]), (9, nil), (nil, nil)])
    func `of snapshots the newest builds stay`(count: Int?, kept: [String]?) throws {
        let builds = try ["1.jar", "1.pom", "2.jar", "2.pom", "2-sources.jar", "3.jar", "3.pom"].map {
            try record("com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.03040\($0.prefix(1))-\($0)")
        }
        let others = try [Self.released, Self.snapshot, "com/acme/lib/2.0-SNAPSHOT/lib-2.0-20260102.030405-1.jar"].map {
            try record($0)
        }
        let format = try MavenFormat(settings: count.map { ["keep_snapshots": .integer(Int64($0))] } ?? [:])
        let gone = Set(format.unreachable(in: Listing(assets: builds + others)).map(\.text))
        let prefix = "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.03040"
        let left = builds.map(\.path.text).filter { !gone.contains($0) }
        guard let kept else {
            #expect(gone.isEmpty)
            return
        }
        // The newest sources are those of the second build, and stay however few builds do.
        let expected = (kept.filter { count != 1 || $0 != "2.pom" } + ["2-sources.jar"]).map { "\(prefix)\($0.prefix(1))-\($0)" }
        #expect(left.sorted() == expected.sorted())
        #expect(others.allSatisfy { !gone.contains($0.path.text) })
    }

    @Test func `a build that is called after a time to come takes no place of builds that came later`() throws {
        func build(_ name: String, at second: Int64) throws -> AssetRecord {
            var file = try record("com/acme/lib/1.1-SNAPSHOT/lib-1.1-\(name)-sources.jar")
            file.published = Timestamp(seconds: second)
            return file
        }
        let builds = [
            try build("29991231.235959-1", at: 1), try build("20260102.030405-1", at: 2), try build("20260102.030406-2", at: 3),
            try build("20260102.030407-3", at: 4),
        ]
        let format = try MavenFormat(settings: ["keep_snapshots": 2])
        #expect(format.unreachable(in: Listing(assets: builds)) == [builds[1].path])
    }

    @Test(arguments: ["keep_snapshots": [JSONValue.integer(0), "x", .integer(10_001)], "versions": ["all", true]])
    func `a setting that cannot be is refused by its name`(name: String, values: [JSONValue]) {
        for value in values {
            let error = #expect(throws: SaveError.self) { try MavenFormat(settings: [name: value]) }
            #expect(error?.message.contains(name) == true)
        }
    }

    private static let released = "com/acme/lib/1.0/lib-1.0.pom"
    private static let plugins =
        "<metadata><plugins><plugin><prefix>p</prefix><artifactId>p</artifactId></plugin></plugins></metadata>"
    private static let snapshot = "com/acme/lib/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar"

    @Test func `a digest ends with its file`() async throws {
        for text in ["one", "two"] {
            _ = await put("hosted", Self.snapshot, text)
            #expect(try await get("hosted", Self.snapshot + ".sha1").text == Digest.hex(Array(text.utf8), .sha1))
            #expect(try await get("group", Self.snapshot + ".sha512").text == Digest.hex(Array(text.utf8), .sha512))
        }
        #expect(await platform.send(.delete, platform.path(of: "hosted") + Self.snapshot).status == 204)
        #expect(try await get("hosted", Self.snapshot + ".sha1").status == 404)
    }

    @Test func `a digest that the upstream does not have is made of the file`() async throws {
        _ = await put("upstream", Self.released, "pom")
        for _ in 0..<2 {
            #expect(try await get("proxy", Self.released + ".sha256").text == Digest.hex(Array("pom".utf8)))
        }
    }

    @Test func `what is released stays for clients, and what may change is looked at again`() async throws {
        for path in [Self.released, Self.snapshot] { _ = await put("upstream", path, "one") }
        for repository in ["upstream", "proxy", "group"] {
            #expect(try await get(repository, Self.released).headers["Cache-Control"]?.contains("immutable") == true)
            // The first answer of a proxy is of what arrives.
            _ = try await get(repository, Self.snapshot)
            #expect(try await get(repository, Self.snapshot).headers["Cache-Control"]?.contains("no-cache") == true)
        }
    }

    @Test func `the name of a deleted release is retired and that of a snapshot is not`() async throws {
        for path in [Self.released, Self.snapshot] {
            #expect(await put("hosted", path, "one") == 201)
            #expect(await platform.send(.delete, platform.path(of: "hosted") + path).status == 204)
        }
        #expect(await put("hosted", Self.released, "two") == 400)
        #expect(await put("hosted", Self.snapshot, "two") == 201)
    }

    @Test func `a digest of other bytes is refused and the file stays`() async throws {
        #expect(await put("hosted", Self.released + ".sha1", Digest.hex([1], .sha1)) == 404)
        #expect(await put("hosted", Self.released, "pom") == 201)
        #expect(await put("hosted", Self.released + ".sha1", Digest.hex([1], .sha1)) == 400)
        #expect(await put("hosted", Self.released + ".sha1", Digest.hex(Array("pom".utf8), .sha1)) == 200)
        #expect(try await get("hosted", Self.released).text == "pom")
    }

    @Test func `a file that no index lists comes from an upstream by its path`() async throws {
        let path = "org/public/x/1.0/x-1.0-sources.tar.gz.asc"
        _ = await put("upstream", path, "signature")
        #expect(try await get("proxy", path).text == "signature")
        #expect(try await get("group", path).text == "signature")
        #expect(try await get("group", "org/public/x/1.0/x-1.0.jar").status == 404)
        #expect(try await get("group", "org/public/").text.contains("x/"))
    }

    @Test func `what is not in the layout is asked of no upstream`() async throws {
        for path in ["archetype-catalog.xml", "com/acme/lib/9.9/x/lib-9.9.jar", "com.acme/lib/9.9/lib-9.9.jar"] {
            _ = await put("upstream", path, "evil")
            #expect(try await get("proxy", path).status == 404)
            #expect(try await get("group", path).status == 404)
        }
        #expect(await put("hosted", "archetype-catalog.xml", "ours") == 201)
        #expect(try await get("group", "archetype-catalog.xml").text == "ours")
    }

    @Test func `a hosted group id is taken from no upstream, as soon as there is one package of it`() async throws {
        let other = "com/acme/other/9.9/other-9.9.jar"
        for path in [other, "com/acme/other/9.9/other-9.9.pom", "com/acme/lib/9.9/lib-9.9.jar", "com/public/x/1/x-1.jar"] {
            _ = await put("upstream", path, "theirs")
        }
        _ = await put("upstream", "com/acme/maven-metadata.xml", Self.plugins)
        #expect(try await get("group", other).text == "theirs")
        #expect(try await get("group", "com/acme/maven-metadata.xml").text.contains("<prefix>p</prefix>"))
        _ = await put("hosted", Self.released, "ours")
        for path in [other, other + ".sha1", "com/acme/other/maven-metadata.xml", "com/acme/maven-metadata.xml"] {
            let answer = try await get("group", path)
            #expect(answer.status == 403 && answer.text.contains("namespace"), "\(path): \(answer.text)")
        }
        #expect(try await get("group", "com/acme/lib/9.9/lib-9.9.jar").status == 404)
        #expect(try await !get("group", "com/acme/lib/maven-metadata.xml").text.contains("9.9"))
        #expect(try await get("group", "com/public/x/1/x-1.jar").text == "theirs")
        #expect(await platform.send(.delete, platform.path(of: "hosted") + "com/?recursive=true").status == 204)
        #expect(try await get("group", other).status == 403)
    }

    @Test func `a deployed plugin keeps its own group id from upstreams, and not the one above it`() async throws {
        let path = "org/public/parent/1/parent-1.pom"
        _ = await put("upstream", path, "theirs")
        #expect(await put("hosted", "org/public/acme/maven-metadata.xml", Self.plugins) == 201)
        #expect(try await get("group", path).text == "theirs")
        _ = await put("hosted", "org/public/other/1/other-1.pom", "ours")
        #expect(try await get("group", path).status == 403)
    }

    @Test func `a group has the plugins of all its members`() async throws {
        try await platform.add("second", .hosted)
        try await platform.add("all", .group, members: ["hosted", "second", "proxy"], isUnion: true)
        let path = "com/acme/maven-metadata.xml"
        for (repository, name) in [("hosted", "p"), ("second", "q"), ("upstream", "r"), ("upstream", "p")] {
            let text =
                "<metadata><plugins><plugin><prefix>\(name)</prefix><artifactId>\(name)-x</artifactId></plugin></plugins></metadata>"
            #expect(await put(repository, path, text) == 201)
        }
        let text = try await get("all", path).text
        #expect(["p", "q", "r"].map { text.ranges(of: "<prefix>\($0)</prefix>").count } == [1, 1, 1], "\(text)")
        // With its artifact a plugin goes.
        #expect(await platform.send(.delete, platform.path(of: "second") + "com/acme/q-x/?recursive=true").status == 204)
        #expect(try await !get("all", path).text.contains("<prefix>q</prefix>"))
        #expect(await platform.send(.delete, platform.path(of: "second") + path).status == 404)
    }

    @Test func `a group has no more plugins than a limit, however often some are deployed`() async throws {
        func metadata(_ name: String, _ count: Int) -> String {
            let plugins = (0..<count).map { "<plugin><prefix>\(name)\($0)</prefix><artifactId>p</artifactId></plugin>" }
            return "<metadata><plugins>\(plugins.joined())</plugins></metadata>"
        }
        #expect(await put("hosted", "com/acme/maven-metadata.xml", metadata("a", 3)) == 201)
        #expect(await put("hosted", "com/acme/maven-metadata.xml", metadata("b", Plugin.maxCount - 2)) == 400)
        #expect(await put("hosted", "com/acme/maven-metadata.xml", metadata("b", 2)) == 201)
    }

    @Test func `plugins are deployed again after their metadata was deleted`() async throws {
        let path = "com/acme/maven-metadata.xml"
        for _ in 0..<2 {
            #expect(await put("hosted", path, Self.plugins) == 201)
            #expect(try await get("hosted", path).text.contains("<prefix>p</prefix>"))
            #expect(await platform.send(.delete, platform.path(of: "hosted") + path).status == 204)
        }
    }

    @Test func `a repository takes releases alone or snapshots alone where it is set to`() async throws {
        for (name, taken, refused) in [("release", Self.released, Self.snapshot), ("snapshot", Self.snapshot, Self.released)] {
            try await platform.add(name, .hosted, settings: ["versions": .string(name)])
            #expect(await put(name, refused, "x") == 400)
            #expect(try await get(name, refused).status == 404)
            #expect(await put(name, taken, "x") == 201)
            // Maven calls these snapshots as well, and what is in a version's folder is of no other.
            let odd = ["1.0.SNAPSHOT/lib-1.0.SNAPSHOT.jar", "snapshot/lib-snapshot.jar", "1.0-Snapshot/lib-1.0-Snapshot.jar"]
            for path in odd { #expect(await put(name, "com/acme/lib/" + path, "x") == (name == "release" ? 400 : 201)) }
            for path in [
                "1.1-SNAPSHOT/lib-1.1-20261127.191122-03.jar", "1.0/lib-1.1-20261127.191122-3.jar", "1.1-SNAPSHOT/x.jar",
            ] {
                #expect(await put(name, "com/acme/lib/" + path, "x") == 400)
            }
            // What has no version is of both.
            #expect(await put(name, "com/acme/maven-metadata.xml", Self.plugins) == 201)
            #expect(await put(name, "archetype-catalog.xml", "x") == 201)
        }
    }

    @Test func `a publish shows in the metadata, and in that of groups, at once`() async throws {
        for version in ["1.0", "1.1", "1.2"] {
            _ = await put("hosted", "com/acme/lib/\(version)/lib-\(version).pom", version)
            for repository in ["hosted", "group"] {
                let text = try await get(repository, "com/acme/lib/maven-metadata.xml").text
                #expect(text.contains("<release>\(version)</release>"))
                let digest = try await get(repository, "com/acme/lib/maven-metadata.xml.sha1").text
                #expect(digest == Digest.hex(Array(text.utf8), .sha1))
            }
        }
    }
}

import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

@testable import FormatNpm

@Suite struct SearchTests {
    /// A public registry, a proxy of it, our own repository, and both as a group.
    private func platform() async throws -> InMemoryPlatform {
        let platform = try await InMemoryPlatform(NpmFormat.self)
        try await platform.add("public", .hosted)
        try await platform.add("ours", .hosted)
        try await platform.add("proxy", .proxy, upstream: "public")
        try await platform.add("group", .group, members: ["proxy", "ours"])
        try await publish(platform, "public", "left-pad", says: ["description": "Pads texts", "keywords": ["string", "left"]])
        try await publish(platform, "public", "@types/left-pad", says: ["description": "What left-pad is"])
        try await publish(platform, "public", "tool", "99.0.0", says: ["description": "A stranger's tool"])
        try await publish(platform, "ours", "tool", says: ["description": "Our own", "author": "Ana <ana@example.com>"])
        return platform
    }

    private func publish(
        _ platform: InMemoryPlatform, _ repository: String, _ name: String, _ version: String = "1.0.0", says: JSONObject = [:]
    ) async throws {
        let publish = PublishTests.Publish(name: name, version: version, tags: ["latest": .string(version)], says: says)
        let answer = await platform.send(
            .put, platform.path(of: repository) + name, headers: ["Content-Type": "application/json"],
            body: ByteStream(publish.json.bytes))
        #expect(answer.status == 201)
    }

    private func search(_ platform: InMemoryPlatform, _ repository: String, _ query: String) async throws -> JSONObject {
        let answer = await platform.send(.get, platform.path(of: repository) + "-/v1/search?" + query)
        guard case .bytes(let bytes) = answer.body, answer.status == 200 else {
            Issue.record("\(repository) \(query): \(answer)")
            return [:]
        }
        return try #require(JSONValue(parsing: bytes).object)
    }

    private func names(_ platform: InMemoryPlatform, _ repository: String, _ query: String) async throws -> [String] {
        try await packages(platform, repository, query).compactMap { entry in
            entry["name"]?.string.map { "\($0)@\(entry["version"]?.string ?? "?")" }
        }
    }

    private func packages(_ platform: InMemoryPlatform, _ repository: String, _ query: String) async throws -> [JSONObject] {
        (try await search(platform, repository, query)["objects"]?.array ?? []).compactMap { $0.object?["package"]?.object }
    }

    @Test(arguments: ["public", "proxy", "group"])
    func `names come first, the exact one before all, then what is said of packages`(_ repository: String) async throws {
        let platform = try await platform()
        #expect(try await names(platform, repository, "text=left-pad") == ["left-pad@1.0.0", "@types/left-pad@1.0.0"])
        #expect(try await names(platform, repository, "text=PADS+string") == ["left-pad@1.0.0"])
        #expect(try await names(platform, repository, "text=types%2Fleft") == ["@types/left-pad@1.0.0"])
        #expect(try await names(platform, repository, "text=no-such-thing") == [])
        let entry = try #require(try await packages(platform, repository, "text=pads").first)
        #expect(entry["description"] == "Pads texts" && entry["keywords"] == ["string", "left"])
        // The publisher, since its manifest names nobody.
        #expect(entry["maintainers"] == [["username": "admin", "email": ""]])
    }

    @Test func `a page is a part of what is found`() async throws {
        let platform = try await platform()
        for repository in ["public", "proxy", "group"] {
            #expect(try await names(platform, repository, "text=left-pad&size=1") == ["left-pad@1.0.0"])
            #expect(try await names(platform, repository, "text=left-pad&size=1&from=1") == ["@types/left-pad@1.0.0"])
            #expect(try await names(platform, repository, "text=left-pad&size=20&from=2") == [])
            #expect(try await search(platform, repository, "text=left-pad&size=1")["total"] == 2)
            let most = try await names(platform, repository, "text=left-pad&size=99999&from=0")
            #expect(most.count == 2)
        }
    }

    @Test func `a name of ours is shown as it is here, whatever an upstream says of it`() async throws {
        let platform = try await platform()
        #expect(try await names(platform, "proxy", "text=tool") == ["tool@99.0.0"])
        #expect(try await names(platform, "group", "text=tool") == ["tool@1.0.0"])
        // Only the upstream's has the word.
        #expect(try await names(platform, "group", "text=stranger") == [])
        #expect(try await search(platform, "group", "text=stranger")["total"] == 0)
        #expect(try await packages(platform, "group", "text=ana").first?["author"] == ["username": "Ana <ana@example.com>"])
    }

    @Test func `what is published or taken away shows in the next search`() async throws {
        let platform = try await platform()
        try await publish(platform, "ours", "tools", says: ["description": "More of them"])
        #expect(try await names(platform, "group", "text=tool") == ["tool@1.0.0", "tools@1.0.0"])
        try await publish(platform, "ours", "tools", "2.0.0", says: ["description": "Rewritten"])
        #expect(try await names(platform, "group", "text=rewritten") == ["tools@2.0.0"])
        #expect(try await names(platform, "group", "text=more+them") == [])
        for version in ["1.0.0", "2.0.0"] {
            let path = platform.path(of: "ours") + "tools/-/tools-\(version).tgz"
            #expect(await platform.send(.delete, path).status == 204)
        }
        #expect(try await names(platform, "group", "text=tool") == ["tool@1.0.0"])
    }

    @Test(arguments: [("size=-1", "size"), ("size=many", "size"), ("from=1.5", "from"), ("from=99999999999999999999", "from")])
    func `a number that is none is refused by its name`(_ query: String, _ field: String) async throws {
        let platform = try await platform()
        let answer = await platform.send(.get, platform.path(of: "ours") + "-/v1/search?text=x&" + query)
        guard case .bytes(let bytes) = answer.body else { return }
        #expect(answer.status == 400 && String(decoding: bytes, as: UTF8.self).contains("\(field): "))
        let long = await platform.send(.get, platform.path(of: "ours") + "-/v1/search?text=" + String(repeating: "x", count: 257))
        #expect(long.status == 400)
    }

    @Test func `an upstream is believed names and texts, and leads nobody elsewhere`() throws {
        let format = try NpmFormat(settings: [:])
        let index = IndexKey.search(try SearchQuery(text: "x", from: 0, size: 20))
        func read(_ json: String) throws -> FoundPackages {
            try format.listing(
                from: UpstreamDocument(
                    url: "https://u.example.test/-/v1/search", contentType: "application/json", bytes: Array(json.utf8)),
                for: index
            ).found
        }
        let found = try read(
            #"""
            {"total":-7,"objects":[7,{},{"package":{"name":"../x","version":"1.0.0"}},{"package":{"name":"x","version":"one"}},
            {"package":{"name":"x","version":"1.0.0","maintainers":[{"email":"e"},{"username":"u"}],"keywords":"a",
            "links":{"homepage":"javascript:alert(1)","bugs":"https://u.example.test/bugs","npm":"https://u.example.test/x"},
            "dist":{"tarball":"https://u.example.test/x.tgz"}}}]}
            """#)
        #expect(found.matches.count == 1 && found.total == 1)
        #expect(
            found.matches.first?.attributes == [
                "name": "x", "version": "1.0.0", "keywords": ["a"], "maintainers": [["username": "u"]],
                "links": ["bugs": "https://u.example.test/bugs"],
            ])
        for text in ["", "[]", "{}", #"{"objects":{}}"#] { #expect(throws: SaveError.self) { try read(text) } }
    }
}

import EngineTestKit
import FormatCargo
import FormatParcels
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Documents of the repository itself, which need nothing of what is in it.
@Suite struct RepositoryDocumentTests {
    private func engine(publicURL: String? = nil, _ format: any RepositoryFormat.Type = ParcelsFormat.self) async throws
        -> EngineFixture
    {
        let engine = try await EngineFixture(format: format, publicURL: publicURL)
        let id = format.descriptor.id
        let hosted = try await engine.add("hosted", .hosted) { $0.format = id }
        let dead = try await engine.add("dead", .hosted) {
            $0.format = id
            $0.online = false
        }
        try await engine.add("all", .group) {
            $0.format = id
            $0.group.members = [dead, hosted]
        }
        try await engine.add("none", .group) { $0.format = id }
        return engine
    }

    @Test(arguments: ["hosted", "all", "none"])
    func `an empty repository, a group with a dead member and one without any have their document`(name: String) async throws {
        let engine = try await engine()
        let answer = await engine.send(.get, "/parcels/p/\(name)/config.json", headers: ["Host": "save.test"])
        #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
        #expect(try await answer.text() == #"{"files":"http://save.test/parcels/p/\#(name)/files"}"#)
        let tag = try #require(answer.headers["etag"])
        let again = await engine.send(
            .get, "/parcels/p/\(name)/config.json", headers: ["Host": "save.test", "If-None-Match": tag])
        #expect(again.status == 304)
    }

    @Test func `the document has the address that the operator gave the server`() async throws {
        let engine = try await engine(publicURL: "https://example.com/save")
        #expect(
            try await engine.get("/parcels/p/hosted/config.json").text
                == #"{"files":"https://example.com/save/parcels/p/hosted/files"}"#)
    }

    @Test func `everybody reads a public document of a private repository, and nothing else of it`() async throws {
        let engine = try await engine()
        for user in [nil, "stranger"] {
            let refused = user == nil ? 401 : 404
            for _ in 0..<2 {
                let answer = await engine.send(.get, "/parcels/p/hosted/config.json", as: user)
                #expect(answer.status == 200 && answer.headers["cache-control"] == "no-cache")
            }
            #expect(await engine.send(.head, "/parcels/p/hosted/config.json", as: user).status == 200)
            for path in [
                "hosted/index/foo", "hosted/files/foo/1.0", "hosted/", "hosted/nothing", "hosted//config.json",
                "gone/config.json",
            ] {
                #expect(await engine.send(.get, "/parcels/p/" + path, as: user).status == refused, "\(path)")
            }
            for method in [HTTPMethod.put, .post, .delete, .options] {
                #expect(await engine.send(method, "/parcels/p/hosted/config.json", as: user).status == refused)
            }
        }
    }

    @Test(arguments: ["text/plain", "*/*", "", "text/html, image/*", "application/x-unknown", "application/json;q=0", "x"])
    func `where a protocol has one type at a URL, it is sent whatever the client accepts`(accept: String) async throws {
        let engine = try await engine()
        let answer = await engine.send(.get, "/parcels/p/hosted/config.json", headers: ["Accept": accept])
        #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
        // A format that does not say so goes by the field.
        let other = try await EngineFixture(format: Careless.self)
        try await other.add("hosted", .hosted) { $0.format = "careless" }
        let negotiated = await other.send(.get, "/careless/p/hosted/config.json", headers: ["Accept": accept])
        #expect(negotiated.status == (["*/*", ""].contains(accept) ? 200 : 406))
    }

    @Test func `a document is public only where the format claims that it has such`() async throws {
        let engine = try await engine(Careless.self)
        #expect(try await engine.get("/careless/p/hosted/config.json").status == 200)
        #expect(try await engine.get("/careless/p/hosted/config.json", as: nil).status == 401)
    }
}

/// Calls a document public without saying that it has one.
private struct Careless: RepositoryFormat {
    static let descriptor = FormatDescriptor(id: "careless", displayName: "Careless", abilities: [.hosted, .group, .indexes])
    init(settings: JSONObject) throws { try Self.takeNone(of: settings) }
    func route(_ request: FormatRequest) throws -> Route {
        try request.reading(.index(.document("config.json", isPublic: true), offers: [.json]))
    }
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        Document(type: type, bytes: Array("{}".utf8))
    }
}

/// What clients that send no credentials before they are told to are told.
@Suite struct AskingForCredentialsTests {
    @Test func `a document may say whether the repository takes credentials, and follows the setting`() async throws {
        let engine = try await EngineFixture(format: CargoFormat.self, publicURL: "https://save.example.com")
        let id = try await engine.add("r", .hosted) { $0.format = "cargo" }
        #expect(try await engine.get("/cargo/p/r/config.json").text.contains(#""auth-required":true"#))
        try await engine.change(id) { $0.anonymousRead = true }
        for user in ["admin", nil] {
            let text = try await engine.get("/cargo/p/r/config.json", as: user).text
            #expect(text.contains("\"dl\"") && !text.contains("auth-required"))
        }
        try await engine.change(id) { $0.anonymousRead = false }
        #expect(try await engine.get("/cargo/p/r/config.json").text.contains(#""auth-required":true"#))
    }

    @Test func `a refusal has the challenge of its protocol beside the platform's, and names nothing but what was asked for`()
        async throws
    {
        let engine = try await EngineFixture(format: CargoFormat.self, publicURL: "https://example.com/save")
        try await engine.add("r", .hosted) { $0.format = "cargo" }
        for path in ["r/config.json", "r/ca/rg/cargo", "r/", "gone/config.json"] {
            let answer = await engine.send(.get, "/cargo/p/" + path, as: nil)
            #expect(answer.status == 401)
            let name = path.prefix { $0 != "/" }
            #expect(
                answer.headers.all.filter { $0.name.lowercased() == "www-authenticate" }.map(\.value) == [
                    "Basic realm=\"Save\", charset=\"UTF-8\"",
                    "Cargo login_url=\"https://example.com/save/cargo/p/\(name)/me\"",
                ])
        }
        // What is no name of a repository is not written into a field.
        let odd = await engine.send(.get, "/cargo/p/a%22,b/config.json", as: nil)
        #expect(odd.headers.all.filter { $0.name.lowercased() == "www-authenticate" }.count == 1)
    }
}

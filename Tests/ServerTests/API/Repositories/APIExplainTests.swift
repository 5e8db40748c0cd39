import SavePlatform
import Testing

struct APIExplainTests {
    @Test func `who may read a repository may ask why, and asks no upstream without saying so`() async throws {
        let server = try await APIServer()
        for name in ["root", "eve", "viewer"] {
            #expect(try await server.send("GET", "/repos/backend/proxy/packages/x/explain", as: name).status == 200)
        }
        #expect(try await server.send("GET", "/repos/backend/proxy/packages/x/explain?refresh=true").status == 200)
        let asked = server.operations.all.filter { $0.hasPrefix("explain") }
        #expect(asked == Array(repeating: "explain x in backend/proxy false", count: 3) + ["explain x in backend/proxy true"])
    }

    @Test func `who may not read it learns nothing`() async throws {
        let server = try await APIServer()
        let hidden = try await server.send("GET", "/repos/other/secret/packages/x/explain", as: "viewer")
        let missing = try await server.send("GET", "/repos/other/nothing/packages/x/explain", as: "viewer")
        #expect(hidden.status == 404)
        #expect(hidden.comparable == missing.comparable)
        #expect(try await server.send("GET", "/repos/backend/proxy/packages/x/explain", as: "anonymous").status == 401)
        // A group is read by those only who may read all of its members.
        _ = try await server.send(
            "POST", "/repos",
            body:
                #"{"project":"backend","name":"all","format":"notes","repository_type":"group","members":["backend/hosted","other/secret"]}"#
        )
        #expect(try await server.send("GET", "/repos/backend/all/packages/x/explain", as: "viewer").status == 404)
        #expect(server.operations.all.filter { $0.hasPrefix("explain") }.isEmpty)
    }

    @Test(arguments: ["refresh=1", "refresh=yes", "refresh=", "refreshed=true", "refresh=true&refresh=true"])
    func `a query that does not fit is refused`(query: String) async throws {
        let server = try await APIServer()
        #expect(try await server.send("GET", "/repos/backend/proxy/packages/x/explain?\(query)").status == 400)
    }

    @Test(arguments: ["[304]", "[401]", "[429]", "[200]", "[500]", "[\"403\"]", "403", "[403.5]"])
    func `statuses that cannot mean missing are refused`(value: String) async throws {
        let server = try await APIServer()
        let answer = try await server.send("PATCH", "/repos/backend/proxy", body: "{\"missing_statuses\":\(value)}")
        #expect(answer.status == 400)
        #expect(answer.field?.hasPrefix("missing_statuses") == true)
    }

    @Test func `what an upstream's answers mean can be set and is shown`() async throws {
        let server = try await APIServer()
        let answer = try await server.send(
            "PATCH", "/repos/backend/proxy", body: #"{"missing_statuses":[403,302,403],"stale_ttl":60}"#)
        #expect(answer["missing_statuses"] == [302, 403])
        #expect(answer["stale_ttl"] == 60)
        #expect(try await server.send("GET", "/repos/backend/hosted")["missing_statuses"] == nil)
    }
}

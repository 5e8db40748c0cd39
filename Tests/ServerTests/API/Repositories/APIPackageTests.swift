@testable import SaveAPI
import SaveAccess
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

struct APIPackageTests {
    private let base = "/repos/backend/hosted/packages"

    private func server() async throws -> APIServer {
        let server = try await APIServer()
        try await server.addFiles([
            ("alpha", "1.0", "alpha-1.0.a"), ("alpha", "1.0", "alpha-1.0.b"), ("alpha", "2.0", "alpha-2.0.a"),
            ("beta", "1", "beta-1.a"),
        ])
        return server
    }

    private func paths(_ server: APIServer) async throws -> [String] {
        let id = try #require(server.catalogue.current.repository(project: "backend", name: "hosted")).record.id
        return try await server.store.read { try $0.assets(id, under: "", after: nil, limit: 100) }.map(\.record.path.text)
    }

    @Test func `packages, versions and files are shown without sidecars`() async throws {
        let server = try await server()
        let list = try await server.send("GET", base, as: "viewer")
        #expect(list.items.compactMap { $0.object?["name"]?.string } == ["alpha", "beta"])
        #expect(try await server.send("GET", base + "?q=et", as: "viewer").items.count == 1)
        let package = try await server.send("GET", base + "/alpha", as: "viewer")
        let versions = try #require(package["versions"]?.array)
        #expect(versions.compactMap { $0.object?["version"]?.string } == ["1.0", "2.0"])
        #expect(versions.first?.object?["files"] == 2)
        #expect(versions.first?.object?["size"] == 6)
        let version = try await server.send("GET", base + "/alpha/versions/1.0", as: "viewer")
        let file = try #require(version["files"]?.array?.first?.object)
        #expect(version["files"]?.array?.count == 2)
        #expect(file["filename"] == "alpha-1.0.a")
        #expect(file["uploaded_by"] == "dev")
        #expect(file["digests"]?.object?["sha256"]?.string == BlobDigest(of: Array("alpha-1.0.a".utf8)).hex)
        #expect(file["yanked"] == false)
        #expect(try await server.send("GET", base + "/ALPHA", as: "viewer")["name"] == "alpha")
        for path in ["/never", "/alpha/versions/3", "/alpha/versions/1", "/never/versions/1"] {
            #expect(try await server.send("GET", base + path, as: "viewer").status == 404)
        }
    }

    @Test func `a file, a version and a package are deleted with what belongs to them`() async throws {
        let server = try await server()
        #expect(try await server.send("DELETE", base + "/alpha/versions/1.0/files/alpha-1.0.a", as: "owner").status == 204)
        #expect(
            try await paths(server).filter { $0.contains("alpha") }
                == ["files/alpha-1.0.b", "files/alpha-1.0.b.about", "files/alpha-2.0.a", "files/alpha-2.0.a.about"])
        #expect(try await server.send("DELETE", base + "/alpha/versions/1.0/files/alpha-1.0.a", as: "owner").status == 404)
        #expect(try await server.send("DELETE", base + "/alpha/versions/2.0/files/alpha-1.0.b", as: "owner").status == 404)
        #expect(try await server.send("DELETE", base + "/alpha/versions/1.0", as: "owner").status == 204)
        #expect(try await server.send("GET", base + "/alpha", as: "viewer")["versions"]?.array?.count == 1)
        #expect(try await server.send("DELETE", base + "/alpha", as: "owner").status == 204)
        #expect(try await server.send("GET", base + "/alpha", as: "viewer").status == 404)
        #expect(try await paths(server) == ["files/beta-1.a", "files/beta-1.a.about"])
        #expect(try await server.send("DELETE", base + "/beta/versions/1", as: "owner").status == 204)
        #expect(try await server.send("GET", base, as: "viewer").items.isEmpty)
        #expect(server.operations.all == ["content alpha", "content alpha", "content alpha", "content beta"])
        let records = try await server.audit().filter { $0.outcome == .ok }
        #expect(
            records.map(\.action) == ["file.delete", "package.delete_version", "package.delete", "package.delete_version"])
        #expect(records.first?.resource == "backend/hosted/alpha/1.0/alpha-1.0.a")
        #expect(records.first?.resourceType == "file")
    }

    @Test func `a version is yanked with a reason and offered again`() async throws {
        let server = try await server()
        let yank = base + "/alpha/versions/1.0/yank"
        #expect(try await server.send("PUT", yank, as: "owner", body: #"{"reason":"broken"}"#).status == 204)
        let yanked = try await server.send("GET", base + "/alpha/versions/1.0", as: "viewer")
        #expect(yanked["yanked"] == true)
        #expect(yanked["yanked_reason"] == "broken")
        #expect(try await server.send("GET", base + "/alpha/versions/2.0", as: "viewer")["yanked"] == false)
        #expect(try await server.send("DELETE", yank, as: "owner").status == 204)
        #expect(try await server.send("GET", base + "/alpha/versions/1.0", as: "viewer")["yanked"] == false)
        #expect(try await server.send("PUT", yank, as: "owner").status == 204)
        #expect(try await server.send("PUT", base + "/alpha/versions/9/yank", as: "owner", body: "{}").status == 404)
        #expect(try await server.send("PUT", yank, as: "dev", body: "{}").status == 403)
        #expect(server.operations.all == ["content alpha", "content alpha", "content alpha"])
    }

    @Test func `one file of a version is yanked, and the others are not`() async throws {
        let server = try await server()
        let yank = base + "/alpha/versions/1.0/files/alpha-1.0.a/yank"
        #expect(try await server.send("PUT", yank, as: "dev", body: "{}").status == 403)
        #expect(try await server.send("PUT", yank, as: "owner", body: #"{"reason":"bad wheel"}"#).status == 204)
        let version = try await server.send("GET", base + "/alpha/versions/1.0", as: "viewer")
        #expect(version["yanked"] == false)
        let files = try #require(version["files"]?.array).compactMap(\.object)
        #expect(files.map { $0["yanked"]?.bool } == [true, false])
        #expect(files.first?["yanked_reason"] == "bad wheel")
        #expect(try await server.send("DELETE", yank, as: "owner").status == 204)
        let after = try await server.send("GET", base + "/alpha/versions/1.0", as: "viewer")["files"]?.array
        #expect(after?.allSatisfy { $0.object?["yanked"] == false } == true)
        for path in ["2.0/files/alpha-1.0.a", "1.0/files/never", "9/files/alpha-1.0.a"] {
            #expect(try await server.send("PUT", base + "/alpha/versions/\(path)/yank", as: "owner", body: "{}").status == 404)
        }
        #expect(try await server.audit().filter { $0.outcome == .ok }.map(\.action) == ["file.yank", "file.unyank"])
    }

    @Test func `R-71 a deleted file's name is shown as retired, and released by callers that manage the repository`() async throws
    {
        let server = try await server()
        #expect(try await server.send("DELETE", base + "/alpha", as: "owner").status == 204)
        let names = try await server.send("GET", base + "/alpha/retired-names", as: "viewer").items.compactMap(\.object)
        #expect(names.map { $0["filename"]?.string } == ["alpha-1.0.a", "alpha-1.0.b", "alpha-2.0.a"])
        #expect(names.first?["retired_by"] == "owner")
        #expect(names.first?["sha256"]?.string == BlobDigest(of: Array("alpha-1.0.a".utf8)).hex)
        let name = base + "/alpha/retired-names/alpha-1.0.a"
        #expect(try await server.send("DELETE", name, as: "dev").status == 403)
        #expect(try await server.send("DELETE", name, as: "owner").status == 204)
        #expect(try await server.send("DELETE", name, as: "owner").status == 404)
        #expect(try await server.send("GET", base + "/alpha/retired-names", as: "viewer").items.count == 2)
        #expect(try await server.send("GET", base + "/beta/retired-names", as: "viewer").items.isEmpty)
        let record = try #require(try await server.audit().last { $0.outcome == .ok })
        #expect(record.action == "file.release_name")
        #expect(record.resource == "backend/hosted/files/alpha-1.0.a")
    }

    @Test func `what a proxy cached leaves no retired name`() async throws {
        let server = try await APIServer()
        try await server.addFiles([("alpha", "1", "alpha-1.a")], to: "proxy")
        #expect(try await server.send("DELETE", "/repos/backend/proxy/packages/alpha").status == 204)
        #expect(try await server.send("GET", "/repos/backend/proxy/packages/alpha/retired-names").items.isEmpty)
    }

    @Test func `R-74 a package's attributes are checked by its format and shown`() async throws {
        let server = try await server()
        let path = base + "/alpha"
        let changed = try await server.send("PATCH", path, as: "owner", body: #"{"attributes":{"colour":"red"}}"#)
        #expect(changed.status == 200)
        #expect(changed["attributes"]?.object?["colour"] == "red")
        #expect(try await server.send("GET", path, as: "viewer")["attributes"]?.object?["colour"] == "red")
        let refused = try await server.send("PATCH", path, as: "owner", body: #"{"attributes":{"size":1}}"#)
        #expect(refused.status == 400)
        #expect(refused.field == "attributes.size")
        #expect(try await server.send("PATCH", path, as: "owner", body: "{}").field == "attributes")
        #expect(try await server.send("PATCH", path, as: "dev", body: #"{"attributes":{}}"#).status == 403)
        #expect(try await server.send("PATCH", base + "/never", body: #"{"attributes":{}}"#).status == 404)
        #expect(try await server.send("PATCH", "/repos/backend/proxy/packages/x", body: #"{"attributes":{}}"#).status == 405)
        _ = try await server.send("PATCH", path, as: "owner", body: #"{"attributes":{"colour":null}}"#)
        #expect(try await server.send("GET", path, as: "viewer")["attributes"]?.object?.keys.isEmpty == true)
        let records = try await server.audit().filter { $0.outcome == .ok }
        #expect(records.map(\.action) == ["package.update", "package.update"])
        #expect(records.first?.details["colour"]?.object?["to"] == "red")
        #expect(server.operations.all == ["content alpha", "content alpha"])
    }

    @Test func `a group shows what its members have and lets nothing be changed`() async throws {
        let server = try await server()
        try await server.addFiles([("alpha", "9", "alpha-9.a"), ("gamma", "1", "gamma-1.a")], to: "proxy")
        let members = #""members":["backend/hosted","backend/proxy"]}"#
        let create = #"{"project":"backend","name":"all","format":"notes","repository_type":"group","#
        #expect(try await server.send("POST", "/repos", body: create + members).status == 201)
        let group = "/repos/backend/all/packages"
        #expect(
            try await server.send("GET", group, as: "viewer").items.compactMap { $0.object?["name"]?.string } == [
                "alpha", "beta", "gamma",
            ])
        let page = try await server.send("GET", group + "?limit=2", as: "viewer")
        let next = try #require(page["next"]?.string)
        #expect(
            try await server.send("GET", group + "?limit=2&after=\(next)", as: "viewer").items.first?.object?["name"] == "gamma")
        #expect(try await server.send("GET", group + "/alpha", as: "viewer")["versions"]?.array?.count == 2)
        _ = try await server.send("PATCH", "/repos/backend/all", body: #"{"policy":"union"}"#)
        #expect(try await server.send("GET", group + "/alpha", as: "viewer")["versions"]?.array?.count == 3)
        let refused = try await server.send("DELETE", group + "/alpha")
        #expect(refused.status == 405)
        #expect(refused.headers["Allow"] == "GET, HEAD, OPTIONS")
        let file = try await server.send("DELETE", group + "/alpha/versions/9/files/alpha-9.a")
        #expect(file.status == 405)
        #expect(file.headers["Allow"] == "OPTIONS")
        let cached = try await server.send("PATCH", "/repos/backend/proxy/packages/gamma", body: "{}")
        #expect(cached.status == 405)
        #expect(cached.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS")
        #expect(try await server.send("PUT", "/repos/backend/proxy/packages/gamma/versions/1/yank").status == 405)
        #expect(try await server.send("DELETE", "/repos/backend/proxy/packages/gamma").status == 204)
    }
}

@testable import SaveAPI
import SaveAccess
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// Changes that a format is asked about, and that another change overtakes meanwhile.
struct APIOptimisticLockingTests {
    private let package = "/repos/backend/hosted/packages/alpha"
    private let store = InterleavedMetadataStore()
    private let id = PackageID(normalized: "alpha")

    private func make() async throws -> (server: APIServer, repository: Int64) {
        let server = try await APIServer(over: store)
        try await server.addFiles([("alpha", "1", "alpha-1.a"), ("alpha", "2", "alpha-2.a")])
        return (server, try #require(server.catalogue.current.repository(project: "backend", name: "hosted")).record.id)
    }

    private func attributes(_ repository: Int64) async throws -> JSONObject? {
        try await store.read { [id] in try $0.package(repository, id)?.attributes }
    }

    @Test func `no change of a package's attributes is lost to another one`() async throws {
        let (server, repository) = try await make()
        let id = id
        store.beforeNextWrite { writing in
            var record = try #require(try writing.package(repository, id))
            record.attributes["colour"] = "blue"
            record.attributes["shape"] = "round"
            try writing.put(record)
        }
        #expect(try await server.send("PATCH", package, body: #"{"attributes":{"colour":"red"}}"#).status == 200)
        let attributes = try await attributes(repository)
        #expect(attributes?["colour"] == "red")
        #expect(attributes?["shape"] == "round")
        let details = try await server.audit().last?.details
        #expect(details?["colour"]?.object?["from"] == "blue")
    }

    @Test func `no change of a version's files is lost to another one`() async throws {
        let (server, repository) = try await make()
        store.beforeNextWrite { writing in
            var asset = try #require(try writing.asset(repository, try AssetPath("files/alpha-1.a")))
            asset.record.attributes["shape"] = "round"
            asset.record.withdrawn = Withdrawal(reason: "old")
            try writing.put(asset)
        }
        let version = package + "/versions/1"
        #expect(try await server.send("PATCH", version, body: #"{"attributes":{"colour":"red"}}"#).status == 200)
        let asset = try await store.read { try $0.asset(repository, try AssetPath("files/alpha-1.a")) }
        #expect(asset?.record.attributes["colour"] == "red")
        #expect(asset?.record.attributes["shape"] == "round")
        #expect(asset?.record.withdrawn == Withdrawal(reason: "old"))
    }

    @Test func `what is deleted while a format is asked about it stays deleted`() async throws {
        let (server, repository) = try await make()
        let id = id
        store.beforeNextWrite { writing in
            for number in 1...2 { _ = try writing.deleteAsset(repository, try AssetPath("files/alpha-\(number).a")) }
            try writing.deletePackage(repository, id)
        }
        #expect(try await server.send("PATCH", package, body: #"{"attributes":{"colour":"red"}}"#).status == 404)
        #expect(try await attributes(repository) == nil)
    }

    @Test func `changes of one package at once are made one after the other, and none waits for another`() async throws {
        let (server, repository) = try await make()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<10 {
                group.addTask {
                    let body = #"{"attributes":{"colour":"\#(number)"}}"#
                    return try await server.send("PATCH", package, body: body).status
                }
                group.addTask { try await server.send("PUT", package + "/versions/1/yank", body: "{}").status }
                group.addTask {
                    try await server.send("DELETE", package + "/versions/2/files/alpha-2.a").status
                }
            }
            for try await status in group { #expect([200, 204, 404].contains(status)) }
        }
        let files = try await store.read { [id] in try $0.assets(repository, package: id) }.filter { $0.record.sidecarOf == nil }
        #expect(files.map(\.record.path.text) == ["files/alpha-1.a"])
        #expect(files.first?.record.withdrawn != nil)
        #expect(try await attributes(repository)?["colour"] != nil)
    }

    @Test func `a change that is overtaken each time is told so`() async throws {
        let (server, repository) = try await make()
        let id = id
        store.beforeNextWrite(times: 1000) { writing in
            var record = try #require(try writing.package(repository, id))
            record.attributes["round"] = .integer((record.attributes["round"]?.integer ?? 0) + 1)
            try writing.put(record)
        }
        let refused = try await server.send("PATCH", package, body: #"{"attributes":{"colour":"red"}}"#)
        #expect(refused.status == 503)
        #expect(refused.error?["message"] == "the package is being changed concurrently; try again")
        #expect(try await attributes(repository)?["colour"] == nil)
    }

    @Test func `settings that change while a format is asked about a repository are asked about again`() async throws {
        let (server, repository) = try await make()
        store.beforeNextWrite { writing in
            var record = try #require(try writing.repositories().first { $0.id == repository })
            record.settings = ["flavour": "sour"]
            _ = try writing.put(record)
        }
        #expect(try await server.send("PATCH", "/repos/backend/hosted", body: #"{"description":"x"}"#).status == 200)
        let record = try await store.read { try $0.repositories().first { $0.id == repository } }
        #expect(record?.settings == ["flavour": "sour"])
        #expect(record?.description == "x")
        store.beforeNextWrite(times: 1000) { writing in
            var record = try #require(try writing.repositories().first { $0.id == repository })
            record.settings["flavour"] = .string((record.settings["flavour"]?.string ?? "") + "!")
            _ = try writing.put(record)
        }
        let refused = try await server.send("PATCH", "/repos/backend/hosted", body: #"{"description":"y"}"#)
        #expect(refused.status == 503)
        #expect(refused.error?["message"] == "the repository is being changed concurrently; try again")
    }
}

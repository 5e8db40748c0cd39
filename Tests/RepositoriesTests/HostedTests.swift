import EngineTestKit
import Foundation
import SaveBlobs
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

@Suite struct HostedTests {
    @Test func `what is published can be read at once, page and file`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        #expect(try await engine.get("/line/p/h/index/x").status == 404)
        #expect(await engine.put("/line/p/h/files/x/1", "one").status == 201)
        let page = try await engine.get("/line/p/h/index/x")
        #expect(page.text == "files/x/1 3 \(BlobDigest(of: Array("one".utf8)))\n")
        #expect(await engine.put("/line/p/h/files/x/2", "two").status == 201)
        #expect(try await engine.get("/line/p/h/index/x").text.split(separator: "\n").count == 2)
        #expect(try await engine.get("/line/p/h/files/x/2") == (200, "two"))
    }

    @Test func `a doubled slash in what is read is redirected to a single one, and in what is written refused`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        let answer = await engine.send(.get, "//line/p/h///index//x/?format=y%20z")
        #expect(answer.status == 301)
        #expect(answer.headers["location"] == "/line/p/h/index/x/?format=y%20z")
        #expect(await engine.send(.get, "//line/p/h///index//x/", as: nil).status == 401)
        #expect(await engine.send(.head, "//line.example.com/p", as: nil).status == 404)
        #expect(await engine.put("/line/p/h//files/x/1", "one").status == 404)
    }

    @Test func `the same bytes again change nothing, other bytes are refused`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        _ = await engine.put("/line/p/h/files/x/1", "one")
        let before = try await engine.store.read { try $0.lastAudit()?.sequence }
        #expect(await engine.put("/line/p/h/files/x/1", "one").status == 200)
        #expect(try await engine.store.read { try $0.lastAudit()?.sequence } == before)
        let refused = await engine.put("/line/p/h/files/x/1", "uno")
        #expect(refused.status == 400)
        #expect(try await refused.text().hasPrefix("File already exists ('1'"))
        #expect(try await engine.get("/line/p/h/files/x/1").text == "one")
        #expect(try await engine.blobCount() == 1)
    }

    @Test(arguments: ["gone", "flipped", "short"])
    func `a file whose bytes are lost is 500 with what to do, and the same file uploaded again stores them again`(
        _ damage: String
    ) async throws {
        let folder = try TemporaryFolder()
        let pool = BlockingPool(name: "test-files", threads: 2)
        defer { pool.stop() }
        let engine = try await EngineFixture(blobs: try FileBlobStore(root: folder.path + "/blobs", pool: pool))
        let id = try await engine.add("h", .hosted)
        let path = "/line/p/h/files/x/1"
        #expect(await engine.put(path, "one").status == 201)
        let hex = BlobDigest(of: Array("one".utf8)).hex
        let url = URL(filePath: "\(folder.path)/blobs/\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))/\(hex)")
        try FileManager.default.removeItem(at: url)
        if damage != "gone" { try Data((damage == "flipped" ? "onf" : "o").utf8).write(to: url) }
        engine.services.administration.contentChanged(in: id, package: PackageID(normalized: "x"))
        if damage != "flipped" {
            let lost = try await engine.get(path)
            #expect(lost.status == 500 && lost.text.contains("upload the same file again"))
        }
        let before = try await engine.store.read { try $0.lastAudit()?.sequence } ?? 0
        let again = await engine.put(path, "one")
        #expect(again.status == 200)
        #expect(try await again.text().contains("stored again"))
        #expect(try await engine.get(path) == (200, "one"))
        #expect(try await engine.store.read { try $0.audit(after: before, limit: 9).map(\.action) } == ["file.restore"])
        // Once they are there, nothing changes any more.
        #expect(try await engine.put(path, "one").text().hasPrefix("unchanged"))
        #expect(try await engine.store.read { try $0.lastAudit()?.sequence } == before + 1)
        // Other bytes are as unwelcome as ever.
        try FileManager.default.removeItem(at: url)
        #expect(await engine.put(path, "two").status == 400)
    }

    @Test func `redeploying needs the repository's consent and the right to delete`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted) { $0.hosted.allowRedeploy = true }
        _ = await engine.put("/line/p/h/files/x/1", "one", as: "dev")
        #expect(await engine.put("/line/p/h/files/x/1", "two", as: "dev").status == 400)
        #expect(await engine.put("/line/p/h/files/x/1", "two", as: "admin").status == 201)
        #expect(try await engine.get("/line/p/h/files/x/1").text == "two")
    }

    @Test func `a refused upload leaves an audit record and nothing else`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted) { $0.hosted.maxFileSize = 4 }
        #expect(await engine.put("/line/p/h/files/x/1", "").status == 400)
        #expect(await engine.put("/line/p/h/files/x/1", "too large").status == 413)
        let unannounced = ByteStream(length: nil, ByteStream(Array("too large".utf8)).next)
        #expect(await engine.send(.put, "/line/p/h/files/x/1", body: unannounced).status == 413)
        #expect(await engine.put("/line/p/h/files/x/1", "one", as: "viewer").status == 403)
        #expect(try await engine.blobCount() == 0)
        let records = try await engine.store.read { try $0.audit(AuditQuery(limit: 10)).records }
        #expect(records.map(\.outcome) == [.denied, .failed, .failed, .failed])
        #expect(records.allSatisfy { $0.action == "file.upload" })
    }

    @Test func `deleting the last file deletes the package, and pages show it at once`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        _ = await engine.put("/line/p/h/files/x/1", "one")
        #expect(try await engine.get("/line/p/h/index/x").status == 200)
        #expect(try await engine.get("/line/p/h/files/x/1").status == 200)
        #expect(await engine.send(.delete, "/line/p/h/files/x/1", as: "dev").status == 403)
        #expect(await engine.send(.delete, "/line/p/h/files/x/1").status == 204)
        #expect(try await engine.get("/line/p/h/index/x").status == 404)
        #expect(try await engine.get("/line/p/h/files/x/1").status == 404)
        #expect(await engine.send(.delete, "/line/p/h/files/x/1").status == 404)
    }

    @Test func `conditions and ranges`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted)
        _ = await engine.put("/line/p/h/files/x/1", "0123456789")
        let whole = await engine.send(.get, "/line/p/h/files/x/1")
        let etag = try #require(whole.headers["etag"])
        #expect(await engine.send(.get, "/line/p/h/files/x/1", headers: ["If-None-Match": etag]).status == 304)
        let part = await engine.send(.get, "/line/p/h/files/x/1", headers: ["Range": "bytes=-3"])
        #expect(part.status == 206)
        #expect(part.headers["content-range"] == "bytes 7-9/10")
        #expect(try await part.text() == "789")
        #expect(
            await engine.send(.get, "/line/p/h/files/x/1", headers: ["Range": "bytes=10-"]).headers["content-range"]
                == "bytes */10")
        let page = await engine.send(.get, "/line/p/h/index/x")
        let tag = try #require(page.headers["etag"])
        #expect(await engine.send(.get, "/line/p/h/index/x", headers: ["If-None-Match": tag]).status == 304)
        _ = await engine.put("/line/p/h/files/x/2", "b")
        #expect(await engine.send(.get, "/line/p/h/index/x", headers: ["If-None-Match": tag]).status == 200)
    }

    @Test func `R-46 T5 a page has a time that stands while its content does, and no copy is taken for another`() async throws {
        let engine = try await EngineFixture()
        let id = try await engine.add("h", .hosted)
        func page(since: String? = nil) async -> HTTPResponse {
            await engine.send(.get, "/line/p/h/index/x", headers: since.map { ["If-Modified-Since": $0] } ?? [:])
        }
        _ = await engine.put("/line/p/h/files/x/1", "one")
        let first = try #require(await page().headers["last-modified"])
        #expect(first == engine.clock.platform.now().httpDate)
        #expect(await page(since: first).status == 304)
        #expect(await page(since: first).headers["last-modified"] == first)

        engine.clock.advance(seconds: 5)
        engine.services.administration.contentChanged(in: id, package: PackageID(normalized: "x"))
        #expect(await page().headers["last-modified"] == first)

        _ = await engine.put("/line/p/h/files/x/2", "two")
        #expect(await page(since: first).status == 200)
        let second = try #require(await page().headers["last-modified"])
        #expect(second != first)
        // Changed again within the second: the date cannot tell the two apart.
        _ = await engine.put("/line/p/h/files/x/3", "three")
        let third = await page(since: second)
        #expect(third.status == 200)
        #expect(third.headers["last-modified"] == second)
        #expect(await page(since: second).status == 200)
    }

    @Test func `whatever fails on the way, a record never lacks its blob and a second try succeeds`() async throws {
        var number = 0
        while true {
            number += 1
            try #require(number < 100)
            let store = InMemoryMetadataStore()
            let memory = InMemoryBlobStore()
            let blobs = FaultyBlobStore(memory, failing: number)
            let engine = try await EngineFixture(store: store, blobs: blobs)
            let id = try await engine.add("h", .hosted)
            let first = await engine.put("/line/p/h/files/x/1", "one")
            let asset = try await store.read { try $0.asset(id, AssetPath("files/x/1")) }
            if first.status == 201 {
                #expect(asset != nil)
            } else {
                #expect(first.status == 503)
                #expect(asset == nil)
                #expect(await engine.put("/line/p/h/files/x/1", "one").status == 201)
            }
            let stored = try #require(try await store.read { try $0.asset(id, AssetPath("files/x/1")) })
            #expect(try await memory.stat(stored.blob) != nil)
            if !blobs.faults.hasFailed { break }
        }
        #expect(number > 3)
    }

    @Test func `an offline repository says so, and only to callers that may read it`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("h", .hosted) { $0.online = false }
        #expect(await engine.send(.get, "/line/p/h/index/x").status == 503)
        #expect(await engine.send(.get, "/line/p/h/index/x", as: nil).status == 401)
        #expect(await engine.send(.get, "/line/p/h/index/x", as: "stranger").status == 404)
    }
}

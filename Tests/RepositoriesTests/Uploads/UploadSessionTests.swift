import EngineTestKit
import SaveAccess
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Uploads that take more than one request, through the data plane.
@Suite struct UploadSessionTests {
    private let fixture: EngineFixture
    private let base = "/c2/p/r/"

    init() async throws { fixture = try await Self.fixture() }

    private static func fixture(
        blobs: any BlobStore = InMemoryBlobStore(), rules: UploadSessions.Rules = .init()
    ) async throws -> EngineFixture {
        let fixture = try await EngineFixture(blobs: blobs, uploadSessions: rules)
        for name in ["r", "other"] { try await fixture.add(name, .hosted) { $0.format = "chunks" } }
        return fixture
    }

    private func open(_ fixture: EngineFixture? = nil, as user: String = "admin") async throws -> String {
        let answer = await (fixture ?? self.fixture).send(.post, base + "uploads/", as: user)
        #expect(answer.status == 202)
        return try #require(answer.headers["location"])
    }

    private func append(
        _ text: String, _ url: String, range: String? = nil, as user: String? = "admin"
    ) async -> HTTPResponse {
        await fixture.send(
            .patch, url, as: user, headers: range.map { ["Content-Range": $0] } ?? [:], body: ByteStream(Array(text.utf8)))
    }

    private func end(_ url: String, _ text: String, rest: String = "", range: String? = nil) async -> HTTPResponse {
        await fixture.send(
            .put, url + "?digest=" + Digest.hex(Array(text.utf8)), headers: range.map { ["Content-Range": $0] } ?? [:],
            body: ByteStream(Array(rest.utf8)))
    }

    private func file(_ text: String) async throws -> String? {
        let (status, content) = try await fixture.get(base + "files/" + Digest.hex(Array(text.utf8)))
        return status == 200 ? content : nil
    }

    private func records(_ fixture: EngineFixture? = nil) async throws -> [AuditRecord] {
        try await (fixture ?? self.fixture).store.read { try $0.audit(after: 0, limit: 100) }
    }

    // MARK: - What works

    @Test func `a file that comes in several requests is the file, and one record tells of it`() async throws {
        let opened = await fixture.send(.post, base + "uploads/")
        let url = try #require(opened.headers["location"])
        let id = try #require(opened.headers["chunks-upload"])
        #expect(opened.status == 202 && url == base + "uploads/" + id && id.utf8.count == 32)
        #expect(opened.headers["range"] == "0-0")
        let first = await append("hello ", url)
        #expect((first.status, first.headers["range"], first.headers["location"]) == (202, "0-5", url))
        let second = await append("wor", url, range: "6-8")
        #expect((second.status, second.headers["range"]) == (202, "0-8"))
        let asked = await fixture.send(.get, url)
        #expect((asked.status, asked.headers["range"], asked.headers["chunks-upload"]) == (204, "0-8", id))
        #expect(try await fixture.blobCount() == 0)
        let ended = await end(url, "hello world", rest: "ld", range: "bytes 9-10/11")
        #expect(ended.status == 201)
        let location = try #require(ended.headers["location"])
        #expect(location.hasPrefix(base + "files/"))
        #expect(try await fixture.get(location).text == "hello world")
        #expect(fixture.services.publishing.sessions.count == 0)
        #expect(await fixture.send(.get, url).status == 404)
        #expect(try await records().map(\.action) == ["file.upload"])
        #expect(try await records().map(\.outcome) == [.ok])
    }

    @Test func `what ends without a body is not written again, and a wrong digest ends nothing`() async throws {
        let blobs = CountingBlobStore()
        let fixture = try await Self.fixture(blobs: blobs)
        let url = try await open(fixture)
        func send(_ method: HTTPMethod, _ text: String, of whole: String? = nil) async -> Int {
            let query = whole.map { "?digest=" + Digest.hex(Array($0.utf8)) } ?? ""
            return await fixture.send(method, url + query, body: ByteStream(Array(text.utf8))).status
        }
        #expect(await send(.patch, "hello world") == 202)
        #expect(await send(.put, "", of: "another") == 400)
        // Its file is complete: it takes no more by itself, and can be ended.
        #expect(await send(.patch, "!") == 409)
        #expect(await send(.put, "", of: "hello world") == 201)
        #expect(blobs.begun == 1)
        #expect(try await fixture.get(base + "files/" + Digest.hex(Array("hello world".utf8))).text == "hello world")
        #expect(fixture.services.publishing.sessions.count == 0)
    }

    @Test func `an abandoned upload is gone`() async throws {
        let url = try await open()
        #expect(await append("x", url).status == 202)
        #expect(await fixture.send(.delete, url).status == 204)
        #expect(fixture.services.publishing.sessions.count == 0)
        #expect(await append("x", url).status == 404)
        #expect(try await fixture.blobCount() == 0)
    }

    // MARK: - What does not fit

    @Test func `a body that belongs elsewhere changes nothing, and what is there is said`() async throws {
        let url = try await open()
        #expect(await append("01234", url).status == 202)
        for (range, status) in [
            ("0-4", 416), ("4-8", 416), ("6-10", 416), ("5-8", 400), ("5-10", 400), ("9-5", 400), ("x", 400), ("5-", 400),
            ("-5", 400), ("bytes */10", 400), ("5-9/5", 400), ("bytes=5-9", 400), ("5-99999999999999999999", 400),
            ("9223372036854775800-9223372036854775804", 416), ("0-9223372036854775807", 400),
        ] {
            let answers = [await append("56789", url, range: range), await end(url, "0123456789", rest: "56789", range: range)]
            for answer in answers {
                #expect(answer.status == status, "\(range)")
                #expect(answer.headers["range"] == (status == 416 ? "0-4" : nil), "\(range)")
                let text = try await answer.text()
                let errors = try JSONValue(parsing: Array(text.utf8)).object?["errors"]?.array
                let message = errors?.first?.object?["message"]?.string
                #expect(message?.hasPrefix("Content-Range: ") == true, "\(range): \(text)")
            }
            #expect(await fixture.send(.get, url).headers["range"] == "0-4", "\(range)")
        }
        let unsized = await fixture.send(
            .patch, url, headers: ["Content-Range": "5-9"], body: ByteStream(length: nil, ByteStream(Array("56789".utf8)).next))
        #expect(unsized.status == 400)
        #expect(await append("56789", url, range: "5-9").status == 202)
        #expect(await end(url, "0123456789").status == 201)
    }

    @Test func `bytes that are not those that were announced end nothing`() async throws {
        let url = try await open()
        #expect(await append("hello", url).status == 202)
        #expect(await end(url, "other").status == 400)
        #expect(await fixture.send(.put, url, body: .empty).status == 400)
        #expect(await end(url, "hello again", rest: " hello").status == 400)
        #expect(try await records().map(\.outcome) == [.failed, .failed, .failed])
        #expect(try await fixture.blobCount() == 0)
        #expect(await end(url, "hello").status == 201)
        #expect(try await file("hello") == "hello")
    }

    @Test func `what came of a body that broke off stays, and the rest goes behind it`() async throws {
        let url = try await open()
        let broken = ByteStream(length: 10) { throw SaveError(.invalidRequest, "the request's body ended early") }
        let body = ByteStream(Array("01234".utf8)).followed(by: broken)
        #expect(await fixture.send(.patch, url, body: body).status == 400)
        #expect(await fixture.send(.get, url).headers["range"] == "0-4")
        let ending = await fixture.send(.put, url + "?digest=" + Digest.hex(Array("0123456789".utf8)), body: broken)
        #expect(ending.status == 400)
        #expect(await fixture.send(.get, url).headers["range"] == "0-4")
        #expect(await append("56789", url).status == 202)
        #expect(await end(url, "0123456789").status == 201)
    }

    @Test func `one request at a time changes an upload`() async throws {
        let url = try await open()
        let fixture = fixture
        let asked = Asked()
        let body = ByteStream(length: nil) {
            guard asked.isFirst else { return nil }
            var statuses: [Int] = []
            for method in [HTTPMethod.patch, .delete, .put, .get] {
                statuses.append(await fixture.send(method, url + "?digest=" + Digest.hex([]), body: ByteStream([1])).status)
            }
            #expect(statuses == [409, 409, 409, 204])
            return Array("x".utf8)
        }
        #expect(await fixture.send(.patch, url, body: body).status == 202)
        #expect(await end(url, "x").status == 201)
    }

    @Test func `an upload is not opened with a body`() async throws {
        #expect(await fixture.send(.post, base + "uploads/", body: ByteStream([1])).status == 400)
        #expect(fixture.services.publishing.sessions.count == 0)
    }

    // MARK: - Who

    @Test func `somebody else's upload is one that is not there`() async throws {
        let url = try await open()
        let missing = base + "uploads/" + String(repeating: "0", count: 32)
        let elsewhere = url.replacing("/p/r/", with: "/p/other/")
        for method in [HTTPMethod.get, .patch, .delete, .put] {
            let query = method == .put ? "?digest=" + Digest.hex([]) : ""
            let answers = [
                await fixture.send(method, url + query, as: "dev"), await fixture.send(method, missing + query),
                await fixture.send(method, elsewhere + query),
            ]
            #expect(answers.map(\.status) == [404, 404, 404], "\(method)")
            #expect(Set(try await [answers[0].text(), answers[1].text(), answers[2].text()]).count == 1, "\(method)")
        }
        #expect(await fixture.send(.get, url).status == 204)
        #expect(await append("x", url, as: "viewer").status == 403)
        #expect(await append("x", url, as: nil).status == 401)
    }

    @Test func `only hosted repositories take uploads in steps`() async throws {
        try await fixture.add("proxy", .proxy) { $0.format = "chunks" }
        try await fixture.add("group", .group) { $0.format = "chunks" }
        for name in ["proxy", "group"] {
            let answer = await fixture.send(.post, "/c2/p/\(name)/uploads/")
            #expect(answer.status == 405)
            #expect(await fixture.send(.get, "/c2/p/\(name)/uploads/x").status == 405)
        }
        let wrong = await fixture.send(.post, base + "uploads/x")
        #expect((wrong.status, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"))
        #expect(await fixture.send(.get, base + "uploads/").headers["allow"] == "OPTIONS, POST")
    }

    // MARK: - Bounds

    @Test func `an upload that outgrows the repository is refused, and gone once it did`() async throws {
        let id = try #require(fixture.catalogue.current.repository(project: "p", name: "r")).record.id
        try await fixture.change(id) { $0.hosted.maxFileSize = 8 }
        let url = try await open()
        #expect(await append("01234", url).status == 202)
        #expect(await append("56789", url).status == 413)
        #expect(await fixture.send(.get, url).headers["range"] == "0-4")
        #expect(await end(url, "0123456789", rest: "56789").status == 413)
        #expect(await fixture.send(.get, url).headers["range"] == "0-4")
        let body = ByteStream(length: nil, ByteStream(Array("56789".utf8)).next)
        #expect(await fixture.send(.patch, url, body: body).status == 413)
        #expect(fixture.services.publishing.sessions.count == 0)
    }

    @Test func `there are so many uploads of one account, and so many in all`() async throws {
        var rules = UploadSessions.Rules()
        rules.perPrincipal = 2
        rules.total = 3
        let fixture = try await Self.fixture(rules: rules)
        let urls = [try await open(fixture), try await open(fixture)]
        let third = await fixture.send(.post, base + "uploads/")
        #expect((third.status, third.headers["retry-after"]) == (429, "60"))
        _ = try await open(fixture, as: "dev")
        #expect(await fixture.send(.post, base + "uploads/", as: "dev").status == 503)
        #expect(await fixture.send(.delete, urls[0]).status == 204)
        _ = try await open(fixture)
        #expect(fixture.services.publishing.sessions.count == 3)
    }

    @Test func `an upload that nobody goes on with is forgotten`() async throws {
        let url = try await open()
        fixture.clock.advance(seconds: 3599)
        #expect(await append("x", url).status == 202)
        fixture.clock.advance(seconds: 3599)
        await fixture.services.publishing.sessions.expire()
        #expect(fixture.services.publishing.sessions.count == 1)
        fixture.clock.advance(seconds: 1)
        #expect(await fixture.send(.get, url).status == 404)
        await fixture.services.publishing.sessions.expire()
        #expect(fixture.services.publishing.sessions.count == 0)
    }

    @Test func `an upload whose file could not stay is gone`() async throws {
        let fixture = try await Self.fixture(blobs: FullBlobStore())
        let url = try await open(fixture)
        #expect(await fixture.send(.patch, url, body: ByteStream(Array("x".utf8))).status == 202)
        #expect(await fixture.send(.put, url + "?digest=" + Digest.hex(Array("x".utf8)), body: .empty).status == 507)
        #expect(await fixture.send(.get, url).status == 404)
        #expect(fixture.services.publishing.sessions.count == 0)
    }

    @Test func `an upload ends with the disk that it is written to`() async throws {
        for step in 1...8 {
            let fixture = try await Self.fixture(blobs: FaultyBlobStore(InMemoryBlobStore(), failing: step))
            let opened = await fixture.send(.post, base + "uploads/")
            guard let url = opened.headers["location"] else {
                #expect(opened.status == 503)
                #expect(fixture.services.publishing.sessions.count == 0)
                continue
            }
            let added = await fixture.send(.patch, url, body: ByteStream(Array("x".utf8)))
            let status = await fixture.send(.get, url).status
            // Either nothing of the body was written, and it can be sent again, or the upload is gone.
            if added.status == 503 { #expect(fixture.services.publishing.sessions.count == (status == 204 ? 1 : 0)) }
            let ended = await fixture.send(.put, url + "?digest=" + Digest.hex(Array("x".utf8)), body: .empty)
            #expect([201, 400, 404, 503].contains(ended.status), "\(step)")
        }
    }
}

/// A store on a disk that is full as soon as a file is to stay, and gives the file up.
private final class FullBlobStore: BlobForwarding {
    private struct Writer: BlobWriter {
        let base: any BlobWriter

        func write(_ bytes: [UInt8]) async throws { try await base.write(bytes) }
        func reader() throws -> OpenFile { try base.reader() }
        func finish() async throws -> BlobInfo { try await base.finish() }
        func cancel() async { await base.cancel() }
        func commit(expecting expected: BlobDigest?) async throws -> BlobInfo {
            await base.cancel()
            throw SaveError(.storageFull, "full")
        }
    }

    let base: any BlobStore = InMemoryBlobStore(hasFiles: true)

    func begin() async throws -> any BlobWriter { Writer(base: try await base.begin()) }
}

/// Whether it was asked before.
private final class Asked: Sendable {
    private let count = FaultCounter(failing: 1)
    var isFirst: Bool { (try? count.step()) == nil }
}

/// Counts the files that are begun.
private final class CountingBlobStore: BlobForwarding {
    let base: any BlobStore = InMemoryBlobStore(hasFiles: true)
    private let count = Mutex(0)
    var begun: Int { count.withLock { $0 } }

    func begin() async throws -> any BlobWriter {
        count.withLock { $0 += 1 }
        return try await base.begin()
    }
}

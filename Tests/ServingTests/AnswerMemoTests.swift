import EngineTestKit
import Foundation
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveServing
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Reads that are answered from memory, without a task: when they may be, and when no longer.
@Suite struct AnswerMemoTests {
    private func engine() async throws -> EngineFixture {
        let engine = try await EngineFixture(blobs: InMemoryBlobStore(hasFiles: true))
        try await engine.add("h", .hosted)
        _ = await engine.put("/line/p/h/files/x/1", "one")
        return engine
    }

    private func ready(
        _ engine: EngineFixture, _ path: String, as user: String?, _ method: HTTPMethod = .get, _ fields: HTTPHeaders = [:]
    ) -> HTTPResponse? {
        var headers = fields
        if let user { headers.append("Authorization", user) }
        return engine.plane.immediateResponse(to: HTTPRequest(method: method, target: Array(path.utf8), headers: headers))
    }

    @Test func `a page and a file that were read once are ready for callers that may read them only`() async throws {
        let engine = try await engine()
        for path in ["/line/p/h/index/x", "/line/p/h/files/x/1"] {
            #expect(ready(engine, path, as: "viewer") == nil)
            _ = try await engine.get(path, as: "viewer")
            for user in ["viewer", "dev", "admin", "viewer"] { #expect(ready(engine, path, as: user)?.status == 200) }
            for user in ["stranger", nil] { #expect(ready(engine, path, as: user) == nil) }
            #expect(ready(engine, path, as: "viewer", .head) == nil)
        }
    }

    @Test func `a change shows in the next answer`() async throws {
        let engine = try await engine()
        _ = try await engine.get("/line/p/h/index/x")
        #expect(ready(engine, "/line/p/h/index/x", as: "admin") != nil)
        _ = await engine.put("/line/p/h/files/x/2", "two")
        #expect(ready(engine, "/line/p/h/index/x", as: "admin") == nil)
        #expect(try await engine.get("/line/p/h/index/x").text.contains("files/x/2"))
        #expect(ready(engine, "/line/p/h/index/x", as: "admin") != nil)
    }

    @Test func `a role that was taken away ends it at once`() async throws {
        let engine = try await engine()
        _ = try await engine.get("/line/p/h/files/x/1", as: "viewer")
        #expect(ready(engine, "/line/p/h/files/x/1", as: "viewer") != nil)
        try await engine.store.write { writing in
            let project = try writing.projects()[0].id
            _ = try writing.deleteMember(project: project, .user("viewer"))
        }
        try await engine.catalogue.reload()
        #expect(ready(engine, "/line/p/h/files/x/1", as: "viewer") == nil)
        #expect(try await engine.get("/line/p/h/files/x/1", as: "viewer").status == 404)
        #expect(try await engine.get("/line/p/h/files/x/1", as: "dev").status == 200)
    }

    @Test func `a credential that is revoked while its request is answered is not remembered`() async throws {
        let engine = try await engine()
        let identity = RevokedMeanwhile(HeaderIdentity(clock: engine.clock.platform))
        let serving = Serving(
            services: engine.services, authenticator: identity, configuration: Serving.Configuration(), compression: .none)
        let request = HTTPRequest(
            method: .get, target: Array("/line/p/h/files/x/1".utf8), headers: ["Authorization": "viewer"])
        _ = await serving.dataPlane.respond(to: request)
        // The front asks on a thread of its own, which may wait.
        identity.holdsNext()
        async let first = withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: serving.dataPlane.immediateResponse(to: request)?.status) }.start()
        }
        await identity.asked()
        try await engine.catalogue.reload()
        identity.revoke()
        #expect(await first == 200)
        #expect(serving.dataPlane.immediateResponse(to: request) == nil)
    }

    @Test(arguments: [";", ";;"]) func `the end of a key, or of any other credential, ends it at that second`(sign: String)
        async throws
    {
        let engine = try await engine()
        let key = "viewer\(sign)\(engine.clock.platform.now().seconds + 60)"
        _ = try await engine.get("/line/p/h/files/x/1", as: key)
        engine.clock.advance(seconds: 59)
        #expect(ready(engine, "/line/p/h/files/x/1", as: key) != nil)
        engine.clock.advance(seconds: 1)
        #expect(ready(engine, "/line/p/h/files/x/1", as: key) == nil)
        #expect(ready(engine, "/line/p/h/files/x/1", as: "viewer") != nil)
    }

    @Test func `the time of an upstream's page ends it`() async throws {
        let engine = try await EngineFixture(blobs: InMemoryBlobStore(hasFiles: true))
        try await engine.add("px", .proxy) { $0.proxy.cacheTTL = 100 }
        engine.announce([("1", "one")])
        _ = try await engine.get("/line/p/px/index/x")
        engine.clock.advance(seconds: 99)
        #expect(ready(engine, "/line/p/px/index/x", as: "admin") != nil)
        engine.clock.advance(seconds: 1)
        #expect(ready(engine, "/line/p/px/index/x", as: "admin") == nil)
    }

    @Test func `conditions and ranges are looked at each time`() async throws {
        let engine = try await engine()
        let path = "/line/p/h/files/x/1"
        _ = try await engine.get(path)
        let whole = try #require(ready(engine, path, as: "admin"))
        let etag = try #require(whole.headers["etag"])
        #expect(ready(engine, path, as: "admin", .get, ["If-None-Match": etag])?.status == 304)
        #expect(ready(engine, path, as: "admin", .get, ["If-None-Match": "\"other\""])?.status == 200)
        #expect(ready(engine, path, as: "admin", .get, ["Range": "bytes=1-1"])?.headers["content-range"] == "bytes 1-1/3")
        #expect(ready(engine, path, as: "admin", .get, ["Range": "bytes=9-"])?.status == 416)
    }

    @Test func `an answer in memory is counted alike, whether the server's front asked for it at once or waited`() async throws {
        let engine = try await engine()
        for path in ["/line/p/h/index/x", "/line/p/h/files/x/1"] {
            _ = try await engine.get(path)
            let before = engine.serving.memoryAnswers
            #expect(ready(engine, path, as: "admin") != nil)
            for method in [HTTPMethod.get, .head] {
                let request = HTTPRequest(method: method, target: Array(path.utf8), headers: ["Authorization": "admin"])
                #expect(await engine.plane.respond(to: request).status == 200)
            }
            #expect(engine.serving.memoryAnswers == before + 3)
        }
    }

    @Test func `a stale page is counted alike, whole or as "not modified", at once or waited for`() async throws {
        let engine = try await EngineFixture()
        try await engine.add("px", .proxy) { $0.proxy.cacheTTL = 100 }
        engine.announce([("1", "one")])
        let path = "/line/p/px/index/x"
        let etag = try #require(await engine.send(.get, path).headers["etag"])
        engine.clock.advance(seconds: 101)
        engine.upstream.fail(EngineFixture.base + "index/x")
        _ = try await engine.get(path)
        let before = engine.serving.staleAnswers
        for fields in [[:], ["If-None-Match": etag]] as [HTTPHeaders] {
            #expect(ready(engine, path, as: "admin", .get, fields) != nil)
            var headers = fields
            headers.append("Authorization", "admin")
            _ = await engine.plane.respond(to: HTTPRequest(method: .get, target: Array(path.utf8), headers: headers))
        }
        #expect(engine.serving.staleAnswers == before + 4)
    }

    @Test func `what a path means ends with its repository`() async throws {
        let engine = try await engine()
        let path = "/line/p/h/files/x/1"
        #expect(try await engine.get(path).text == "one")
        let id = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        try await engine.store.write { try $0.deleteRepository(id) }
        try await engine.catalogue.reload()
        #expect(try await engine.get(path).status == 404)
        try await engine.add("h", .hosted)
        #expect(try await engine.get(path).status == 404)
        #expect(await engine.put(path, "two").status == 201)
        #expect(try await engine.get(path).text == "two")
    }
}

/// Knows a caller that is revoked between being looked up and being answered.
private final class RevokedMeanwhile: RequestAuthenticating {
    private let base: HeaderIdentity
    private let isHolding = Atomic(false)
    private let isRevoked = Atomic(false)
    private let release = DispatchSemaphore(value: 0)
    private let (questions, question) = AsyncStream<Void>.makeStream()

    init(_ base: HeaderIdentity) { self.base = base }

    func holdsNext() { isHolding.store(true, ordering: .sequentiallyConsistent) }
    func asked() async { for await _ in questions { return } }
    func revoke() {
        isRevoked.store(true, ordering: .sequentiallyConsistent)
        release.signal()
    }

    func cached(_ request: HTTPRequest) -> Authentication? {
        if isRevoked.load(ordering: .sequentiallyConsistent) { return nil }
        let sender = base.cached(request)
        if isHolding.exchange(false, ordering: .sequentiallyConsistent) {
            question.yield()
            release.wait()
        }
        return sender
    }

    func noteUse(of key: KeyContext, by request: HTTPRequest) {}
    func authenticate(_ request: HTTPRequest) async throws -> Authentication { try await base.authenticate(request) }
}

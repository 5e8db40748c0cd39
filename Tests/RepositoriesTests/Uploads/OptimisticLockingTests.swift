import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// Lines, and a tally: a file whose name begins with `t` makes the package say how many files it has, and how many of them are
/// withdrawn. A package that is `locked` is refused; one that is named in `turnstiles` is not judged before that is open.
private struct TallyFormat: RepositoryFormat, PackageNaming, PackagePolicy {
    static let descriptor = FormatDescriptor(
        id: "tally", displayName: "Tallies", abilities: [.hosted, .indexes, .uploads, .deletes, .permanentNames])
    static let turnstiles = Mutex<[String: Turnstile]>([:])

    let line: LineFormat

    init(settings: JSONObject) throws { line = try LineFormat(settings: settings) }
    func package(named name: String) -> PackageID? { line.package(named: name) }
    func route(_ request: FormatRequest) throws -> Route { try line.route(request) }
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        try line.render(index, as: type, from: listing, context: context)
    }

    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        var submission = try await line.receive(upload, into: staging)
        guard upload.plan.path?.filename.hasPrefix("t") == true else { return submission }
        submission.change = { listing in
            var attributes = listing.attributes
            attributes["files"] = .integer(Int64(listing.assets.count))
            attributes["withdrawn"] = .integer(Int64(listing.assets.count { $0.withdrawn != nil }))
            return PackageChange(attributes: attributes)
        }
        return submission
    }

    func attributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject { change }
    func fileAttributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject { change }
    func checkUpload(_ items: [Submission.Item], to attributes: JSONObject) throws {
        if let package = items.first?.record.package?.name { Self.turnstiles.withLock { $0[package] }?.pass() }
        if attributes["locked"] == true { throw SaveError(.blocked, "locked") }
    }
    func checkDownload(from attributes: JSONObject) throws {}
}

/// Holds up a thread, as code does that does not come back.
private final class Turnstile: Sendable {
    private let isOpen = Atomic<Bool>(false)
    private let arrived = Atomic<Int>(0)

    func pass() {
        arrived.wrappingAdd(1, ordering: .relaxed)
        while !isOpen.load(ordering: .relaxed) {}
    }

    func open() { isOpen.store(true, ordering: .relaxed) }
    func waitForArrival() async { while arrived.load(ordering: .relaxed) == 0 { await Task.yield() } }
}

/// A change that a format has a say in: what it says is asked outside of any transaction, and counts for the package as it was read.
@Suite(.serialized) struct OptimisticLockingTests {
    private let store = InterleavedMetadataStore()

    private func make(_ origin: FormatOrigin = .compiledIn) async throws -> (engine: EngineFixture, id: Int64) {
        var supervision = SupervisionRules()
        supervision.deadline = .seconds(300)
        let engine = try await EngineFixture(
            store: store, format: TallyFormat.self, from: origin, supervision: supervision)
        return (engine, try await engine.add("h", .hosted) { $0.format = "tally" })
    }

    private func put(_ file: String, _ engine: EngineFixture) async -> Int {
        await engine.put("/tally/p/h/files/\(file)", file).status
    }

    private func package(_ name: String, _ id: Int64) async throws -> PackageRecord {
        try #require(try await store.read { try $0.package(id, PackageID(normalized: name)) })
    }

    /// What somebody else does to a package.
    private func lock(_ name: String, _ id: Int64) -> InterleavedMetadataStore.Change {
        { writing in
            guard var record = try writing.package(id, PackageID(normalized: name)) else { return }
            record.attributes["locked"] = true
            try writing.put(record)
        }
    }

    @Test(arguments: [FormatOrigin.compiledIn, .loaded(path: "/plugins/tally.so")])
    func `a format that does not come back holds up no change of another package`(_ origin: FormatOrigin) async throws {
        let (engine, id) = try await make(origin)
        #expect(await put("held/1", engine) == 201)
        let turnstile = Turnstile()
        TallyFormat.turnstiles.withLock { $0["held"] = turnstile }
        async let held = put("held/2", engine)
        await turnstile.waitForArrival()
        #expect(await put("free/1", engine) == 201)
        #expect(await put("free/t2", engine) == 201)
        try await store.write { try lock("held", id)($0) }
        TallyFormat.turnstiles.withLock { $0["held"] = nil }
        turnstile.open()
        // Whether it takes files was said of the package as it was before.
        #expect(await held == 403)
    }

    @Test func `of a package's files that are published at once each is taken, and what they make of the package is of all`()
        async throws
    {
        let (engine, id) = try await make()
        await withTaskGroup(of: Int.self) { group in
            for number in 0..<60 { group.addTask { await put("x/\(number < 10 ? "t" : "f")\(number)", engine) } }
            for await status in group { #expect(status == 201) }
        }
        #expect(await put("x/tlast", engine) == 201)
        let attributes = try await package("x", id).attributes
        #expect(attributes == ["files": 61, "withdrawn": 0])
        #expect(try await engine.get("/tally/p/h/index/x").text.split(separator: "\n").count == 61)
    }

    @Test func `a publish that somebody else's change overtakes is decided by what is there then`() async throws {
        let (engine, id) = try await make()
        #expect(await put("x/t1", engine) == 201)
        store.beforeNextWrite { writing in
            var asset = try #require(try writing.asset(id, try AssetPath("files/x/t1")))
            asset.record.withdrawn = Withdrawal(reason: "")
            try writing.put(asset)
        }
        #expect(await put("x/t2", engine) == 201)
        #expect(try await package("x", id).attributes == ["files": 2, "withdrawn": 1])
        let yanked = try await store.read { try $0.asset(id, try AssetPath("files/x/t1")) }
        #expect(yanked?.record.withdrawn != nil)

        store.beforeNextWrite { writing in
            _ = try writing.deleteAsset(id, try AssetPath("files/x/t1"))
        }
        #expect(await put("x/t3", engine) == 201)
        #expect(try await package("x", id).attributes == ["files": 2, "withdrawn": 0])

        store.beforeNextWrite(lock("x", id))
        #expect(await put("x/4", engine) == 403)
        #expect(try await engine.get("/tally/p/h/files/x/4").status == 404)
    }

    @Test func `a package that went and came again is not the one that was read`() async throws {
        let (engine, id) = try await make()
        #expect(await put("x/1", engine) == 201)
        let lock = lock("x", id)
        store.beforeNextWrite { writing in
            let package = try #require(try writing.package(id, PackageID(normalized: "x")))
            _ = try writing.deleteAsset(id, try AssetPath("files/x/1"))
            try writing.deletePackage(id, package.id)
            try writing.put(package)
            try lock(writing)
        }
        #expect(await put("x/2", engine) == 403)
    }

    @Test func `what says nothing of a decision does not make it again`() async throws {
        let (engine, id) = try await make()
        #expect(await put("x/1", engine) == 201)
        // Each of so many would be another round.
        store.beforeNextWrite(times: 1000) { writing in
            let number = try writing.assets(id, package: PackageID(normalized: "x")).count
            let path = try AssetPath("files/x/other\(number)")
            var asset = try #require(try writing.asset(id, try AssetPath("files/x/1")))
            asset.record.path = path
            try writing.put(asset)
        }
        #expect(await put("x/2", engine) == 201)
        #expect(try await package("x", id).attributes == JSONObject())
    }

    @Test func `a publish that is overtaken each time is told so, and leaves nothing`() async throws {
        let (engine, id) = try await make()
        #expect(await put("x/t1", engine) == 201)
        store.beforeNextWrite(times: 1000) { try $0.renewSerials(id) }
        let refused = await engine.put("/tally/p/h/files/x/t2", "x/t2")
        #expect(refused.status == 503)
        #expect(refused.headers["x-save-reason"] == "the package is being changed concurrently; try again")
        #expect(try await engine.get("/tally/p/h/files/x/t2").status == 404)
        #expect(try await package("x", id).attributes == ["files": 1, "withdrawn": 0])
    }

    @Test func `a change is decided again in as many rounds as there may be, and no more`() async throws {
        for (overtaken, isDone) in [(0, true), (1, true), (31, true), (32, false), (1000, false)] {
            var rounds = 0
            let answer = try? await OptimisticLocking.change {
                rounds += 1
                if rounds <= overtaken { throw RevisionConflict() }
                return rounds
            }
            #expect(answer == (isDone ? overtaken + 1 : nil))
            #expect(rounds == min(overtaken + 1, 32))
        }
        var rounds = 0
        let refused = await #expect(throws: SaveError.self) {
            try await OptimisticLocking.change {
                rounds += 1
                throw SaveError(.blocked, "no")
            }
        }
        #expect(refused?.code == .blocked)
        #expect(rounds == 1)
    }
}

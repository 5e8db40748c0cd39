import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Sidecars of a proxy whose upstream has them, has them wrong, or has none.
@Suite struct SidecarTests {
    private static let file = EngineFixture.base + "files/x/1.box"
    private static let note = file + ".note"
    private let page = "/line/p/u/index/x"
    private let path = "/line/p/u/files/x/1.box.note"
    private static let text = "needs y"
    /// Large enough that its end is a small part of it.
    private static let box = Array((String(repeating: "0123456789", count: 30_000) + text + "0007").utf8)

    private func proxy(
        announced: String? = nil, size: Bool = true, _ change: (inout FakeUpstream.Answer) -> Void = { $0.hasRanges = true }
    ) async throws -> EngineFixture {
        let engine = try await EngineFixture()
        try await engine.add("u", .proxy)
        announce(engine, announced: announced, size: size, change)
        return engine
    }

    private func announce(
        _ engine: EngineFixture, announced: String? = nil, size: Bool = true, _ change: (inout FakeUpstream.Answer) -> Void
    ) {
        let fields =
            ["files/x/1.box", size ? "\(Self.box.count)" : "-", BlobDigest(of: Self.box).hex] + [announced].compactMap(\.self)
        engine.upstream.answer(EngineFixture.base + "index/x", text: fields.joined(separator: " ") + "\n")
        var answer = FakeUpstream.Answer(chunks: [Self.box])
        change(&answer)
        engine.upstream.answer(Self.file, answer)
    }

    private func announcement(_ engine: EngineFixture, _ repository: String = "u") async throws -> String? {
        let fields = try await engine.get("/line/p/\(repository)/index/x").text.split(whereSeparator: \.isWhitespace)
        return fields.count == 4 ? String(fields[3]) : nil
    }

    private static let digest = BlobDigest(of: Array(text.utf8)).hex

    @Test(arguments: [true, false])
    func `R-36 a sidecar that the upstream has not is read out of the end of its file, once`(size: Bool) async throws {
        let engine = try await proxy(size: size)
        #expect(try await announcement(engine) == "?")
        let answers = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 { group.addTask { try? await engine.get(path).text } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0 == Self.text })
        let asked = engine.upstream.requests(of: Self.file)
        #expect(asked.filter { $0.method == .get }.count == 1)
        #expect(asked.last?.headers["range"] == "bytes=\(Self.box.count - 65_536)-\(Self.box.count - 1)")
        #expect(engine.upstream.requests(of: Self.note).isEmpty)
        // From now on with its digest, and from the cache.
        #expect(try await announcement(engine) == Self.digest)
        #expect(try await engine.get(path).text == Self.text)
        #expect(engine.upstream.requests(of: Self.file).filter { $0.method == .get }.count == 1)
    }

    @Test func `R-36 from an upstream without ranges the file is fetched whole, once, and then serves both`() async throws {
        let engine = try await proxy { _ in }
        #expect(try await engine.get(path).text == Self.text)
        #expect(try await engine.get("/line/p/u/files/x/1.box").text.utf8.count == Self.box.count)
        // One try for a part, one whole file.
        #expect(engine.upstream.requests(of: Self.file).map { $0.headers["range"] != nil } == [true, false])
        #expect(try await announcement(engine) == Self.digest)
    }

    @Test func `R-36 large files of a host without ranges are not announced to have sidecars until they are here`() async throws {
        let engine = try await proxy { _ in }
        let sizes = ["\(Self.box.count)", "\(5 << 20)", "1000", "-"]
        let lines = zip(1..., sizes).map { "files/x/\($0).box \($1) \(BlobDigest(of: Self.box).hex)\n" }
        engine.upstream.answer(EngineFixture.base + "index/x", text: lines.joined())
        func marks() async throws -> [String] {
            try await engine.get(page).text.split(separator: "\n").map { line in
                let fields = line.split(separator: " ")
                return fields.count == 4 ? String(fields[3]) : ""
            }
        }
        #expect(try await marks() == ["?", "?", "?", "?"])
        #expect(try await engine.get(path).text == Self.text)
        #expect(try await marks() == [Self.digest, "", "?", ""])
    }

    @Test func `R-36 a cached file gives its sidecar while the upstream is down`() async throws {
        let engine = try await proxy()
        #expect(try await engine.get("/line/p/u/files/x/1.box").status == 200)
        engine.upstream.fail(EngineFixture.base + "index/x")
        engine.upstream.fail(Self.file)
        engine.clock.advance(seconds: 4000)
        #expect(try await announcement(engine) == "?")
        #expect(try await engine.get(path).text == Self.text)
    }

    @Test func `T3 nothing is announced that cannot be had: while the upstream is down`() async throws {
        let engine = try await proxy()
        #expect(try await announcement(engine) == "?")
        engine.upstream.fail(EngineFixture.base + "index/x")
        engine.clock.advance(seconds: 4000)
        #expect(try await announcement(engine) == nil)
    }

    /// How the digest of a sidecar becomes known that the upstream does not tell.
    enum Way: CaseIterable {
        case parts, wholeFile, cachedFile, upstreamsOwn, upstreamsOwnIsWrong, group, laterPage
    }

    @Test(arguments: Way.allCases, [true, false])
    func `R-34 a digest is on the very next page after it is known, and stays there`(way: Way, isConfirmed: Bool) async throws {
        let isOwn = way == .upstreamsOwn || way == .upstreamsOwnIsWrong
        let engine = try await proxy(announced: isOwn ? "?" : nil) { $0.hasRanges = way != .wholeFile }
        let proxy = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        try await engine.add("g", .group) { $0.group.members = [proxy] }
        for name in ["u", "g"] { #expect(try await announcement(engine, name) == "?") }
        switch way {
        case .parts, .wholeFile: #expect(try await engine.get(path).text == Self.text)
        case .cachedFile:
            #expect(try await engine.get("/line/p/u/files/x/1.box").status == 200)
            #expect(try await engine.get(path).text == Self.text)
        case .upstreamsOwn:
            engine.upstream.answer(Self.note, text: Self.text)
            #expect(try await engine.get(path).text == Self.text)
        case .upstreamsOwnIsWrong:
            engine.upstream.answer(Self.note, .init(status: 404))
            #expect(try await engine.get(path).text == Self.text)
        case .group: #expect(try await engine.get("/line/p/g/files/x/1.box.note").text == Self.text)
        case .laterPage:
            announce(engine, announced: Self.digest) { $0.hasRanges = true }
            engine.clock.advance(seconds: 4000)
        }
        for name in ["u", "g"] { #expect(try await announcement(engine, name) == Self.digest) }
        if isConfirmed {
            engine.clock.advance(seconds: 4000)
        } else {
            engine.services.administration.contentChanged(in: proxy, package: nil)
        }
        for name in ["u", "g"] { #expect(try await announcement(engine, name) == Self.digest) }
    }

    @Test func `R-34 what the upstream announces is passed on`() async throws {
        let engine = try await proxy(announced: Self.digest)
        engine.upstream.answer(Self.note, text: Self.text)
        #expect(try await announcement(engine) == Self.digest)
        #expect(try await engine.get(path).text == Self.text)
        #expect(engine.upstream.requests(of: Self.file).isEmpty)
    }

    @Test(arguments: [nil, "other", ""])
    func `R-34 where the upstream announces a sidecar and has it not, or another, it comes out of the file`(
        sent: String?
    ) async throws {
        let engine = try await proxy(announced: Self.digest)
        if let sent { engine.upstream.answer(Self.note, text: sent) }
        #expect(try await engine.get(path).text == Self.text)
        #expect(try await announcement(engine) == Self.digest)
        #expect(engine.upstream.requests(of: Self.file).count == 1)
    }

    @Test func `R-34 an announced digest that is wrong is corrected from the verified file`() async throws {
        let engine = try await proxy(announced: BlobDigest(of: Array("nothing".utf8)).hex)
        engine.upstream.answer(Self.note, text: Self.text)
        #expect(try await engine.get(path).text == Self.text)
        #expect(engine.upstream.requests(of: Self.file).map { $0.headers["range"] != nil } == [true, false])
        #expect(try await announcement(engine) == Self.digest)
    }

    @Test(arguments: ["0000", "of another file"])
    func `T3 parts that cannot be of the file are not believed, the whole file is`(part: String) async throws {
        let engine = try await proxy { answer in
            answer.hasRanges = true
            answer.wrongPart = part == "0000" ? Array("0000".utf8) : [UInt8](repeating: 120, count: 65_536)
        }
        #expect(try await engine.get(path).text == Self.text)
        #expect(engine.upstream.requests(of: Self.file).count == 2)
    }

    @Test(arguments: [true, false])
    func `T3 a file that is not what the index says, or has no sidecar, gives 502 and is announced no more`(
        isListed: Bool
    ) async throws {
        let other = [UInt8](repeating: 120, count: Self.box.count)
        let engine = try await proxy { answer in
            answer.hasRanges = true
            answer.chunks = [other]
        }
        if isListed {
            engine.upstream.answer(
                EngineFixture.base + "index/x", text: "files/x/1.box \(other.count) \(BlobDigest(of: other).hex)\n")
        }
        #expect(try await engine.get(path).status == 502)
        let before = engine.upstream.requestCount
        #expect(try await engine.get(path).status == 502)
        #expect(try await announcement(engine) == nil)
        #expect(engine.upstream.requestCount == before)
    }

    @Test func `R-34 a sidecar of a file that is gone upstream is 404, and is announced again after a while`() async throws {
        let engine = try await proxy()
        engine.upstream.answer(Self.file, .init(status: 404))
        #expect(try await announcement(engine) == "?")
        #expect(try await engine.get(path).status == 404)
        #expect(try await announcement(engine) == nil)
        announce(engine) { $0.hasRanges = true }
        engine.clock.advance(seconds: 4000)
        #expect(try await announcement(engine) == "?")
        #expect(try await engine.get(path).text == Self.text)
    }

    @Test func `R-34 a failing upstream is 503 and forgotten at once`() async throws {
        let engine = try await proxy()
        engine.upstream.fail(Self.file)
        #expect(try await engine.get(path).status == 503)
        #expect(try await announcement(engine) == "?")
        announce(engine) { $0.hasRanges = true }
        #expect(try await engine.get(path).text == Self.text)
    }

    @Test func `R-79 a group gives the same sidecar under the same announcement`() async throws {
        let engine = try await proxy()
        let hosted = try await engine.add("hosted", .hosted)
        let proxy = try #require(engine.catalogue.current.repository(project: "p", name: "u")).record.id
        try await engine.add("g", .group) { $0.group.members = [hosted, proxy] }
        #expect(try await announcement(engine, "g") == "?")
        #expect(try await engine.get("/line/p/g/files/x/1.box.note").text == Self.text)
        #expect(try await announcement(engine, "g") == Self.digest)
        #expect(try await announcement(engine) == Self.digest)
    }

    @Test func `a sidecar whose file is not kept makes no package, and goes with the package of other files`() async throws {
        let engine = try await proxy()
        let id = try #require(engine.catalogue.current.repositories.first { $0.record.name == "u" }?.record.id)
        let package = PackageID(normalized: "x")
        #expect(try await engine.get(path).text == Self.text)
        #expect(try await engine.store.read { try $0.assets(id, package: package).count } == 1)
        #expect(try await engine.store.read { try $0.package(id, package) } == nil)
        // One that an earlier version recorded can be deleted.
        let now = engine.clock.platform.now()
        try await engine.store.write { writing in
            try writing.put(PackageRecord(repository: id, id: package, displayName: "x", created: now, updated: now))
            try writing.deletePackage(id, package)
        }
        #expect(try await engine.store.read { try $0.assets(id, package: package) } == [])
    }

    @Test func `HEAD of a sidecar has the length of GET`() async throws {
        let engine = try await proxy()
        let head = await engine.send(.head, path)
        #expect(head.status == 200)
        #expect(head.body.length == 7)
    }
}

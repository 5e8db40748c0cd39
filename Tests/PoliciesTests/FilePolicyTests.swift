import EngineTestKit
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// What a rule keeps from clients is kept from them behind every door.
@Suite struct FilePolicyTests {
    enum Place: CaseIterable, Sendable {
        case hosted, proxy, firstOwner, union
    }

    private let policy = SwitchedPolicy()
    private static let box = "a note0005"

    /// Hosted `h`, the proxy `u` with the same files, and `g` over what `place` says.
    private func made(_ place: Place) async throws -> (engine: EngineFixture, name: String) {
        let engine = try await EngineFixture(policies: [policy])
        let proxy = try await engine.add("u", .proxy) { $0.proxy.cacheTTL = 60 }
        let hosted = try await engine.add("h", .hosted)
        try await engine.add("g", .group) { record in
            record.group.members = place == .union ? [proxy, hosted] : [proxy]
            record.group.policy = place == .union ? .union : .firstOwner
        }
        engine.announce([("1", "one"), ("2.box", Self.box)])
        for (name, content) in [("1", "one"), ("2.box", Self.box)] where place == .hosted {
            _ = await engine.put("/line/p/h/files/x/" + name, content)
        }
        return (engine, place == .hosted ? "h" : place == .proxy ? "u" : "g")
    }

    /// Every way to a file that is not given out.
    private func expectRefused(_ engine: EngineFixture, _ path: String, _ comment: Comment) async {
        for (method, headers) in [
            (.get, HTTPHeaders()), (.head, HTTPHeaders()), (.get, ["Range": "bytes=0-1"]), (.get, ["If-None-Match": "*"]),
        ] as [(HTTPMethod, HTTPHeaders)] {
            let refused = await engine.send(method, path, headers: headers)
            #expect(refused.status == 403, comment)
            #expect(refused.headers["x-save-reason"] == SwitchedPolicy.error.message, comment)
        }
    }

    /// What is in memory of `x` holds no longer.
    private func rulesChanged(_ engine: EngineFixture) {
        for repository in engine.catalogue.current.repositories {
            engine.services.administration.contentChanged(in: repository.record.id, package: PackageID(normalized: "x"))
        }
    }

    private func explained(_ engine: EngineFixture, _ name: String, _ filename: String) async throws -> JSONObject {
        let repository = try #require(engine.catalogue.current.repository(project: "p", name: name))
        let files = try await engine.services.administration.explain("x", in: repository, refresh: false).json.object?["files"]?
            .array
        return try #require(files?.compactMap(\.object).first { $0["filename"]?.string == filename })
    }

    @Test(arguments: Place.allCases)
    func `a file that is withheld before anybody asked for it is on no page, and nobody asks an upstream for it`(
        _ place: Place
    ) async throws {
        let (engine, name) = try await made(place)
        policy.withhold("2.box")
        await expectRefused(engine, "/line/p/\(name)/files/x/2.box", "\(place)")
        if place != .hosted { await expectRefused(engine, "/line/p/\(name)/files/x/2.box.note", "\(place)") }
        let page = try await engine.get("/line/p/\(name)/index/x")
        #expect(page.status == 200 && page.text.contains("files/x/1 ") && !page.text.contains("2.box"), "\(place)")
        #expect(try await engine.get("/line/p/\(name)/files/x/1") == (200, "one"))
        #expect(engine.upstream.requests(of: EngineFixture.base + "files/x/2.box").isEmpty, "\(place)")
        let file = try await explained(engine, name, "2.box")
        #expect(file["state"] == "blocked" && file["rule"] == "tested" && file["reason"] == "a test keeps it back", "\(place)")
        #expect(try await explained(engine, name, "1")["state"] == "offered", "\(place)")
    }

    @Test(arguments: Place.allCases)
    func `a file that clients had is refused from the day on that it is withheld, and given again afterwards`(
        _ place: Place
    ) async throws {
        let (engine, name) = try await made(place)
        let (path, note) = ("/line/p/\(name)/files/x/2.box", "/line/p/\(name)/files/x/2.box.note")
        for _ in 0..<2 {
            policy.decide { _ in .same(.allowed) }
            rulesChanged(engine)
            #expect(try await engine.get(path) == (200, Self.box), "\(place)")
            if place != .hosted { #expect(try await engine.get(note).text == " note", "\(place)") }
            #expect(try await engine.get("/line/p/\(name)/index/x").text.contains("2.box"), "\(place)")
            policy.withhold("2.box", .unchanged)
            rulesChanged(engine)
            await expectRefused(engine, path, "\(place)")
            if place != .hosted { await expectRefused(engine, note, "\(place)") }
            #expect(try await engine.get("/line/p/\(name)/index/x").text.contains("2.box"), "\(place)")
            #expect(try await explained(engine, name, "2.box")["rule"] == "tested", "\(place)")
        }
    }

    @Test func `a cached file that its upstream no longer lists is withheld as well`() async throws {
        let (engine, name) = try await made(.proxy)
        #expect(try await engine.get("/line/p/u/files/x/2.box").status == 200)
        #expect(try await engine.get("/line/p/u/files/x/2.box.note").status == 200)
        engine.announce([("1", "one")])
        engine.clock.advance(seconds: 61)
        _ = try await engine.get("/line/p/u/index/x")
        #expect(try await engine.get("/line/p/u/files/x/2.box").status == 200)
        policy.withhold("2.box")
        rulesChanged(engine)
        await expectRefused(engine, "/line/p/u/files/x/2.box", "unlisted")
        await expectRefused(engine, "/line/p/u/files/x/2.box.note", "unlisted")
        #expect(try await explained(engine, name, "2.box")["state"] == "blocked")
    }

    @Test func `under union a member that gives nothing out leaves its place to the others`() async throws {
        let (engine, _) = try await made(.union)
        _ = await engine.put("/line/p/h/files/x/1", "mine")
        policy.decide { package in
            package.repository.record.kind == .proxy ? .same(.withheld(SwitchedPolicy.withholding(.withdrawn))) : .same(.allowed)
        }
        #expect(try await engine.get("/line/p/g/index/x").text.split(separator: "\n").count == 1)
        #expect(try await engine.get("/line/p/g/files/x/1") == (200, "mine"))
        await expectRefused(engine, "/line/p/g/files/x/2.box", "union")
    }

    // MARK: Until when

    @Test(arguments: Place.allCases)
    func `a page and a file are made again when the verdict on a file ends`(_ place: Place) async throws {
        let (engine, name) = try await made(place)
        let (clock, policy) = (engine.clock.platform, policy)
        let (first, second) = (clock.now().adding(seconds: 20), clock.now().adding(seconds: 40))
        policy.decide { _ in
            .each { file in
                guard file.path.filename == "1" else { return .allowed }
                if clock.now() < first { return .withheld(SwitchedPolicy.withholding(.omitted), until: first) }
                return clock.now() < second
                    ? .allowed(until: second) : .withheld(SwitchedPolicy.withholding(.omitted))
            }
        }
        for (seconds, isGiven) in [(0, false), (19, false), (1, true), (19, true), (1, false)] as [(UInt64, Bool)] {
            engine.clock.advance(seconds: seconds)
            #expect(try await engine.get("/line/p/\(name)/index/x").text.contains("files/x/1 ") == isGiven, "\(place) \(seconds)")
            #expect(await engine.send(.get, "/line/p/\(name)/files/x/1").status == (isGiven ? 200 : 403), "\(place) \(seconds)")
        }
    }

    @Test func `what is in memory is given without asking the rules`() async throws {
        let (engine, _) = try await made(.proxy)
        _ = try await engine.get("/line/p/u/index/x")
        _ = try await engine.get("/line/p/u/files/x/1")
        _ = try await engine.get("/line/p/u/files/x/1")
        let before = policy.count
        for _ in 0..<3 {
            #expect(try await engine.get("/line/p/u/index/x").status == 200)
            #expect(try await engine.get("/line/p/u/files/x/1").status == 200)
        }
        #expect(policy.count == before)
    }

    // MARK: Several rules

    @Test func `the first rule that withholds a file gives the reason, and the rules before it say until when`() async throws {
        let engine = try await EngineFixture(policies: [policy])
        let id = try await engine.add("u", .proxy)
        engine.announce([("1", "one")])
        engine.upstream.answer(EngineFixture.base + "index/x", text: "sealed\nfiles/x/1 3 \(String(repeating: "0", count: 64))\n")
        policy.withhold("1")
        let sealed = await engine.send(.get, "/line/p/u/files/x/1")
        #expect(sealed.status == 403 && sealed.headers["x-save-reason"]?.hasPrefix("sealed") == true)
        engine.announce([("1", "one")])
        try await engine.change(id) { $0.proxy.allowedFileHosts = ["files.example.test"] }
        try await engine.services.administration.invalidateCache(of: try #require(engine.catalogue.current.repository(id: id)))
        let refused = await engine.send(.get, "/line/p/u/files/x/1")
        #expect(refused.headers["x-save-reason"]?.contains("allowed_file_hosts") == true)
        #expect(try await explained(engine, "u", "1")["rule"] == "allowed_file_hosts")
    }

    @Test func `a rule that does not know keeps page and file from being answered`() async throws {
        struct Unknowing: FilePolicy {
            func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
                throw SaveError(.storageUnavailable, "the rules cannot be read: ask again")
            }
        }
        let engine = try await EngineFixture(policies: [Unknowing()])
        try await engine.add("h", .hosted)
        _ = await engine.put("/line/p/h/files/x/1", "one")
        #expect(await engine.send(.get, "/line/p/h/files/x/1").status == 503)
        #expect(await engine.send(.get, "/line/p/h/index/x").status == 503)
        #expect(await engine.send(.get, "/line/p/h/index").status == 200)
    }
}

import SaveDigest
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveServer
import SaveTestKit
import Testing

@testable import SaveAPI

/// Whatever way leads to a file that a policy refuses, its end is the refusal: every URL of every format, below its id and its
/// mount, hosted, in a proxy and in groups, however it is written, asked for and asked for before.
///
/// One at a time: each asks tens of thousands of times, and other tests want their turns.
@Suite(.serialized) struct BypassTests {
    // MARK: - Completeness

    @Test func `every format, and each of its routes that is read, has rows that mean what they say`() async throws {
        let world = try await AccessWorld()
        #expect(Set(RefusedURLs.rows.map(\.format)) == Set(world.formats.descriptors.map(\.id)))
        for format in world.formats.descriptors {
            let rows = RefusedURLs.rows.filter { $0.format == format.id }
            #expect(rows.contains { $0.content == .file }, "\(format.id) has no row of a file")
            let translator = try await world.formats.make(format.id, settings: [:])
            for row in rows where !row.path.hasPrefix("//") {
                let path = try RequestPath(
                    decoding: Array("/f/p/r\(row.path.prefix { $0 != "?" })".utf8)[...],
                    escapedSlashesSeparate: format.abilities.contains(.slashesInNames)
                ).dropping(3)
                let query = row.path.utf8.firstIndex(of: UInt8(ascii: "?")).map { Array(row.path.utf8[$0...].dropFirst())[...] }
                let items = try QueryItems(decoding: query)
                let method: HTTPMethod = row.kind == .lookup ? .post : .get
                let route = try await translator.ask { try $0.route(FormatRequest(method: method, path: path, query: items)) }
                #expect(DataPlaneExpectations.Kind(route) == row.kind, "\(format.id) \(row.path)")
                #expect(RefusedURLs.contents(of: row.kind).contains(row.content), "\(format.id) \(row.path)")
            }
        }
        #expect(
            Set(RefusedURLs.rows.map(\.kind))
                == Set(DataPlaneExpectations.Kind.allCases.filter { RefusedURLs.contents(of: $0) != [] }))
    }

    /// The table of who may do what has every path of a format: what is read there is asked for here.
    @Test func `every path that the table of access reads has its row`() {
        let spellings = [
            (AccessWorld.wheel.filename, RefusedFile.wheel.filename),
            (Digest.hex(AccessWorld.tarball), Digest.hex(RefusedFile.bytes)),
            (Digest.hex(AccessWorld.image("v1")), Digest.hex(RefusedFile.image)),
            ("/de/mo/demo", "/st/ol/stolen-keys"), ("Demo", "Stolen-Keys"), ("demo", "stolen-keys"),
            ("a/b.txt", "a/stolen-keys.txt"),
        ]
        let rows = Set(RefusedURLs.rows.map { "\($0.format) \($0.path)" })
        let asked = DataPlaneExpectations.requests.filter { request in
            request.method != "HEAD" && !request.path.contains("none") && RefusedURLs.contents(of: request.kind) != []
        }
        for request in asked {
            let path = spellings.reduce(request.path) { $0.replacing($1.0, with: $1.1) }
            #expect(rows.contains("\(request.format) \(path)"), "no row in RefusedURLs.swift")
        }
        #expect(asked.count > 20)
    }

    // MARK: - The table

    @Test(arguments: [true, false]) func `no way leads to a refused file, whether it was asked for before or not`(
        isHosted: Bool
    ) async throws {
        let asked = try await RefusedWorld(isHosted: isHosted)
        var run = BypassRun(isHosted: isHosted, formats: asked.world.formats)
        try await run.learn(asked)
        try await asked.refuse()
        try await run.expectRefused(asked, .askedBefore)
        if !isHosted {
            asked.upstream.unplug()
            try await run.expectRefused(asked, .upstreamAway)
        }
        let fresh = try await RefusedWorld(isHosted: isHosted)
        fresh.world.clock.advance(seconds: 60)
        try await fresh.refuse(omitting: true)
        try await run.expectRefused(fresh, .neverAsked)
        try await fresh.allow()
        try await run.expectAllowed(fresh)
    }

    @Test(arguments: [true, false]) func `no link of a page leads to a refused file`(isHosted: Bool) async throws {
        let world = try await RefusedWorld(isHosted: isHosted)
        try await world.refuse()
        var crawl = BypassCrawl(world: world)
        for place in RefusedPlace.allCases where place.isHosted == isHosted {
            for row in RefusedURLs.rows where row.content == .page && row.places.contains(place) {
                for view in RefusedURLs.views(of: row, place) {
                    try await crawl.follow(RefusedURLs.target(row, place, segment: row.format, view: view))
                }
            }
        }
        #expect(crawl.refused.contains { $0.hasSuffix(".whl") } && crawl.refused.contains { $0.hasSuffix(".whl.metadata") })
        #expect(crawl.refused.contains { $0.hasSuffix(".tgz") } && crawl.pages.count > 10)
        #expect(isHosted == crawl.refused.contains { $0.hasSuffix(".txt") })
    }
}

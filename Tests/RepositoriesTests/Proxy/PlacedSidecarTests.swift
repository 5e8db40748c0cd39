import EngineTestKit
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import Testing

/// Sidecars of files whose index does not say where they are.
@Suite struct PlacedSidecarTests {
    private static let content = "contents" + "a note" + "0006"
    private let file = "http://files.test/files/x/1.box"

    private func proxy(_ fourth: String = "") async throws -> EngineFixture {
        let engine = try await EngineFixture(format: PlacelessFormat.self)
        try await engine.add("u", .proxy)
        let digest = BlobDigest(of: Array(Self.content.utf8))
        engine.upstream.answer(
            EngineFixture.base + "index/x", text: "files/x/1.box \(Self.content.utf8.count) \(digest)\(fourth)\n")
        var answer = FakeUpstream.Answer(chunks: [Array(Self.content.utf8)])
        answer.hasRanges = true
        engine.upstream.answer(file, answer)
        return engine
    }

    @Test func `a sidecar is read out of parts of the file, where the format says that it is`() async throws {
        let engine = try await proxy()
        #expect(try await engine.get("/line/p/u/index/x").text.hasSuffix(" ?\n"))
        #expect(try await engine.get("/line/p/u/files/x/1.box.note").text == "a note")
        #expect(engine.upstream.requests(of: file).allSatisfy { $0.headers["range"] != nil })
        #expect(try await engine.get("/line/p/u/files/x/1.box").text == Self.content)
    }

    @Test func `a sidecar that the upstream lists is fetched from where the format says`() async throws {
        let engine = try await proxy(" \(BlobDigest(of: Array("a note".utf8)))")
        engine.upstream.answer(file + ".note", text: "a note")
        #expect(try await engine.get("/line/p/u/files/x/1.box.note").text == "a note")
        #expect(engine.upstream.requests(of: file + ".note").count == 1 && engine.upstream.requests(of: file).isEmpty)
    }
}

/// The line format without URLs in its listings: the format knows of one place for all upstreams' files.
private struct PlacelessFormat: RepositoryFormat, EmbeddedMetadata, FileLocating {
    static var descriptor: FormatDescriptor { LineFormat.descriptor }
    let line: LineFormat

    init(settings: JSONObject) throws { line = try LineFormat(settings: settings) }

    func route(_ request: FormatRequest) throws -> Route { try line.route(request) }
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        try line.render(index, as: type, from: listing, context: context)
    }
    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        try line.upstreamRequest(for: target, base: base)
    }
    func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        var listing = try line.listing(from: document, for: index)
        for place in listing.assets.indices { listing.assets[place].origin = nil }
        return listing
    }
    func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String? {
        configuration.isEmpty && base == EngineFixture.base ? "http://files.test/\(file.path)" : nil
    }
    func embeddedSidecar(of file: AssetRecord) -> AssetRecord? { line.embeddedSidecar(of: file) }
    func file(ofSidecar path: AssetPath) -> AssetPath? { line.file(ofSidecar: path) }
    func readSidecar(of file: AssetRecord, in bytes: FileBytes) throws -> [UInt8] { try line.readSidecar(of: file, in: bytes) }
    func announceSidecar(_ checksums: [Checksum]?, in file: inout AssetRecord) { line.announceSidecar(checksums, in: &file) }
}

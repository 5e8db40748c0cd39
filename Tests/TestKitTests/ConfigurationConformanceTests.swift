import FormatSparse
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

/// The rule for upstreams that say where their files are, shown by formats that break it and nothing else.
@Suite struct ConfigurationConformanceTests {
    private static let law = "an upstream says where its files are, and is not believed"

    private func conformance(
        _ format: any RepositoryFormat.Type, configuration: String = #"{"dl":"https://files.example.com/{crate}/{version}"}"#
    ) throws -> FormatConformance {
        let body = Array("contents".utf8)
        let file = AssetRecord(
            path: try AssetPath("crates/foo/1.0"), package: PackageID(normalized: "foo"), version: "1.0",
            checksums: [Checksum(.sha256, hex: Digest.hex(body))].compactMap(\.self))
        return FormatConformance(
            format, paths: ["/foo", "/config.json", "/crates/foo/1.0"],
            indexes: [(.package(PackageID(normalized: "foo")), Listing(assets: [file]))],
            uploads: [SampleUpload(.put, "/crates/foo/1.0", body: body)], configuration: Array(configuration.utf8))
    }

    @Test func `a format whose upstreams say where their files are keeps the rules of all formats`() async throws {
        #expect(try await conformance(SparseFormat.self).violations() == [])
        #expect(try await conformance(BrokenConfiguration<NoFault>.self).violations() == [])
    }

    @Test func `a format with one fault breaks one rule`() async throws {
        #expect(try await conformance(BrokenConfiguration<BelievesAnyAddress>.self).brokenLaws() == [Self.law])
        #expect(try await conformance(BrokenConfiguration<ThrowsAnyError>.self).brokenLaws() == [Self.law])
        #expect(try await conformance(BrokenConfiguration<ReadsWithoutEnd>.self).brokenLaws() == [Self.law])
        #expect(try await conformance(BrokenConfiguration<BlamesTheClient>.self).brokenLaws() == [Self.law])
    }

    @Test func `a format that knows files by their paths knows whose they are`() async throws {
        #expect(try await conformance(BrokenConfiguration<KnowsAnyFile>.self).brokenLaws() == [Self.law])
    }

    @Test func `a format that looks for an index in any number of places breaks a rule`() async throws {
        #expect(try await conformance(BrokenConfiguration<LooksEverywhere>.self).brokenLaws() == ["an upstream is not believed"])
    }

    @Test func `a format that reads a configuration needs a sample`() async throws {
        let broken = try await conformance(SparseFormat.self, configuration: "").violations()
        #expect(broken.contains { $0.contains("the sample cannot be read") })
    }
}

private enum ConfigurationFault {
    case nothing, believesAnyAddress, throwsAnyError, readsWithoutEnd, blamesTheClient, looksEverywhere, knowsAnyFile
}
private protocol ConfigurationFaultName { static var fault: ConfigurationFault { get } }
private enum NoFault: ConfigurationFaultName { static let fault = ConfigurationFault.nothing }
private enum BelievesAnyAddress: ConfigurationFaultName { static let fault = ConfigurationFault.believesAnyAddress }
private enum ThrowsAnyError: ConfigurationFaultName { static let fault = ConfigurationFault.throwsAnyError }
private enum ReadsWithoutEnd: ConfigurationFaultName { static let fault = ConfigurationFault.readsWithoutEnd }
private enum LooksEverywhere: ConfigurationFaultName { static let fault = ConfigurationFault.looksEverywhere }
private enum KnowsAnyFile: ConfigurationFaultName { static let fault = ConfigurationFault.knowsAnyFile }
private enum BlamesTheClient: ConfigurationFaultName { static let fault = ConfigurationFault.blamesTheClient }

/// The sparse format with one fault in what it makes of configurations.
private struct BrokenConfiguration<Name: ConfigurationFaultName>: RepositoryFormat, PackageNaming, UpstreamConfigurationReading,
    FileLocating, UnlistedVersions
{
    static var descriptor: FormatDescriptor { SparseFormat.descriptor }
    let sparse: SparseFormat

    init(settings: JSONObject) throws { sparse = try SparseFormat(settings: settings) }

    func package(named name: String) -> PackageID? { sparse.package(named: name) }
    func route(_ request: FormatRequest) throws -> Route { try sparse.route(request) }
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        try sparse.render(index, as: type, from: listing, context: context)
    }
    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await sparse.receive(upload, into: staging)
    }
    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        var request = try sparse.upstreamRequest(for: target, base: base)
        if Name.fault == .looksEverywhere, case .index = target { request.furtherURLs = (0..<100).map { "https://x.test/\($0)" } }
        return request
    }
    func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        try sparse.listing(from: document, for: index)
    }

    func configurationRequest(base: String) throws -> UpstreamRequest {
        if Name.fault == .believesAnyAddress { return UpstreamRequest(url: base + "config.json", maxSize: 4096) }
        var request = try sparse.configurationRequest(base: base)
        if Name.fault == .readsWithoutEnd { request.maxSize = .max }
        return request
    }

    func configuration(from document: UpstreamDocument) throws -> JSONObject {
        do { return try sparse.configuration(from: document) } catch {
            throw Name.fault == .throwsAnyError ? SaveError(.invalidRequest, "no") : error
        }
    }

    func unlistedFile(at path: AssetPath, of package: PackageID) -> AssetRecord? {
        guard Name.fault == .knowsAnyFile else { return nil }
        return AssetRecord(path: path, package: package, version: "1.0")
    }
    func hasDocument(of index: IndexKey, in listing: Listing) -> Bool { false }

    func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String? {
        do { return try sparse.location(of: file, base: base, configuration: configuration) } catch {
            throw Name.fault == .blamesTheClient ? SaveError(.notFound, "no") : error
        }
    }
}

import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

/// The kit finds mistakes that are easily made, by damaging what is right.
@Suite struct PlantedMistakesTests {
    private static func conformance(_ format: any RepositoryFormat.Type) throws -> FormatConformance {
        let foo = PackageID(normalized: "foo")
        let files = try ["1.0", "1.1"].map { version in
            AssetRecord(
                path: try AssetPath("foo/\(version)"), package: foo, version: version, size: 8,
                checksums: [Checksum(.sha256, hex: Digest.hex(Array(version.utf8)))].compactMap(\.self),
                attributes: ["note": "a note"])
        }
        let body = #"{"name":"Foo","version":"1.0","text":"contents","note":"a note"}"#
        return FormatConformance(
            format, paths: ["/", "/foo", "/foo/page", "/foo/1.0"],
            indexes: [(.package(foo), Listing(assets: files)), (.custom("page", package: foo), Listing(assets: files))],
            uploads: [SampleUpload(.put, "/", contentType: "application/json", body: Array(body.utf8))])
    }

    @Test func `a format without a mistake keeps every rule, though its publish URL cannot be read`() async throws {
        #expect(try await Self.conformance(PlantedFormat<Nothing>.self).violations() == [])
    }

    private static let laws: [(mistake: Mistake, format: any RepositoryFormat.Type, law: String)] = [
        (.failsInside, PlantedFormat<FailsInside>.self, "what an upstream damaged is left out or refused"),
        (.takesAnyURL, PlantedFormat<TakesAnyURL>.self, "what an upstream damaged is left out or refused"),
        (.takesNegativeSizes, PlantedFormat<TakesNegativeSizes>.self, "what an upstream damaged is left out or refused"),
        (.takesFilesOfOthers, PlantedFormat<TakesFilesOfOthers>.self, "what an upstream damaged is left out or refused"),
        (.letsErrorsThrough, PlantedFormat<LetsErrorsThrough>.self, "what a client damaged is refused with a reason"),
        (.countsCapitals, PlantedFormat<CountsCapitals>.self, "what a client damaged is refused with a reason"),
        (.answersByHand, PlantedFormat<AnswersByHand>.self, "what a client damaged is refused with a reason"),
        (.forgetsTheEnd, PlantedFormat<ForgetsTheEnd>.self, "an upload is the same however it is cut"),
        (.writesJSONByHand, PlantedFormat<WritesJSONByHand>.self, "text of others is text on a page"),
        (.showsTextAsMarkup, PlantedFormat<ShowsTextAsMarkup>.self, "text of others is text on a page"),
        (
            .leadsToAnotherPackage, PlantedFormat<LeadsToAnotherPackage>.self,
            "a file belongs to one package, by its URL and by its record"
        ),
        (.leadsToNoPackage, PlantedFormat<LeadsToNoPackage>.self, "a file belongs to one package, by its URL and by its record"),
    ]

    @Test func `every mistake is planted`() {
        #expect(Self.laws.map(\.mistake) == Mistake.allCases.filter { $0 != .none && !$0.isDeadly })
    }

    @Test(arguments: laws.indices) func `a mistake is found`(number: Int) async throws {
        let (_, format, law) = Self.laws[number]
        #expect(try await Self.conformance(format).brokenLaws().contains(law))
    }

    @Test func `a member that is forced ends the process when it is damaged, which nobody overlooks`() async {
        await #expect(processExitsWith: .failure) {
            _ = try await PlantedMistakesTests.conformance(PlantedFormat<ForcesAMember>.self).violations()
        }
    }

    @Test func `a sum that is not checked ends it as well`() async {
        await #expect(processExitsWith: .failure) {
            _ = try await PlantedMistakesTests.conformance(PlantedFormat<AddsWithoutCheck>.self).violations()
        }
    }

    @Test func `a requirement under another name is found, since what is claimed is missing`() async throws {
        let found = try await Self.conformance(MisspelledFormat.self).violations()
        for missing in ["cannot be rendered", "is not taken", "knows no upstream's URL"] {
            #expect(found.contains { $0.contains(missing) }, "\(missing)")
        }
        let unread = try await Self.conformance(MisspelledReading.self).violations()
        #expect(unread.contains { $0.contains("cannot be read again") })
    }
}

/// Each of the optional requirements, almost.
private struct MisspelledFormat: RepositoryFormat {
    static let descriptor = FormatDescriptor(
        id: "misspelled", displayName: "Misspelled", abilities: [.hosted, .proxy, .indexes, .uploads, .upstreamIndexes])
    private let planted: PlantedFormat<Nothing>
    init(settings: JSONObject) throws { planted = try PlantedFormat(settings: settings) }
    func route(_ request: FormatRequest) throws -> Route { try planted.route(request) }
    func render(_ index: IndexKey, as type: MediaType, of listing: Listing, context: RenderContext) throws -> Document {
        try planted.render(index, as: type, from: listing, context: context)
    }
    func recieve(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await planted.receive(upload, into: staging)
    }
    func upstreamRequest(target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        try planted.upstreamRequest(for: target, base: base)
    }
}

/// And one more, which only a proxy would miss.
private struct MisspelledReading: RepositoryFormat {
    static let descriptor = FormatDescriptor(
        id: "misspelled", displayName: "Misspelled", abilities: [.hosted, .proxy, .indexes, .uploads, .upstreamIndexes])
    private let planted: PlantedFormat<Nothing>
    init(settings: JSONObject) throws { planted = try PlantedFormat(settings: settings) }
    func route(_ request: FormatRequest) throws -> Route { try planted.route(request) }
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document {
        try planted.render(index, as: type, from: listing, context: context)
    }
    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission {
        try await planted.receive(upload, into: staging)
    }
    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest {
        try planted.upstreamRequest(for: target, base: base)
    }
    func listing(of document: UpstreamDocument, for index: IndexKey) throws -> Listing {
        try planted.listing(from: document, for: index)
    }
}

private enum Nothing: MistakeName { static let mistake = Mistake.none }
private enum ForcesAMember: MistakeName { static let mistake = Mistake.forcesAMember }
private enum AddsWithoutCheck: MistakeName { static let mistake = Mistake.addsWithoutCheck }
private enum FailsInside: MistakeName { static let mistake = Mistake.failsInside }
private enum TakesAnyURL: MistakeName { static let mistake = Mistake.takesAnyURL }
private enum TakesNegativeSizes: MistakeName { static let mistake = Mistake.takesNegativeSizes }
private enum TakesFilesOfOthers: MistakeName { static let mistake = Mistake.takesFilesOfOthers }
private enum LetsErrorsThrough: MistakeName { static let mistake = Mistake.letsErrorsThrough }
private enum CountsCapitals: MistakeName { static let mistake = Mistake.countsCapitals }
private enum AnswersByHand: MistakeName { static let mistake = Mistake.answersByHand }
private enum ForgetsTheEnd: MistakeName { static let mistake = Mistake.forgetsTheEnd }
private enum WritesJSONByHand: MistakeName { static let mistake = Mistake.writesJSONByHand }
private enum ShowsTextAsMarkup: MistakeName { static let mistake = Mistake.showsTextAsMarkup }
private enum LeadsToAnotherPackage: MistakeName { static let mistake = Mistake.leadsToAnotherPackage }
private enum LeadsToNoPackage: MistakeName { static let mistake = Mistake.leadsToNoPackage }

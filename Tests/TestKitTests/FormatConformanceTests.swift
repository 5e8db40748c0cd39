import FormatNotices
import SaveDigest
import SavePlatform
import SaveTestKit
import Testing

/// Each rule for formats, shown by a format that breaks it and nothing else.
@Suite struct FormatConformanceTests {
    private static let laws: [(fault: Fault, law: String)] = [
        (.acceptsAnySetting, "a format has an identity and names settings it does not know"),
        (.throwsAnything, "every request has one meaning, whatever its path"),
        (.renamesPackages, "every spelling of a name leads to one package"),
        (.sendsAnotherType, "a page is a function of its listing"),
        (.losesFiles, "what a page says is read from it again"),
        (.asksAnyAddress, "an upstream is not believed"),
        (.forgetsWhatSidecarsBelongTo, "a sidecar belongs to its file"),
        (.countsPieces, "an upload is the same however it is cut"),
        (.deletesNothing, "what is claimed works, and the rest is refused"),
        (.linksToItself, "a proxy and a group serve what the hosted repository serves"),
        (.acceptsAnyAttribute, "packages without attributes are free, and unknown attributes are named"),
        (.importsWithoutReason, "an imported file has a path, or is refused with a reason"),
        (.findsNothingElsewhere, "a search finds what is there, wherever it is asked"),
        (.signsInByUploading, "who signs in does so by requests of its own"),
        (.misspellsAWord, "what clients are told has the form of their protocol"),
        (.namesAChangeBadly, "every request has one meaning, whatever its path"),
        (.countsInItsDocument, "a document of the repository needs nothing of it"),
        (.spellsNamesAnew, "a name keeps the spelling that a publisher gave it"),
    ]

    private func brokenLaws(_ format: any RepositoryFormat.Type) async throws -> [String] {
        let foo = PackageID(normalized: "foo")
        let file = AssetRecord(
            path: try AssetPath("foo/1.0-beta"), package: foo, version: "1.0-beta", size: 7,
            checksums: [Checksum(.sha256, hex: String(repeating: "0", count: 64))].compactMap(\.self))
        let packages = Listing(packages: [PackageSummary(id: foo, displayName: "Foo")])
        return try await FormatConformance(
            format, paths: ["/", "/foo/", "/foo", "/foo/1.0", "/config.json"],
            indexes: [(.package(foo), Listing(assets: [file])), (.root, packages)],
            uploads: [SampleUpload(.put, "/Foo/1.0", body: Array("contents".utf8))],
            searches: [SampleSearch("/?find=fo", finds: foo)]
        ).brokenLaws()
    }

    @Test func `a format with a mount of two segments keeps the rules of all formats`() async throws {
        let upload = SampleUpload(.put, "/a/b.txt", body: Array("contents".utf8))
        let violations = try await FormatConformance(
            NoticesFormat.self, paths: ["/about", "/a/b.txt"], indexes: [], uploads: [upload]
        ).violations()
        #expect(violations == [])
    }

    @Test func `every fault has its rule`() {
        #expect(Self.laws.map(\.fault) == Fault.allCases.filter { $0 != .nothing })
    }

    @Test(arguments: laws)
    func `a format with one fault breaks one rule`(_ fault: Fault, _ law: String) async throws {
        let format = try #require(Self.formats.first { $0.fault == fault }).format
        #expect(try await brokenLaws(format) == [law])
    }

    @Test func `a format without a fault breaks none`() async throws {
        #expect(try await brokenLaws(BrokenFormat<Nothing>.self) == [])
    }

    private static let formats: [(fault: Fault, format: any RepositoryFormat.Type)] = [
        (.acceptsAnySetting, BrokenFormat<AcceptsAnySetting>.self),
        (.throwsAnything, BrokenFormat<ThrowsAnything>.self),
        (.renamesPackages, BrokenFormat<RenamesPackages>.self),
        (.sendsAnotherType, BrokenFormat<SendsAnotherType>.self),
        (.losesFiles, BrokenFormat<LosesFiles>.self),
        (.asksAnyAddress, BrokenFormat<AsksAnyAddress>.self),
        (.forgetsWhatSidecarsBelongTo, BrokenFormat<ForgetsWhatSidecarsBelongTo>.self),
        (.countsPieces, BrokenFormat<CountsPieces>.self),
        (.deletesNothing, BrokenFormat<DeletesNothing>.self),
        (.linksToItself, BrokenFormat<LinksToItself>.self),
        (.acceptsAnyAttribute, BrokenFormat<AcceptsAnyAttribute>.self),
        (.importsWithoutReason, BrokenFormat<ImportsWithoutReason>.self),
        (.findsNothingElsewhere, BrokenFormat<FindsNothingElsewhere>.self),
        (.signsInByUploading, BrokenFormat<SignsInByUploading>.self),
        (.misspellsAWord, BrokenFormat<MisspellsAWord>.self),
        (.namesAChangeBadly, BrokenFormat<NamesAChangeBadly>.self),
        (.countsInItsDocument, BrokenFormat<CountsInItsDocument>.self),
        (.spellsNamesAnew, BrokenFormat<SpellsNamesAnew>.self),
    ]
}

private enum Nothing: FaultName { static let fault = Fault.nothing }
private enum AcceptsAnySetting: FaultName { static let fault = Fault.acceptsAnySetting }
private enum ThrowsAnything: FaultName { static let fault = Fault.throwsAnything }
private enum RenamesPackages: FaultName { static let fault = Fault.renamesPackages }
private enum SendsAnotherType: FaultName { static let fault = Fault.sendsAnotherType }
private enum LosesFiles: FaultName { static let fault = Fault.losesFiles }
private enum AsksAnyAddress: FaultName { static let fault = Fault.asksAnyAddress }
private enum ForgetsWhatSidecarsBelongTo: FaultName { static let fault = Fault.forgetsWhatSidecarsBelongTo }
private enum CountsPieces: FaultName { static let fault = Fault.countsPieces }
private enum DeletesNothing: FaultName { static let fault = Fault.deletesNothing }
private enum LinksToItself: FaultName { static let fault = Fault.linksToItself }
private enum AcceptsAnyAttribute: FaultName { static let fault = Fault.acceptsAnyAttribute }
private enum ImportsWithoutReason: FaultName { static let fault = Fault.importsWithoutReason }
private enum FindsNothingElsewhere: FaultName { static let fault = Fault.findsNothingElsewhere }
private enum SignsInByUploading: FaultName { static let fault = Fault.signsInByUploading }
private enum MisspellsAWord: FaultName { static let fault = Fault.misspellsAWord }
private enum NamesAChangeBadly: FaultName { static let fault = Fault.namesAChangeBadly }
private enum CountsInItsDocument: FaultName { static let fault = Fault.countsInItsDocument }
private enum SpellsNamesAnew: FaultName { static let fault = Fault.spellsNamesAnew }

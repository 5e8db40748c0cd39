internal import FoundationEssentials
internal import Glibc
internal import SaveDigest
internal import SavePlatform
internal import SaveVersions

/// What `npm publish --provenance` sends beside a tarball: a signed statement about how it was built (npm documentation, "Generating
/// provenance statements"; in-toto Statement v1 in a DSSE envelope in a Sigstore bundle).
///
/// Save keeps and serves it. Clients check signatures; Save checks that the statement is about the file it comes with.
struct Provenance {
    /// What kind of statement it is: a URL.
    let predicateType: String
    private let bundle: JSONObject

    /// Reads a bundle.
    ///
    /// - Throws: `invalidRequest` naming `_attachments`.
    init(_ text: String, of name: PackageName, _ version: SemanticVersion, _ file: StagedFile) throws {
        guard let bundle = (try? JSONValue(parsing: Array(text.utf8)))?.object,
            let payload = bundle["dsseEnvelope"]?.object?["payload"]?.string.flatMap({ Data(base64Encoded: $0) }),
            let statement = (try? JSONValue(parsing: [UInt8](payload)))?.object,
            let type = statement["predicateType"]?.string, let subjects = statement["subject"]?.array
        else { throw Self.refused("the provenance is no Sigstore bundle with a statement") }
        let sha512 = file.checksums[.sha512]?.hex
        let names = [name.text, name.text.replacing("@", with: "%40")].map { "pkg:npm/\($0)@\(version)" }
        let isAboutThis = subjects.contains { subject in
            let named = subject.object?["name"]?.string, digest = subject.object?["digest"]?.object?["sha512"]?.string
            return named.map(names.contains) ?? false && digest.map(ASCII.lowercased) == sha512
        }
        guard isAboutThis else { throw Self.refused("the provenance is about another file than the tarball") }
        predicateType = type
        self.bundle = bundle
    }

    /// The document as clients ask for it (npm registry API, `GET /-/npm/v1/attestations/{package}@{version}`).
    var document: JSONValue {
        ["attestations": [["predicateType": .string(predicateType), "bundle": .object(bundle)]]]
    }

    /// The document with the attestations of another that it does not have; nil where it has all of them, or one is no document.
    ///
    /// - Throws: `invalidRequest` naming `_attachments`, where these are too many for one version.
    static func document(_ stored: [UInt8], adding new: [UInt8]) throws -> JSONValue? {
        guard let known = (try? JSONValue(parsing: stored))?.object?["attestations"]?.array,
            let came = (try? JSONValue(parsing: new))?.object?["attestations"]?.array
        else { return nil }
        let here = known.map(\.sorted)
        let others = came.filter { !here.contains($0.sorted) }
        guard !others.isEmpty else { return nil }
        let document: JSONValue = ["attestations": .array(known + others)]
        guard known.count + others.count <= maxEntries, document.bytes.count <= maxBytes else {
            throw refused(
                "a version has at most \(maxEntries) attestations and \(maxBytes >> 20) MiB of them: publish another version")
        }
        return document
    }

    private static let maxEntries = 64
    /// Bytes.
    private static let maxBytes = 4 << 20

    /// What `dist.attestations` of the manifest says, without the place.
    static func described(_ predicateType: String) -> JSONValue {
        ["provenance": ["predicateType": .string(predicateType)]]
    }

    /// Whether a name of an attachment is that of a bundle, which is text and not Base64 as tarballs are.
    static func isBundle(_ filename: some Sequence<UInt8>) -> Bool { Array(filename.suffix(9)).elementsEqual(".sigstore".utf8) }

    /// The file in which a version's document is kept.
    static func path(of name: PackageName, _ version: SemanticVersion) throws -> AssetPath {
        try AssetPath("\(name.text)/-/\(name.base)-\(version).attestations.json")
    }

    private static func refused(_ reason: String) -> SaveError { SaveError.invalid("_attachments", "_attachments: \(reason)") }
}

internal import FoundationEssentials
internal import Glibc
internal import SavePlatform

/// The attestations that come with a file (PEP 740), as a publisher sent them. They are stored and handed out, not verified:
/// that takes a trust root, which the reader has to bring along. What is checked is that they are about this file.
struct Attestations {
    /// The whole field, in bytes.
    static let maxBytes = 1 << 20
    private static let maxAttestations = 16

    /// The provenance object, with the attestations as they were sent.
    let provenance: [UInt8]
    /// Whether readers of provenance take it: they refuse all of it where they do not know the kind of a publisher.
    let areReadable: Bool

    /// - Throws: `invalidRequest` naming `attestations`.
    init(_ text: String, of file: StagedFile, _ filename: DistributionFilename) throws {
        guard text.utf8.count <= Self.maxBytes, let attestations = try? JSONValue(parsing: Array(text.utf8)).array else {
            throw Self.invalid("must be a JSON array")
        }
        guard (1...Self.maxAttestations).contains(attestations.count) else {
            throw Self.invalid("must have 1 to \(Self.maxAttestations) attestations")
        }
        for attestation in attestations { try Self.check(attestation, file, filename) }
        var object = ProvenanceObject()
        for attestation in attestations { object.add(attestation, of: Self.publisher(attestation)?.json) }
        areReadable = object.isReadable
        provenance = object.bytes(sentAs: Array(text.utf8))
    }

    /// The maker of an attestation; nil where that cannot be told, or where readers would not take it for an attestation.
    private static func publisher(_ attestation: JSONValue) -> AttestationPublisher? {
        guard let material = attestation.object?["verification_material"]?.object,
            let entries = material["transparency_entries"]?.array, !entries.isEmpty, entries.allSatisfy({ $0.object != nil }),
            let der = material["certificate"]?.string.flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        return IdentityCertificate(Array(der)).flatMap(AttestationPublisher.init)
    }

    /// PEP 740: an attestation has a version, its verification material, and an envelope around a statement of in-toto whose
    /// one subject is the file.
    private static func check(_ attestation: JSONValue, _ file: StagedFile, _ filename: DistributionFilename) throws {
        guard let object = attestation.object, object["version"] == 1, object["verification_material"]?.object != nil,
            let envelope = object["envelope"]?.object, envelope["signature"]?.string != nil,
            let statement = envelope["statement"]?.string.flatMap({ Data(base64Encoded: $0) })
        else { throw invalid("has an attestation without version 1, verification_material and envelope") }
        guard let subjects = (try? JSONValue(parsing: Array(statement)))?.object?["subject"]?.array, subjects.count == 1,
            let subject = subjects.first?.object
        else { throw invalid("has an attestation whose statement is not about exactly one file") }
        guard let name = subject["name"]?.string, DistributionFilename(name, of: filename.package)?.identity == filename.identity,
            let digest = subject["digest"]?.object?["sha256"]?.string, BlobDigest(hex: digest) == file.digest
        else { throw invalid("has an attestation that is about another file") }
    }

    private static func invalid(_ rule: String) -> SaveError { SaveError.invalid("attestations", "attestations: \(rule)") }
}

internal import SavePlatform

/// The provenance object of a file (PEP 740): for each publisher a bundle with its attestations.
struct ProvenanceObject {
    /// How many attestations a file may have, however they come, and bytes of the object.
    static let maxAttestations = 64
    static let maxBytes = 4 << 20

    private struct Bundle {
        let publisher: JSONObject
        var attestations: [JSONValue]
    }

    private var bundles: [Bundle] = []
    /// A publisher of no kind that readers know.
    private static let unknown: JSONObject = ["kind": "Save"]

    init() {}

    /// Reads what is kept of a file; nil for anything else.
    init?(_ bytes: [UInt8]) {
        guard let found = (try? JSONValue(parsing: bytes))?.object?["attestation_bundles"]?.array else { return nil }
        for bundle in found {
            guard let publisher = bundle.object?["publisher"]?.object, let attestations = bundle.object?["attestations"]?.array
            else { return nil }
            bundles.append(Bundle(publisher: publisher, attestations: attestations))
        }
    }

    /// Whether readers take the object: they refuse all of it where they do not know the kind of a publisher.
    var isReadable: Bool { bundles.allSatisfy { $0.publisher != Self.unknown } }

    private var count: Int { bundles.reduce(0) { $0 + $1.attestations.count } }

    /// - Parameter publisher: nil where it is of no kind that readers know.
    mutating func add(_ attestation: JSONValue, of publisher: JSONObject?) {
        let publisher = publisher ?? Self.unknown
        if let place = bundles.firstIndex(where: { $0.publisher == publisher }) {
            bundles[place].attestations.append(attestation)
        } else {
            bundles.append(Bundle(publisher: publisher, attestations: [attestation]))
        }
    }

    /// This object with the attestations of another that it does not have; nil where it has all of them.
    ///
    /// - Throws: `invalidRequest` naming `attestations`, where these are too many for one file.
    func adding(_ other: ProvenanceObject) throws -> ProvenanceObject? {
        var all = self
        var known = Set(bundles.flatMap(\.attestations).map(\.sorted))
        for bundle in other.bundles {
            for attestation in bundle.attestations where known.insert(attestation.sorted).inserted {
                all.add(attestation, of: bundle.publisher)
            }
        }
        guard all.count > count else { return nil }
        guard all.count <= Self.maxAttestations, all.bytes().count <= Self.maxBytes else {
            throw SaveError.invalid(
                "attestations",
                "attestations: a file has at most \(Self.maxAttestations) attestations and \(Self.maxBytes >> 20) MiB of them, and this one has \(count): publish another version"
            )
        }
        return all
    }

    /// - Parameter sent: a JSON array with all attestations as their publisher wrote it, which stays as it is in the one bundle.
    func bytes(sentAs sent: [UInt8]? = nil) -> [UInt8] {
        let written = bundles.map { bundle in
            let attestations = bundles.count == 1 ? sent : nil
            return Array(#"{"publisher":"#.utf8) + JSONValue.object(bundle.publisher).bytes + Array(#","attestations":"#.utf8)
                + (attestations ?? JSONValue.array(bundle.attestations).bytes) + Array("}".utf8)
        }
        return Array(#"{"version":1,"attestation_bundles":["#.utf8) + written.joined(separator: [UInt8(ascii: ",")])
            + Array("]}".utf8)
    }
}

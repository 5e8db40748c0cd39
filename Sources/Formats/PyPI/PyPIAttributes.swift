internal import SaveDigest
internal import SavePlatform

/// The keys of what only this format understands.
///
/// Of a file (`AssetRecord.attributes`):
/// - `requires-python`: string, the `Requires-Python` that pages show.
/// - `own-requires-python`: string or null, the artifact's own while `requires-python` is what an owner set. Not rendered.
/// - `license`: string, the licence that the metadata of a file say which has none beside it. Not rendered.
/// - `core-metadata`: `{"sha256": "<hex>"}`, or `true` where the digest is not known. Present only while
///   `<file>.metadata` can be served (PEP 714).
/// - `has-provenance`: boolean, where attestations came with the file and are served here: whether readers of provenance know
///   the kind of publisher that they name, without which pages do not name them.
/// - `provenance`: string, the https URL of the file's attestations on this server (PEP 740). Rendered.
/// - `provenance-origin`: string, where an upstream keeps them. Not rendered: clients may not reach it.
///
/// Of a package (`Listing.attributes`):
/// - `project-status`: `{"status": "active" | "archived" | "deprecated" | "quarantined", "reason": string?}` (PEP 792).
/// - `max-file-size`: integer, bytes; what an administrator set for this project alone. Not rendered.
enum PyPIAttribute {
    static let requiresPython = "requires-python"
    static let ownRequiresPython = "own-requires-python"
    static let license = "license"
    static let coreMetadata = "core-metadata"
    static let hasProvenance = "has-provenance"
    static let provenance = "provenance"
    static let provenanceOrigin = "provenance-origin"
    static let projectStatus = "project-status"
    static let maxFileSize = "max-file-size"
    static let releaseMaxFileSizes = "release-max-file-sizes"
}

/// The status of a project (PEP 792).
struct ProjectStatus: Equatable {
    enum Marker: String {
        case active, archived, deprecated, quarantined
    }

    let marker: Marker
    let reason: String?

    init?(marker: String?, reason: String?) {
        guard let marker = marker.flatMap(Marker.init(rawValue:)) else { return nil }
        self.marker = marker
        self.reason = reason.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The status that a listing carries; nil where it carries none or one that PEP 792 does not know.
    init?(_ attributes: JSONObject) {
        guard let status = attributes[PyPIAttribute.projectStatus]?.object else { return nil }
        self.init(marker: status["status"]?.string, reason: status["reason"]?.string)
    }

    /// For messages: `archived (use x instead)`.
    var text: String { marker.rawValue + (reason.map { " (\($0))" } ?? "") }

    var json: JSONValue {
        var object: JSONObject = ["status": .string(marker.rawValue)]
        object["reason"] = reason.map(JSONValue.string)
        return .object(object)
    }
}

/// What a page says of a file beyond what every format knows.
struct FileFacts {
    private(set) var requiresPython: String?
    private(set) var coreMetadata: CoreMetadata?
    private(set) var provenance: String?

    /// Reads a record's attributes in one pass: a page has tens of thousands of records.
    init(_ attributes: JSONObject) {
        for member in attributes.members {
            switch member.key {
            case PyPIAttribute.requiresPython: requiresPython = member.value.string
            case PyPIAttribute.coreMetadata: coreMetadata = CoreMetadata(member.value)
            case PyPIAttribute.provenance: provenance = member.value.string
            default: break
            }
        }
    }
}

/// What a record says of the metadata that is served beside its file.
enum CoreMetadata: Equatable {
    case sha256(Checksum)
    case unverified

    init?(_ attribute: JSONValue?) {
        if attribute?.bool == true {
            self = .unverified
        } else if let hashes = attribute?.object {
            self = hashes["sha256"]?.string.flatMap { Checksum(.sha256, hex: $0) }.map(CoreMetadata.sha256) ?? .unverified
        } else {
            return nil
        }
    }

    /// `sha256=<hex>` or `true`, as HTML pages write it (PEP 658).
    init?(htmlValue value: String) {
        let bytes = value.utf8
        // PEP 714: without the file there is no attribute; some servers write these two instead.
        guard !bytes.isEmpty, !bytes.elementsEqual("false".utf8) else { return nil }
        let hash = bytes.starts(with: "sha256=".utf8) ? Checksum(.sha256, hex: String(Substring(bytes.dropFirst(7)))) : nil
        self = hash.map(CoreMetadata.sha256) ?? .unverified
    }

    var json: JSONValue {
        switch self {
        case .sha256(let checksum): .object(JSONObject("sha256", .string(checksum.hex)))
        case .unverified: true
        }
    }

    var checksum: Checksum? { if case .sha256(let checksum) = self { checksum } else { nil } }
}

internal import SaveDigest
internal import SavePlatform

/// What this format keeps of a version beside its file.
struct VersionRecord {
    /// `package.json` as it was published, without what the server says itself.
    var manifest: JSONObject

    private static let manifestKey = "manifest"

    init(manifest: JSONObject) {
        self.manifest = manifest
        self.manifest["dist"] = manifest["dist"].flatMap { Self.described($0) }
    }

    init(_ record: AssetRecord) { manifest = record.attributes[Self.manifestKey]?.object ?? JSONObject() }

    var attributes: JSONObject { [Self.manifestKey: .object(manifest)] }

    /// What `dist` says that does not follow from the file: how many files there are in it, and its signatures. Digests are kept with the
    /// file, but for one that only another registry's `integrity` has.
    private static func described(_ dist: JSONValue) -> JSONValue? {
        var kept = JSONObject()
        for key in ["fileCount", "unpackedSize", "signatures", "attestations"] { kept[key] = dist.object?[key] }
        if let integrity = dist.object?["integrity"]?.string, Integrity.checksums(integrity)[.sha512] == nil,
            !Integrity.checksums(integrity).isEmpty
        {
            kept["integrity"] = .string(integrity)
        }
        return kept.isEmpty ? nil : .object(kept)
    }
}

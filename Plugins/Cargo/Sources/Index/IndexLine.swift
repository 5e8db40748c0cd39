internal import SaveDigest
internal import SavePlatform
internal import SaveVersions

/// The line of a version in the index: JSON on one line (Cargo Book, "Registry Index", "Index files").
struct IndexLine {
    let text: String

    /// What follows from the record, and is kept nowhere else.
    private static let derived = ["vers", "cksum", "yanked", "pubtime"]

    /// nil for a file of which no SHA-256 is known, without which Cargo takes none.
    init?(_ record: AssetRecord) {
        guard let version = record.version, let digest = record.checksums[.sha256]?.hex else { return nil }
        var line = JSONObject()
        let kept = CrateRecord(record).line
        line["name"] = kept["name"] ?? JSONValue(record.package?.name)
        line["vers"] = .string(version)
        line["deps"] = kept["deps"] ?? []
        line["cksum"] = .string(digest)
        line["features"] = kept["features"] ?? [:]
        line["yanked"] = .bool(record.withdrawn != nil)
        for member in kept.members where line[member.key] == nil && !Self.derived.contains(member.key) {
            line[member.key] = member.value
        }
        // Whole seconds, in UTC: Cargo reads no other times.
        line["pubtime"] = record.published.map { .string(Timestamp(seconds: $0.seconds).rfc3339) }
        text = JSONValue.object(line).text + "\n"
    }

    /// Reads a line of an upstream; nil for what makes no sense.
    static func record(of bytes: [UInt8], in package: PackageID) -> AssetRecord? {
        guard var line = (try? JSONValue(parsing: bytes))?.object, let name = line["name"]?.string.flatMap(CrateName.init),
            name.package == package, let version = line["vers"]?.string, let known = SemanticVersion(crate: version),
            let checksum = line["cksum"]?.string.flatMap({ Checksum(.sha256, hex: $0) }), let path = try? name.file(version)
        else { return nil }
        var record = AssetRecord(
            path: path, package: package, version: version, checksums: [checksum],
            published: line["pubtime"]?.string.flatMap(Timestamp.init(rfc3339:)),
            withdrawn: line["yanked"]?.bool == true ? Withdrawal(reason: "") : nil, identity: known.withoutBuild,
            contentType: MediaType.bytes.value)
        for key in derived { line[key] = nil }
        record.attributes = CrateRecord(line: line).attributes
        return record
    }
}

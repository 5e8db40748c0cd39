internal import SaveDigest
internal import SavePlatform
internal import SaveStorage

/// How a file's record is laid out in its table.
enum AssetRow {
    static let columns = """
        repository_id, path, package, version, published_size, checksums, published, withdrawn, sidecar_of, identity, origin,
        content_type, attributes, blob, size, uploaded_by, created
        """

    static func decode(_ row: inout SQLColumns) throws -> StoredAsset {
        let repository = try row.integer()
        let record = AssetRecord(
            path: try row.path(), package: row.optionalText().map(PackageID.init(normalized:)), version: row.optionalText(),
            size: row.optionalInteger(), checksums: try checksums(try row.json()), published: row.optionalTime(),
            withdrawn: row.optionalText().map(Withdrawal.init(reason:)), sidecarOf: try row.optionalText().map(AssetPath.init),
            identity: row.optionalText(), origin: row.optionalText(), contentType: row.optionalText(),
            attributes: try row.object())
        return StoredAsset(
            repository: repository, record: record, blob: try row.digest(), size: try row.integer(),
            uploadedBy: row.optionalText(), created: try row.time())
    }

    /// The values in the order of `columns`, then the directory.
    static func values(_ asset: StoredAsset) -> [SQLValue] {
        let record = asset.record
        return [
            .integer(asset.repository), .text(record.path.text), .text(record.package?.name), .text(record.version),
            .integer(record.size), .text(text(record.checksums)), .time(record.published), .text(record.withdrawn?.reason),
            .text(record.sidecarOf?.text), .text(record.identity), .text(record.origin), .text(record.contentType),
            .json(record.attributes),
            .text(asset.blob.hex), .integer(asset.size), .text(asset.uploadedBy), .time(asset.created),
            .text(directory(of: record.path)),
        ]
    }

    /// The path without its last segment and slash; "" at the top.
    static func directory(of path: AssetPath) -> String {
        path.text.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path.text[..<$0]) } ?? ""
    }

    private static func text(_ checksums: [Checksum]) -> String {
        JSONValue.array(checksums.map { .array([.string($0.algorithm.rawValue), .string($0.hex)]) }).text
    }

    private static func checksums(_ value: JSONValue) throws -> [Checksum] {
        try SQLColumns.present(value.array).map { item in
            let pair = try SQLColumns.present(item.array)
            guard pair.count == 2, let algorithm = pair[0].string.flatMap(DigestAlgorithm.init(rawValue:)),
                let hex = pair[1].string
            else { throw SQLColumns.unreadable(nil) }
            return try SQLColumns.present(Checksum(algorithm, hex: hex))
        }
    }
}

internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func asset(_ repository: Int64, _ path: AssetPath) throws -> StoredAsset? {
        try session.first(
            "SELECT \(AssetRow.columns) FROM assets WHERE repository_id = $1 AND path = $2",
            [.integer(repository), .text(path.text)], AssetRow.decode)
    }

    func asset(_ repository: Int64, package: PackageID, identity: String) throws -> StoredAsset? {
        try session.first(
            "SELECT \(AssetRow.columns) FROM assets WHERE repository_id = $1 AND package = $2 AND identity = $3",
            [.integer(repository), .text(package.name), .text(identity)], AssetRow.decode)
    }

    func assets(_ repository: Int64, package: PackageID) throws -> [StoredAsset] {
        try session.rows(
            "SELECT \(AssetRow.columns) FROM assets WHERE repository_id = $1 AND package = $2 ORDER BY path",
            [.integer(repository), .text(package.name)], AssetRow.decode)
    }

    func assets(_ repository: Int64, under directory: String, after: AssetPath?, limit: Int) throws -> [StoredAsset] {
        var conditions = "repository_id = $1 AND path > $2"
        var values: [SQLValue] = [.integer(repository)]
        let prefix = directory.isEmpty || directory.utf8.last == UInt8(ascii: "/") ? directory : directory + "/"
        let start = [prefix, after?.text ?? ""].max { $0.utf8.lexicographicallyPrecedes($1.utf8) } ?? ""
        values.append(.text(start))
        if !prefix.isEmpty {
            conditions += " AND path < $3"
            values.append(.text(Self.end(ofDirectory: prefix)))
        }
        values.append(.integer(Int64(max(0, limit))))
        return try session.rows(
            "SELECT \(AssetRow.columns) FROM assets WHERE \(conditions) ORDER BY path LIMIT $\(values.count)", values,
            AssetRow.decode)
    }

    func directory(_ repository: Int64, _ path: AssetPath?) throws -> (files: [StoredAsset], directories: [String]) {
        let files = try session.rows(
            "SELECT \(AssetRow.columns) FROM assets WHERE repository_id = $1 AND directory = $2 ORDER BY path",
            [.integer(repository), .text(path?.text ?? "")], AssetRow.decode)
        return (files, try childDirectories(repository, prefix: path.map { $0.text + "/" } ?? ""))
    }

    /// The names of the directories below a prefix that ends in a slash: one jump in the index for each, whatever is in it.
    private func childDirectories(_ repository: Int64, prefix: String) throws -> [String] {
        let (bound, end): (String, [SQLValue]) =
            prefix.isEmpty ? ("", []) : (" AND directory < $3", [.text(Self.end(ofDirectory: prefix))])
        var names: [String] = []
        var position = prefix
        var comparison = prefix.isEmpty ? ">" : ">="
        while true {
            let found = try session.first(
                """
                SELECT directory FROM assets WHERE repository_id = $1 AND directory \(comparison) $2\(bound)
                ORDER BY directory LIMIT 1
                """, [.integer(repository), .text(position)] + end
            ) { try $0.text() }
            guard let found else { break }
            let rest = found.utf8.dropFirst(prefix.utf8.count)
            let slash = rest.firstIndex(of: UInt8(ascii: "/"))
            let name = String(decoding: rest[..<(slash ?? rest.endIndex)], as: UTF8.self)
            names.append(name)
            // "a" comes before "a-b", and that before "a/c": from "a" go on to the next, from "a/c" past all of "a/".
            position = slash == nil ? found : Self.end(ofDirectory: prefix + name + "/")
            comparison = slash == nil ? ">" : ">="
        }
        return Self.sortedOnce(names)
    }

    /// The least text after all that begins with a directory: its final slash replaced by the next byte, "0".
    private static func end(ofDirectory prefix: String) -> String {
        String(decoding: prefix.utf8.dropLast(), as: UTF8.self) + "0"
    }

    private static func sortedOnce(_ names: [String]) -> [String] {
        var result: [String] = []
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            if let last = result.last, last.utf8.elementsEqual(name.utf8) { continue }
            result.append(name)
        }
        return result
    }

    func put(_ asset: StoredAsset) throws {
        try session.execute(
            """
            INSERT INTO assets (\(AssetRow.columns), directory)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
            ON CONFLICT (repository_id, path) DO UPDATE SET package = excluded.package, version = excluded.version,
              published_size = excluded.published_size, checksums = excluded.checksums, published = excluded.published,
              withdrawn = excluded.withdrawn, sidecar_of = excluded.sidecar_of,
              identity = excluded.identity, origin = excluded.origin,
              content_type = excluded.content_type, attributes = excluded.attributes, blob = excluded.blob,
              size = excluded.size, uploaded_by = excluded.uploaded_by, created = excluded.created
            """, AssetRow.values(asset))
        if asset.uploadedBy != nil, let package = asset.record.package { try count(asset.repository, package.name) }
    }

    func deleteAsset(_ repository: Int64, _ path: AssetPath) throws -> Bool {
        let key: [SQLValue] = [.integer(repository), .text(path.text)]
        try countChange(ofFileAt: path, repository)
        try session.execute("DELETE FROM assets WHERE repository_id = $1 AND sidecar_of = $2", key)
        return try session.execute("DELETE FROM assets WHERE repository_id = $1 AND path = $2", key) > 0
    }
}

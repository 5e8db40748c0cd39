internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func package(_ repository: Int64, _ id: PackageID) throws -> PackageRecord? {
        try session.first(
            "SELECT \(Self.packageColumns) FROM packages WHERE repository_id = $1 AND name = $2",
            [.integer(repository), .text(id.name)], Self.package)
    }

    func package(_ repository: Int64, place: Int, after: PackageID?) throws -> PackageID? {
        guard place > 0 else { return nil }
        return try session.first(
            "SELECT name FROM packages WHERE repository_id = $1 AND name > $2 ORDER BY name LIMIT 1 OFFSET $3",
            [.integer(repository), .text(after?.name ?? ""), .integer(Int64(place - 1))]
        ) { row in PackageID(normalized: try row.text()) }
    }

    func packages(
        _ repository: Int64, after: PackageID?, upTo last: PackageID?, limit: Int, matching: String?
    ) throws -> [PackageRecord] {
        var conditions = "repository_id = $1 AND name > $2"
        var values: [SQLValue] = [.integer(repository), .text(after?.name ?? ""), .integer(Int64(max(0, limit)))]
        if let matching, !matching.isEmpty {
            conditions += " AND (\(dialect.contains("name", "$4")) OR \(dialect.contains("display_name", "$4")))"
            values.append(.text(matching))
        }
        if let last {
            values.append(.text(last.name))
            conditions += " AND name <= $\(values.count)"
        }
        return try session.rows(
            "SELECT \(Self.packageColumns) FROM packages WHERE \(conditions) ORDER BY name LIMIT $3", values, Self.package)
    }

    func put(_ package: PackageRecord) throws {
        let serial = try count(package.repository)
        counted?.note(package.repository, package.id.name)
        try session.execute(
            """
            INSERT INTO packages (\(Self.packageColumns)) VALUES ($1, $2, $3, $4, $5, $6, \(serial), \(serial))
            ON CONFLICT (repository_id, name) DO UPDATE SET display_name = excluded.display_name,
              attributes = excluded.attributes, created = excluded.created, updated = excluded.updated, serial = excluded.serial,
              attributes_serial = CASE WHEN packages.attributes = excluded.attributes THEN packages.attributes_serial
                ELSE excluded.serial END
            """,
            [
                .integer(package.repository), .text(package.id.name), .text(package.displayName), .json(package.attributes),
                .time(package.created), .time(package.updated),
            ])
    }

    func deletePackage(_ repository: Int64, _ id: PackageID) throws {
        let key: [SQLValue] = [.integer(repository), .text(id.name)]
        let files = "SELECT 1 FROM assets WHERE repository_id = $1 AND package = $2 AND sidecar_of IS NULL LIMIT 1"
        guard try !session.exists(files, key) else {
            throw SaveError(.conflict, "the package still has files: delete them first")
        }
        // With several writers the number is the repository's then: the package's own row goes.
        try count(repository, id.name)
        try session.execute("DELETE FROM assets WHERE repository_id = $1 AND package = $2", key)
        try session.execute("DELETE FROM packages WHERE repository_id = $1 AND name = $2", key)
    }

    private static let packageColumns =
        "repository_id, name, display_name, attributes, created, updated, serial, attributes_serial"

    private static func package(_ row: inout SQLColumns) throws -> PackageRecord {
        var package = PackageRecord(
            repository: try row.integer(), id: PackageID(normalized: try row.text()), displayName: try row.text(),
            attributes: try row.object(), created: try row.time(), updated: try row.time())
        package.serial = try row.integer()
        package.attributesSerial = try row.integer()
        return package
    }
}

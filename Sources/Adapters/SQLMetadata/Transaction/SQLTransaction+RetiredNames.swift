internal import SavePlatform
internal import SaveStorage

extension SQLTransaction {
    func retiredName(_ repository: Int64, _ path: AssetPath) throws -> RetiredName? {
        try session.first(
            "SELECT \(Self.retiredColumns) FROM retired_names WHERE repository_id = $1 AND path = $2",
            [.integer(repository), .text(path.text)], Self.retiredName)
    }

    func retiredName(_ repository: Int64, package: PackageID, identity: String) throws -> RetiredName? {
        try session.first(
            """
            SELECT \(Self.retiredColumns) FROM retired_names WHERE repository_id = $1 AND package = $2 AND identity = $3
            ORDER BY path LIMIT 1
            """, [.integer(repository), .text(package.name), .text(identity)], Self.retiredName)
    }

    func retiredNames(_ repository: Int64, package: PackageID) throws -> [RetiredName] {
        try session.rows(
            "SELECT \(Self.retiredColumns) FROM retired_names WHERE repository_id = $1 AND package = $2 ORDER BY path",
            [.integer(repository), .text(package.name)], Self.retiredName)
    }

    func packagesOfRetiredNames(_ repository: Int64, after: PackageID?, limit: Int) throws -> [PackageID] {
        try session.rows(
            """
            SELECT DISTINCT package FROM retired_names WHERE repository_id = $1 AND package > $2 ORDER BY package LIMIT $3
            """, [.integer(repository), .text(after?.name ?? ""), .integer(Int64(max(0, limit)))]
        ) { PackageID(normalized: try $0.text()) }
    }

    func put(_ name: RetiredName) throws {
        try session.execute(
            """
            INSERT INTO retired_names (\(Self.retiredColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (repository_id, path) DO UPDATE SET package = excluded.package, identity = excluded.identity,
              blob = excluded.blob, retired_by = excluded.retired_by, retired = excluded.retired
            """,
            [
                .integer(name.repository), .text(name.path.text), .text(name.package?.name), .text(name.identity),
                .text(name.blob.hex), .text(name.retiredBy), .time(name.retired),
            ])
    }

    func deleteRetiredName(_ repository: Int64, _ path: AssetPath) throws -> Bool {
        try session.execute(
            "DELETE FROM retired_names WHERE repository_id = $1 AND path = $2", [.integer(repository), .text(path.text)]) > 0
    }

    private static let retiredColumns = "repository_id, path, package, identity, blob, retired_by, retired"

    private static func retiredName(_ row: inout SQLColumns) throws -> RetiredName {
        RetiredName(
            repository: try row.integer(), path: try row.path(), package: row.optionalText().map(PackageID.init(normalized:)),
            identity: row.optionalText(), blob: try row.digest(), retiredBy: try row.text(), retired: try row.time())
    }
}

package import SaveHTTP
internal import SavePlatform

/// A step of the schema. Released steps never change; a new release adds steps.
struct Migration: Sendable {
    let number: Int64
    let name: String
    let statements: @Sendable (SQLDialect) -> [String]
}

/// Brings a database to the schema of this version.
package enum Migrations {
    static let all: [Migration] = [
        .foundation, .retiredNames, .auditCuts, .auditText, .keyUses, .auditDownloads, .contentCounts, .serials,
        .attributeSerials, .policies, .upstreamAnomalies, .waivers, .sessions,
    ]

    /// The table that records which steps ran.
    static let ledger = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
          number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied BIGINT NOT NULL)
        """

    /// Runs the steps that are missing, each inside `transaction`, which commits what its closure did.
    ///
    /// - Throws: `storageUnavailable` when the database comes from a newer version.
    package static func run(
        dialect: SQLDialect, clock: PlatformClock, transaction: (_ body: (any SQLSession) throws -> Void) throws -> Void
    ) throws {
        var applied: [Int64] = []
        try transaction { session in
            try session.execute(ledger, [])
            applied = try session.rows("SELECT number FROM schema_migrations ORDER BY number") { try $0.integer() }
        }
        if let newest = applied.last, newest > (all.last?.number ?? 0) {
            throw SaveError(
                .storageUnavailable,
                "the database was written by a newer version of Save (schema \(newest), this version knows \(all.last?.number ?? 0)): start that version, or restore a backup of this one"
            )
        }
        for migration in all where !applied.contains(migration.number) {
            do {
                try transaction { session in
                    // Another process may have begun at the same time.
                    let isDone = try session.exists(
                        "SELECT 1 FROM schema_migrations WHERE number = $1", [.integer(migration.number)])
                    guard !isDone else { return }
                    for statement in migration.statements(dialect) { try session.execute(statement, []) }
                    try session.execute(
                        "INSERT INTO schema_migrations (number, name, applied) VALUES ($1, $2, $3)",
                        [.integer(migration.number), .text(migration.name), .time(clock.now())])
                }
            } catch let error as SaveError {
                throw error.adding("step \(migration.number) of the schema, \(migration.name)")
            }
        }
    }
}

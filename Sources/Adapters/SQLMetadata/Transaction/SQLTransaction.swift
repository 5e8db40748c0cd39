internal import SavePlatform
internal import SaveStorage

/// The records of one open transaction. Its extensions each hold one kind of record.
struct SQLTransaction: MetadataWriting {
    let session: any SQLSession
    let dialect: SQLDialect
    let settings: SettingsText
    /// Notes that a record waits for its place in the audit trail. Only with several writers.
    let waiting: WaitingRecords?
    /// What is to be numbered at the end of the transaction. Only with several writers.
    var counted: CountedChanges?

    /// Runs an update by id.
    ///
    /// - Throws: `notFound` when there is no such record.
    func update(_ sql: String, _ values: [SQLValue]) throws {
        guard try session.execute(sql, values) > 0 else { throw SaveError(.notFound, "there is no such record") }
    }

    /// Runs an insert that answers the new id.
    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64 {
        try SQLColumns.present(try session.first(sql, values) { try $0.integer() })
    }
}

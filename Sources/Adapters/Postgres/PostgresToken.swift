internal import SaveHTTP
internal import SavePlatform
internal import SaveSQLMetadata

/// A row that a transaction commits along with its changes.
///
/// When the answer to a commit gets lost, another connection asks for the row, and inserts one that says "void" where there is none.
/// The row that is there then says what became of the transaction: its own one, that it was committed; a void one, that it was not
/// and cannot be any more. While the transaction is under way, the insertion waits for its end. An answer to that question may get
/// lost as well: whichever asks again finds the same row. The numbers of PostgreSQL's own (`pg_xact_status`) do not say it: after a
/// crash they are given to other transactions.
struct PostgresToken {
    let number: Int64

    init(_ number: Int64 = .random(in: .min ... .max)) { self.number = number }

    /// For the transaction itself.
    var insertion: String { "INSERT INTO commit_tokens (token, is_void) VALUES (\(number), FALSE)" }

    /// For others. Its row has `t` where the transaction is not committed and cannot be any more, `f` where it is.
    ///
    /// PostgreSQL 15, 13.2.1: in READ COMMITTED the second statement sees what was committed while the first one waited.
    var question: String {
        """
        BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '8s';
        INSERT INTO commit_tokens (token, is_void) VALUES (\(number), TRUE) ON CONFLICT (token) DO NOTHING;
        SELECT is_void FROM commit_tokens WHERE token = \(number)
        """
    }

    /// Whether the transaction was committed.
    ///
    /// - Throws: `PostgresFailure` where the connection cannot tell.
    func isCommitted(askedOver connection: PostgresConnection) throws -> Bool {
        let answer = try connection.control(question, within: 10)
        guard answer.rows == 1, let isVoid = answer.row(0).text(0) else { throw PostgresFailure.silent }
        // A void row has to stay before the transaction is begun again.
        guard try connection.control("COMMIT", within: 10).command == "COMMIT" else { throw PostgresFailure.silent }
        return isVoid == "f"
    }
}

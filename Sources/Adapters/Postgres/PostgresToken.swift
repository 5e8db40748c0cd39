internal import SaveHTTP
internal import SavePlatform

/// A row that a transaction commits along with its changes.
///
/// When the answer to a commit gets lost, another connection inserts the same row. If it is there already, the transaction was
/// committed. If it is not, that connection has it now, and the transaction cannot be committed any more; while the transaction is
/// under way, the insertion waits for its end. The numbers of PostgreSQL's own (`pg_xact_status`) do not say it: after a crash they
/// are given to other transactions.
struct PostgresToken {
    private let number = Int64.random(in: .min ... .max)

    var insertion: String {
        "INSERT INTO commit_tokens (token, committed) VALUES (\(number), \(PlatformClock.system.now().seconds))"
    }
}

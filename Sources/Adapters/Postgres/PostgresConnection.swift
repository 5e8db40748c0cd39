internal import CPostgres
internal import Glibc
internal import SaveHTTP
internal import SavePlatform
internal import SaveSQLMetadata

/// One connection to a server.
///
/// It keeps nothing in the session that a transaction does not end: a pooler that gives each transaction another session
/// (PgBouncer's `pool_mode = transaction`) may be between. So statements have no names, and settings are `SET LOCAL`.
///
/// SAFETY: `@unchecked Sendable` because connections move between threads while used by one at a time, which `PostgresDatabase` sees
/// to. PostgreSQL 15, 34.20: "One thread restriction is that no two threads attempt to manipulate the same PGconn object at the same
/// time."
final class PostgresConnection: @unchecked Sendable {
    private let handle: OpaquePointer

    /// Connects, or fails after five seconds for each host. Blocks.
    ///
    /// - Throws: `PostgresFailure`.
    init(_ address: PostgresAddress) throws {
        let parameters = address.parameters
        let handle = Self.withStrings(parameters.map(\.name)) { names in
            Self.withStrings(parameters.map(\.value)) { values in PQconnectdbParams(names, values, 1) }
        }
        guard let handle else { throw PostgresFailure(state: "", message: "out of memory") }
        guard PQstatus(handle) == CONNECTION_OK else {
            defer { PQfinish(handle) }
            throw PostgresFailure(connecting: Self.line(PQerrorMessage(handle)))
        }
        // PostgreSQL 15, 34.4: else sending blocks for as long as the server takes nothing, and no deadline is looked at.
        guard PQsetnonblocking(handle, 1) == 0 else {
            defer { PQfinish(handle) }
            throw PostgresFailure(state: "", message: "the connection cannot be used without blocking")
        }
        self.handle = handle
        save_pq_silence(handle)
    }

    deinit { PQfinish(handle) }

    /// Whether it can take another transaction.
    var isIdle: Bool { PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Runs statements without values, in one message and so in one round trip.
    ///
    /// - Returns: the rows of the last one.
    @discardableResult
    func control(_ sql: String, within seconds: Int64) throws -> PostgresResult {
        guard PQsendQuery(handle, sql) == 1 else { throw lost() }
        return try result(within: seconds)
    }

    /// Runs one statement with values.
    func run(_ sql: String, _ values: [SQLValue], within seconds: Int64) throws -> PostgresResult {
        let list = PostgresValues(values)
        let isSent = list.withPointers { pointers, types, lengths, formats in
            PQsendQueryParams(handle, sql, Int32(clamping: values.count), types, pointers, lengths, formats, 0)
        }
        guard isSent == 1 else { throw lost() }
        return try result(within: seconds)
    }

    /// The result of what was sent. libpq's own waiting has no end, so the socket is watched here.
    private func result(within seconds: Int64) throws -> PostgresResult {
        let deadline = PlatformClock.system.uptime() + UInt64(max(0, seconds)) * 1_000_000_000
        while true {
            let state = PQflush(handle)
            guard state >= 0 else { throw lost() }
            if state == 0 { break }
            try wait(for: POLLIN | POLLOUT, until: deadline)
        }
        var failure: PostgresFailure?
        var last: PostgresResult?
        while true {
            while PQisBusy(handle) == 1 {
                try wait(for: POLLIN, until: deadline)
            }
            guard let next = PQgetResult(handle) else { break }
            let result = PostgresResult(next)
            if let problem = result.failure { failure = failure ?? problem } else { last = result }
        }
        if PQstatus(handle) != CONNECTION_OK { throw failure.map { $0.isLost ? $0 : lost() } ?? lost() }
        if let failure { throw failure }
        guard let last else { throw lost() }
        return last
    }

    private func wait(for events: Int32, until deadline: UInt64) throws {
        let now = PlatformClock.system.uptime()
        guard now < deadline else { throw PostgresFailure.silent }
        var entry = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        let count = poll(&entry, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1))
        guard count != 0 else { throw PostgresFailure.silent }
        guard PQconsumeInput(handle) == 1 else { throw lost() }
    }

    private func lost() -> PostgresFailure {
        PostgresFailure(state: "", message: Self.line(PQerrorMessage(handle)))
    }

    /// A message of libpq as one line.
    private static func line(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text else { return "" }
        return String(cString: text).split(separator: "\n").joined(separator: " ")
    }

    /// An array of C strings that ends with a null pointer.
    private static func withStrings<Value>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { buffer in
            // SAFETY: the buffer has at least the null pointer, so it has an address.
            body(buffer.baseAddress.unsafelyUnwrapped)
        }
    }
}

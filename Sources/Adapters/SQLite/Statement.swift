internal import CSQLite
internal import SavePlatform
internal import SaveSQLMetadata

/// A compiled statement, finalized when it goes.
struct Statement: ~Copyable {
    fileprivate let handle: OpaquePointer
    private let connection: OpaquePointer
    /// For each of SQLite's parameters, in its own order, which of our values it takes.
    private let order: [Int]

    init(_ sql: String, on connection: OpaquePointer) throws {
        var handle: OpaquePointer?
        // sqlite.org/c3ref/prepare.html: "SQLITE_PREPARE_PERSISTENT … a hint … that the prepared statement will be
        // retained for a long time and probably reused many times".
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw Self.error(code, on: connection) }
        self.handle = handle
        self.connection = connection
        order = Self.order(of: handle)
    }

    deinit { sqlite3_finalize(handle) }

    /// sqlite.org/lang_expr.html: `$AAAA` is a *named* parameter, so `$1` is numbered by where it first stands.
    private static func order(of handle: OpaquePointer) -> [Int] {
        let count = sqlite3_bind_parameter_count(handle)
        guard count > 0 else { return [] }
        return (1...count).map { index in
            guard let name = sqlite3_bind_parameter_name(handle, index) else { return -1 }
            return (Int(String(cString: name).dropFirst()) ?? 0) - 1
        }
    }

    /// Runs the statement to its end. It is reset and holds no values afterwards, whatever happens.
    borrowing func run(_ values: [SQLValue], _ each: (any SQLRow) throws -> Void) throws {
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        for (index, value) in order.enumerated() {
            guard values.indices.contains(value) else {
                throw SaveError(.internalFailure, "a statement lacks a value")
            }
            try bind(values[value], at: Int32(clamping: index + 1))
        }
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: try each(Row(handle: handle))
            case SQLITE_DONE: return
            case let code: throw Self.error(code, on: connection)
            }
        }
    }

    private borrowing func bind(_ value: SQLValue, at index: Int32) throws {
        let code =
            switch value {
            case .null: sqlite3_bind_null(handle, index)
            case .integer(let number): sqlite3_bind_int64(handle, index, number)
            case .text(var text):
                text.withUTF8 { bytes in
                    bytes.withMemoryRebound(to: CChar.self) { characters in
                        sqlite3_bind_text64(
                            handle, index, characters.baseAddress ?? Self.empty, UInt64(characters.count),
                            save_sqlite_transient(), UInt8(SQLITE_UTF8))
                    }
                }
            case .bytes(let bytes):
                // A null pointer would bind NULL; a blob of no bytes is another value.
                bytes.isEmpty
                    ? sqlite3_bind_zeroblob(handle, index, 0)
                    : sqlite3_bind_blob64(handle, index, bytes, UInt64(bytes.count), save_sqlite_transient())
            }
        guard code == SQLITE_OK else { throw Self.error(code, on: connection) }
    }

    // SAFETY: one byte, written once before anyone reads it, never changed, never freed.
    nonisolated(unsafe) private static let empty: UnsafePointer<CChar> = {
        let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return UnsafePointer(byte)
    }()

    static func error(_ code: Int32, on connection: OpaquePointer) -> SaveError {
        let extended = sqlite3_extended_errcode(connection)
        // The connection keeps its latest error; it explains `code` when it is of the same kind.
        let exact = extended & 0xFF == code & 0xFF ? extended : code
        return ResultCode(rawValue: exact).error(String(cString: sqlite3_errmsg(connection)))
    }
}

/// The current row of a running statement.
private struct Row: SQLRow {
    let handle: OpaquePointer

    func integer(_ column: Int) -> Int64? {
        isNull(column) ? nil : sqlite3_column_int64(handle, Int32(clamping: column))
    }

    func text(_ column: Int) -> String? {
        guard !isNull(column) else { return nil }
        let text = sqlite3_column_text(handle, Int32(clamping: column))
        let count = Int(sqlite3_column_bytes(handle, Int32(clamping: column)))
        return String(decoding: UnsafeBufferPointer(start: text, count: text == nil ? 0 : count), as: UTF8.self)
    }

    func bytes(_ column: Int) -> [UInt8]? {
        guard !isNull(column) else { return nil }
        // SQLite answers a null pointer for a blob of no bytes.
        let start = sqlite3_column_blob(handle, Int32(clamping: column))
        let count = Int(sqlite3_column_bytes(handle, Int32(clamping: column)))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    private func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(clamping: column)) == SQLITE_NULL }
}

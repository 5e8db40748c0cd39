internal import CPostgres
internal import SaveDigest
internal import SavePlatform
internal import SaveSQLMetadata

/// What one statement answered, all in memory.
final class PostgresResult {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { PQclear(handle) }

    var failure: PostgresFailure? {
        switch PQresultStatus(handle) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default:
            PostgresFailure(
                state: save_pq_state(handle).map { String(cString: $0) } ?? "",
                message: save_pq_message(handle).map { String(cString: $0) } ?? "no reason given")
        }
    }

    var rows: Int { Int(PQntuples(handle)) }
    /// Rows that the statement inserted, changed or removed.
    var changes: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }
    /// The name of the command that ran: a transaction that failed before answers `ROLLBACK` to `COMMIT`.
    var command: String { String(cString: PQcmdStatus(handle)) }

    func row(_ number: Int) -> some SQLRow { Row(result: self, number: Int32(clamping: number)) }

    /// A row, in the text form of its values.
    private struct Row: SQLRow {
        let result: PostgresResult
        let number: Int32

        private func bytes(at column: Int) -> UnsafeRawBufferPointer? {
            let column = Int32(clamping: column)
            guard PQgetisnull(result.handle, number, column) == 0 else { return nil }
            return UnsafeRawBufferPointer(
                start: PQgetvalue(result.handle, number, column), count: Int(PQgetlength(result.handle, number, column)))
        }

        func integer(_ column: Int) -> Int64? { text(column).flatMap { Int64($0) } }

        func text(_ column: Int) -> String? { bytes(at: column).map { String(decoding: $0, as: UTF8.self) } }

        /// PostgreSQL 15, 8.4.1: "\x", then two hexadecimal digits for each byte.
        func bytes(_ column: Int) -> [UInt8]? { text(column).flatMap { Hex.decode(String($0.dropFirst(2))) } }
    }
}

/// Values in the form in which libpq takes them.
struct PostgresValues {
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private var types: [Oid] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    // The numbers of the types in pg_type.dat; 0 lets the server infer one.
    private static let (unknown, bytea, bigint, text): (Oid, Oid, Oid, Oid) = (0, 17, 20, 25)

    init(_ values: [SQLValue]) {
        for value in values {
            switch value {
            case .null:
                offsets.append(nil)
                add(Self.unknown, 0, isBinary: false)
            case .integer(let number): append(Array(String(number).utf8), Self.bigint, isBinary: false)
            // A text in its binary form is its bytes, and may be of any length; the other form would end at a zero.
            case .text(let text): append(Array(text.utf8), Self.text, isBinary: true)
            case .bytes(let value): append(value, Self.bytea, isBinary: true)
            }
        }
    }

    private mutating func append(_ value: [UInt8], _ type: Oid, isBinary: Bool) {
        offsets.append(bytes.count)
        bytes += value
        bytes.append(0)
        add(type, value.count, isBinary: isBinary)
    }

    private mutating func add(_ type: Oid, _ count: Int, isBinary: Bool) {
        types.append(type)
        lengths.append(Int32(clamping: count))
        formats.append(isBinary ? 1 : 0)
    }

    func withPointers<Value>(
        _ body: ([UnsafePointer<CChar>?], _ types: [Oid], _ lengths: [Int32], _ formats: [Int32]) -> Value
    ) -> Value {
        bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return body(offsets.map { offset in offset.flatMap { start?.advanced(by: $0) } }, types, lengths, formats)
        }
    }
}

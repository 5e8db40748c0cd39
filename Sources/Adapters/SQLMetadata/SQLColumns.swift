internal import SavePlatform
internal import SaveStorage

/// Reads a row's columns from left to right, in the order in which the statement names them.
struct SQLColumns {
    private let row: any SQLRow
    private var next = 0

    init(_ row: any SQLRow) { self.row = row }

    mutating func optionalInteger() -> Int64? {
        defer { next += 1 }
        return row.integer(next)
    }

    mutating func optionalText() -> String? {
        defer { next += 1 }
        return row.text(next)
    }

    mutating func bytes() throws -> [UInt8] {
        defer { next += 1 }
        return try Self.present(row.bytes(next))
    }

    mutating func integer() throws -> Int64 { try Self.present(optionalInteger()) }
    mutating func text() throws -> String { try Self.present(optionalText()) }
    mutating func bool() throws -> Bool { try integer() != 0 }
    mutating func time() throws -> Timestamp { Timestamp(microseconds: try integer()) }
    mutating func optionalTime() -> Timestamp? { optionalInteger().map(Timestamp.init(microseconds:)) }
    mutating func digest() throws -> BlobDigest { try Self.present(BlobDigest(hex: try text())) }
    mutating func path() throws -> AssetPath { try AssetPath(try text()) }
    mutating func principal() throws -> PrincipalName { try Self.present(PrincipalName(try text())) }

    mutating func choice<Value: RawRepresentable<String>>(_: Value.Type = Value.self) throws -> Value {
        try Self.present(Value(rawValue: try text()))
    }

    mutating func json() throws -> JSONValue {
        do {
            return try JSONValue(parsing: Array(try text().utf8))
        } catch let error as JSONError {
            throw Self.unreadable(error)
        }
    }

    mutating func object() throws -> JSONObject { try Self.present(try json().object) }

    static func present<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw unreadable(nil) }
        return value
    }

    static func unreadable(_ cause: (any Error)?) -> SaveError {
        SaveError(.storageUnavailable, "a stored record cannot be read", underlying: cause)
    }
}

extension SQLSession {
    /// All rows of a query, decoded.
    func rows<Value>(_ sql: String, _ values: [SQLValue] = [], _ decode: (inout SQLColumns) throws -> Value) throws -> [Value] {
        var result: [Value] = []
        try query(sql, values) { row in
            var columns = SQLColumns(row)
            result.append(try decode(&columns))
        }
        return result
    }

    /// The first row of a query, decoded; nil when there is none. The statement itself limits the rows.
    func first<Value>(_ sql: String, _ values: [SQLValue] = [], _ decode: (inout SQLColumns) throws -> Value) throws -> Value? {
        try rows(sql, values, decode).first
    }

    /// Whether a query has a row.
    package func exists(_ sql: String, _ values: [SQLValue]) throws -> Bool {
        try first(sql, values) { _ in true } ?? false
    }

    /// The integer in the one row of a query; 0 for NULL.
    package func integer(_ sql: String, _ values: [SQLValue] = []) throws -> Int64 {
        try first(sql, values) { $0.optionalInteger() ?? 0 } ?? 0
    }
}

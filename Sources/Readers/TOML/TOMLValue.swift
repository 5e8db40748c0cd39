/// A value of a TOML document (TOML 1.0).
public enum TOMLValue: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    /// May be infinite, or not a number.
    case number(Double)
    case bool(Bool)
    /// A date, a time, or both, as the document has it.
    case time(String)
    case array([TOMLValue])
    case table(TOMLTable)
}

/// Keys and their values. Keys are told apart by their bytes, as the standard wants it; Swift's strings are not.
public struct TOMLTable: Sendable, Equatable {
    public private(set) var members: [[UInt8]: TOMLValue]

    package init(_ members: [[UInt8]: TOMLValue] = [:]) { self.members = members }

    public subscript(_ key: String) -> TOMLValue? { members[Array(key.utf8)] }
}

extension TOMLValue {
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [TOMLValue]? { if case .array(let values) = self { values } else { nil } }
    public var table: TOMLTable? { if case .table(let value) = self { value } else { nil } }
}

/// Why a text is not the TOML it should be.
public struct TOMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for people.
    public let reason: String
    /// From 1.
    public let line: Int
    public var description: String { "line \(line): \(reason)" }
}

extension TOMLTable {
    /// Reads a document strictly.
    ///
    /// Refused: what TOML 1.0 refuses, nesting deeper than 64, and whole numbers that no `Int64` holds.
    public init(parsing bytes: [UInt8]) throws(TOMLError) {
        var reader = TOMLReader(bytes)
        self = try reader.document()
    }
}

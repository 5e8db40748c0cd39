package import SavePlatform

/// A database that runs closures in transactions, each as if it were alone: all that a dialect's adapter provides.
package protocol SQLDatabase: Sendable {
    /// Where the dialect differs from what the databases share.
    var dialect: SQLDialect { get }

    /// Runs a closure that sees one moment and changes nothing.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value

    /// Runs a closure in a transaction: durable when this returns, without effect when it throws.
    ///
    /// - Throws: what `body` throws; `busy`, `storageFull`, `storageUnavailable` when the commit fails.
    func write<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value

    /// Runs a closure in a transaction of which there is one at a time, whatever process asks for it, and which sees all that was
    /// committed before it began. Writes go on beside it where there are several writers.
    func writeAlone<Value: Sendable>(_ body: @escaping @Sendable (any SQLSession) throws -> Value) async throws -> Value

    /// Refuses new work, waits for what is under way, and lets go of all files and threads.
    func close() async
}

/// One open transaction. Never leaves the closure it was given to.
package protocol SQLSession {
    /// Runs a statement with values for `$1`, `$2`, … and hands over its rows one by one.
    ///
    /// - Throws: `alreadyExists` when a row would break a unique index, `conflict` when it would break a reference,
    ///   `busy`, `storageFull`, `storageUnavailable`.
    func query(_ sql: String, _ values: [SQLValue], _ each: (any SQLRow) throws -> Void) throws

    /// Runs a statement that answers no rows. Returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int
}

/// A row, valid until the next one is asked for. Columns are numbered from 0; nil stands for NULL.
package protocol SQLRow {
    func integer(_ column: Int) -> Int64?
    func text(_ column: Int) -> String?
    func bytes(_ column: Int) -> [UInt8]?
}

/// A value for a placeholder.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])

    package static func integer(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
    package static func text(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
    package static func bool(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }
    package static func time(_ value: Timestamp?) -> SQLValue { .integer(value?.microseconds) }
    package static func json(_ value: JSONObject) -> SQLValue { .text(JSONValue.object(value).text) }
}

/// The fragments in which SQL databases differ.
package struct SQLDialect: Sendable {
    /// Whether writes run one after the other. Then counts have one row each, which every write changes, and audit records get
    /// their place at once. Several writers would wait for each other there: they add rows, and others sum up.
    package var hasOneWriter: Bool
    /// Type of a primary key that the database counts up and never uses again.
    package var identity: String
    /// Type of a 64-bit primary key that the caller counts.
    package var rowNumber: String
    /// Type of text that is ordered by its UTF-8 bytes.
    package var text: String
    /// Type of bytes.
    package var bytes: String
    /// A condition: the text of the first expression contains the second literally.
    package var contains: @Sendable (_ expression: String, _ part: String) -> String
    /// Statements after which the rows of a table can be neither changed nor removed.
    package var appendOnly: @Sendable (_ table: String) -> [String]
    /// Statements after which rows of such a table can be removed, up to the row number that an expression gives.
    package var removableThrough: @Sendable (_ table: String, _ rowNumber: String, _ limit: String) -> [String]
    /// Statements after which the rows of another table have, in sum, sums over the rows of a table, in the same transaction. With
    /// one writer it is one row.
    package var summed: @Sendable (_ table: String, _ into: String, _ sums: [SQLSum]) -> [String]
    /// An index that finds rows by any part of their text.
    package var textIndex: SQLTextIndex

    package init(
        hasOneWriter: Bool, identity: String, rowNumber: String, text: String, bytes: String,
        contains: @escaping @Sendable (String, String) -> String,
        appendOnly: @escaping @Sendable (String) -> [String],
        removableThrough: @escaping @Sendable (String, String, String) -> [String],
        summed: @escaping @Sendable (String, String, [SQLSum]) -> [String], textIndex: SQLTextIndex
    ) {
        self.hasOneWriter = hasOneWriter
        self.identity = identity
        self.rowNumber = rowNumber
        self.text = text
        self.bytes = bytes
        self.contains = contains
        self.appendOnly = appendOnly
        self.removableThrough = removableThrough
        self.summed = summed
        self.textIndex = textIndex
    }
}

/// A column with the sum of what an expression gives for each row of a table; in the expression that row is `row`.
package struct SQLSum: Sendable {
    package let column: String
    package let expression: String

    package init(_ column: String, _ expression: String) {
        self.column = column
        self.expression = expression
    }
}

/// An index, as a table of its own with row numbers and no texts, that finds rows by parts of three characters: an index
/// finds more than what is looked for, never less.
package struct SQLTextIndex: Sendable {
    /// The statements that make it, with a column `rowid`.
    package var create: @Sendable (_ index: String) -> [String]
    /// The statement that adds the rows of a source; its column `sequence` is the row number.
    package var add: @Sendable (_ index: String, _ text: String, _ source: String) -> String
    /// The statement that forgets them; the texts must be those that were added.
    package var remove: @Sendable (_ index: String, _ text: String, _ source: String) -> String
    /// The condition that a row has what a pattern says, which is `?`.
    package var condition: @Sendable (_ index: String) -> String
    /// The pattern of some parts that all must be there.
    package var pattern: @Sendable (_ parts: [String]) -> String

    package init(
        create: @escaping @Sendable (String) -> [String], add: @escaping @Sendable (String, String, String) -> String,
        remove: @escaping @Sendable (String, String, String) -> String, condition: @escaping @Sendable (String) -> String,
        pattern: @escaping @Sendable ([String]) -> String
    ) {
        self.create = create
        self.add = add
        self.remove = remove
        self.condition = condition
        self.pattern = pattern
    }
}

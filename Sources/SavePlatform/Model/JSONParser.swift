/// Why a text is not the JSON it should be.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for people.
    public let reason: String
    /// Bytes before the place.
    public let offset: Int
    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259) strictly.
    ///
    /// Refused: nesting deeper than 64, the same key twice in an object, bytes that are not UTF-8, lone surrogates,
    /// numbers that no `Int64` or finite `Double` holds, and anything after the value. Foundation's reader accepts the
    /// first two silently, and a permission must not depend on which of two `"role"` members wins.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var reader = JSONReader(bytes)
        self = try reader.value()
        try reader.end()
    }
}

/// The keys that an object has so far. Most objects have few, and comparing those is quicker than hashing.
private struct SeenKeys {
    private static let fewest = 16
    private var hashed: Set<[UInt8]> = []

    /// Notes a key; false when the object has it already.
    mutating func insert(_ key: String, in object: JSONObject) -> Bool {
        let members = object.members
        guard members.count >= Self.fewest else {
            return !members.contains { ASCII.isEqual($0.key, key) }
        }
        if hashed.isEmpty { hashed = Set(members.map { Array($0.key.utf8) }) }
        return hashed.insert(Array(key.utf8)).inserted
    }
}

extension JSONReader {
    /// Reads the next value as a whole.
    ///
    /// Refused besides what any reader refuses: the same key twice in an object.
    public mutating func value() throws(JSONError) -> JSONValue {
        switch try kind() {
        case .object:
            var object = JSONObject()
            var seen = SeenKeys()
            try self.object { key, reader throws(JSONError) in
                guard seen.insert(key, in: object) else { throw reader.error("the same key twice") }
                object.append(key, try reader.value())
            }
            return .object(object)
        case .array:
            var values: [JSONValue] = []
            try array { reader throws(JSONError) in values.append(try reader.value()) }
            return .array(values)
        case .string: return try string().map(JSONValue.string) ?? .null
        case .bool, .null: return try boolOrNull().map(JSONValue.bool) ?? .null
        case .number: return try numberValue()
        }
    }

    private mutating func numberValue() throws(JSONError) -> JSONValue {
        let (text, isWhole) = try number()
        // No whole number is a negative zero, so it is not taken for one.
        if isWhole, text != "-0" {
            guard let value = Int64(text) else { throw error("number out of range") }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else { throw error("number out of range") }
        return .number(value)
    }
}

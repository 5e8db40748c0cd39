internal import SavePlatform
internal import SaveStorage

/// A part of a record that is one value of JSON.
protocol FieldValue: Sendable {
    /// - Returns: nil for another type of JSON.
    init?(json: JSONValue)
    var json: JSONValue { get }
}

extension Bool: FieldValue {
    init?(json: JSONValue) {
        guard let flag = json.bool else { return nil }
        self = flag
    }
    var json: JSONValue { .bool(self) }
}

extension Int64: FieldValue {
    init?(json: JSONValue) {
        guard let number = json.integer else { return nil }
        self = number
    }
    var json: JSONValue { .integer(self) }
}

extension String: FieldValue {
    init?(json: JSONValue) {
        guard let text = json.string else { return nil }
        self = text
    }
    var json: JSONValue { .string(self) }
}

/// Null stands for none.
extension Optional: FieldValue where Wrapped: FieldValue {
    init?(json: JSONValue) {
        guard let value = Wrapped(json: json) else {
            guard json.isNull else { return nil }
            self = .none
            return
        }
        self = .some(value)
    }
    var json: JSONValue { self?.json ?? .null }
}

extension GroupSettings.Policy: FieldValue {
    init?(json: JSONValue) {
        guard let policy = json.string.flatMap(Self.init(rawValue:)) else { return nil }
        self = policy
    }
    var json: JSONValue { .string(rawValue) }
}

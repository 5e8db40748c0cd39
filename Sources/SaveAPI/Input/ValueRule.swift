internal import SavePlatform
internal import SaveStorage

/// What one value of a request may be. The same rule refuses what does not fit and describes what does in the API's own
/// description, so that the two cannot differ.
indirect enum ValueRule: Sendable {
    /// Text of at most so many bytes, without control characters other than line breaks and tabs.
    case text(max: Int)
    /// Text of a certain form.
    case form(TextForm)
    /// Any text of at least so many characters (Unicode scalars) and at most so many bytes. Never shown in errors.
    case secret(ClosedRange<Int>)
    case boolean
    case integer(ClosedRange<Int64>)
    case choice([String])
    /// `true` for anything, or a list of what.
    case trueOrList(of: ValueRule, sizes: ClosedRange<Int>)
    /// RFC 3339.
    case time
    case list(of: ValueRule, sizes: ClosedRange<Int>)
    /// Members that somebody else checks.
    case object
    case record(ObjectRule)

    static func list(of rule: ValueRule, max: Int) -> ValueRule { .list(of: rule, sizes: 0...max) }

    /// Checks a value of a JSON body.
    ///
    /// - Throws: `invalidRequest` or `unknownField`, naming the field.
    func check(_ value: JSONValue, as field: String) throws {
        switch (self, value) {
        case (.text(let max), .string(let text)):
            guard text.utf8.count <= max, Self.isPlain(text) else { throw mismatch(field) }
        case (.form(let form), .string(let text)):
            guard text.utf8.count <= form.max, form.matches(text) else { throw mismatch(field) }
        case (.secret(let range), .string(let text)):
            guard text.unicodeScalars.count >= range.lowerBound, text.utf8.count <= range.upperBound else {
                throw mismatch(field)
            }
        case (.boolean, .bool), (.object, .object): break
        case (.integer(let range), .integer(let number)):
            guard range.contains(number) else { throw mismatch(field) }
        case (.choice(let choices), .string(let text)):
            guard choices.contains(text) else { throw mismatch(field) }
        case (.trueOrList, .bool(true)): break
        case (.trueOrList(let rule, let sizes), .array): try ValueRule.list(of: rule, sizes: sizes).check(value, as: field)
        case (.time, .string(let text)):
            guard Timestamp(rfc3339: text) != nil else { throw mismatch(field) }
        case (.list(let rule, let sizes), .array(let values)):
            guard sizes.contains(values.count) else { throw mismatch(field) }
            for (index, value) in values.enumerated() { try rule.check(value, as: "\(field)[\(index)]") }
        case (.record(let rule), .object(let object)): try rule.check(object, at: field + ".")
        default: throw mismatch(field)
        }
    }

    /// Checks a value of a query, which is always text.
    ///
    /// - Throws: `invalidRequest`, naming the item.
    func check(query text: String, as name: String) throws {
        switch self {
        case .integer:
            // Digits only: `+5`, ` 5` and `0x5` are not how this API writes numbers.
            guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit), let number = Int64(text) else { throw mismatch(name) }
            try check(.integer(number), as: name)
        case .boolean:
            guard text == "true" || text == "false" else { throw mismatch(name) }
        default: try check(.string(text), as: name)
        }
    }

    private func mismatch(_ field: String) -> SaveError { .invalid(field, "'\(field)' must be \(summary)") }

    /// What fits, for people.
    var summary: String {
        switch self {
        case .text(let max): "text of at most \(max) bytes without control characters"
        case .form(let form): form.summary
        case .secret(let range): "text of at least \(range.lowerBound) characters and at most \(range.upperBound) bytes"
        case .boolean: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let choices): "one of " + choices.joined(separator: ", ")
        case .trueOrList(let rule, let sizes): "true, or \(ValueRule.list(of: rule, sizes: sizes).summary)"
        case .time: "a time as RFC 3339 writes it, such as 2026-11-22T21:33:00Z"
        case .list(let rule, let sizes): "a list of \(sizes.lowerBound) to \(sizes.upperBound), each \(rule.summary)"
        case .object, .record: "an object"
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }
}

/// One member of a JSON object that a request may send, or one item of its query.
struct FieldRule: Sendable {
    let name: String
    let rule: ValueRule
    var isRequired = false
    var isNullable = false
    let summary: String
    /// A value for the description.
    let example: JSONValue?

    init(
        _ name: String, _ rule: ValueRule, required: Bool = false, nullable: Bool = false, _ summary: String,
        example: JSONValue? = nil
    ) {
        self.name = name
        self.rule = rule
        isRequired = required
        isNullable = nullable
        self.summary = summary
        self.example = example
    }
}

/// A JSON object that a request may send.
struct ObjectRule: Sendable {
    /// Its name in the API's description.
    let name: String
    let fields: [FieldRule]
    /// For the description, where fields go with one value of a member only.
    var variants: Variants?

    /// Kinds of an object, told apart by a member. Their fields are those of the whole.
    struct Variants: Sendable {
        let member: String
        let rules: [(value: String, rule: ObjectRule)]
    }

    /// Refuses unknown fields first, then missing ones, then values that do not fit.
    ///
    /// - Throws: `unknownField` or `invalidRequest`, naming the field.
    func check(_ object: JSONObject, at prefix: String = "") throws {
        for key in object.keys where !fields.contains(where: { $0.name == key }) {
            let shown = AuditName.bounded(prefix + key)
            throw SaveError(.unknownField, "there is no field '\(shown)' here", details: ["field": shown])
        }
        for field in fields {
            let name = prefix + field.name
            guard let value = object[field.name] else {
                guard !field.isRequired else { throw SaveError.invalid(name, "the field '\(name)' is missing") }
                continue
            }
            if value.isNull, field.isNullable { continue }
            try field.rule.check(value, as: name)
        }
    }
}

/// Names from outside, short enough for messages and records.
enum AuditName {
    static func bounded(_ text: String) -> String { AuditTrail.bounded(text, limit: 200) }
}

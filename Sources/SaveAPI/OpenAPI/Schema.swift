internal import SavePlatform
internal import SaveStorage

/// The JSON Schema (draft 2020-12, which OpenAPI 3.1 takes over) of a value that the API answers with.
struct Schema: Sendable {
    let json: JSONObject
    /// Not every object of the kind has the member.
    private(set) var isOptional = false

    init(_ json: JSONObject) { self.json = json }

    static let text = Schema(["type": "string"])
    static let flag = Schema(["type": "boolean"])
    /// A number of things, bytes or seconds.
    static let count = Schema(["type": "integer", "minimum": 0])
    static let time = Schema(["type": "string", "format": "date-time"])
    /// An object with members that others define.
    static let object = Schema(["type": "object"])
    static let sha256 = matching("^[0-9a-f]{64}$")
    /// Digests in hexadecimal by the names of their algorithms.
    static let digests = Schema([
        "type": "object", "additionalProperties": ["type": "string", "pattern": "^[0-9a-f]+$"], "required": [],
    ])
    static let projectRole = choice(ProjectRole.allCases.map(\.rawValue))
    static let permissions = list(of: choice(Permission.allCases.map(\.rawValue)))
    static let repositoryKind = choice(RepositoryKind.allCases.map(\.rawValue))
    static let name = matching(TextForm.resourceName.pattern)

    static func matching(_ pattern: String) -> Schema { Schema(["type": "string", "pattern": .string(pattern)]) }
    static func choice(_ choices: [String]) -> Schema {
        Schema(["type": "string", "enum": .array(choices.map(JSONValue.string))])
    }
    static func integer(_ range: ClosedRange<Int64>) -> Schema {
        Schema(["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
    }
    static func list(of item: Schema) -> Schema { Schema(["type": "array", "items": .object(item.json)]) }
    static func named(_ name: String) -> Schema { Schema(["$ref": .string("#/components/schemas/\(name)")]) }

    /// `true` for anything, or a list of what.
    static func trueOrList(of item: Schema) -> Schema {
        Schema(["anyOf": [["const": true], .object(list(of: item).json)]])
    }

    /// An object with exactly these members.
    static func members(_ members: KeyValuePairs<String, Schema>) -> Schema { closed(members.map { ($0.key, $0.value) }) }

    /// An object with exactly these members.
    static func closed(_ members: [(name: String, schema: Schema)]) -> Schema {
        let required = members.filter { !$0.schema.isOptional }
        return Schema([
            "type": "object", "properties": .object(JSONObject(members.map { ($0.name, .object($0.schema.json)) })),
            "required": .array(required.map { .string($0.name) }), "additionalProperties": false,
        ])
    }

    /// One of several schemas, told apart by a member.
    static func oneOf(_ names: [(value: String, schema: String)], by member: String) -> Schema {
        let references = names.map { JSONValue.object(named($0.schema).json) }
        let mapping = JSONObject(names.map { ($0.value, .string("#/components/schemas/\($0.schema)")) })
        return Schema([
            "oneOf": .array(references), "discriminator": ["propertyName": .string(member), "mapping": .object(mapping)],
        ])
    }

    /// A page of a list.
    static func page(of name: String) -> Schema {
        members([
            "items": .list(of: .named(name)),
            "next": Schema.text.orNull.described("The cursor for `after`, where there is more."),
        ])
    }

    /// The value, or null.
    var orNull: Schema {
        guard let type = json["type"] else { return Schema(["anyOf": [.object(json), ["type": "null"]]]) }
        var json = json
        json["type"] = [type, "null"]
        if let choices = json["enum"]?.array { json["enum"] = .array(choices + [.null]) }
        return Schema(json)
    }

    /// The value, in objects that have it.
    var ifAny: Schema {
        var copy = self
        copy.isOptional = true
        return copy
    }

    func described(_ text: String) -> Schema {
        var json = json
        json["description"] = .string(text)
        var copy = Schema(json)
        copy.isOptional = isOptional
        return copy
    }
}

internal import SavePlatform

extension ValueRule {
    /// What fits, as JSON Schema. Lengths there count characters and here bytes, of which a character has one or more: the
    /// schema of a longest text lets through a little more than the server takes.
    var schema: JSONObject {
        switch self {
        case .text(let max):
            ["type": "string", "maxLength": .integer(Int64(max)), "pattern": "^[^\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]*$"]
        case .form(let form): ["type": "string", "maxLength": .integer(Int64(form.max)), "pattern": .string(form.pattern)]
        case .secret(let range):
            [
                "type": "string", "minLength": .integer(Int64(range.lowerBound)),
                "maxLength": .integer(Int64(range.upperBound)), "writeOnly": true,
            ]
        case .boolean: ["type": "boolean"]
        case .integer(let range):
            ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .choice(let choices): ["type": "string", "enum": .array(choices.map(JSONValue.string))]
        case .trueOrList(let rule, let sizes):
            ["anyOf": [["const": true], .object(ValueRule.list(of: rule, sizes: sizes).schema)]]
        case .time: ["type": "string", "format": "date-time"]
        case .list(let rule, let sizes):
            [
                "type": "array", "minItems": .integer(Int64(sizes.lowerBound)), "maxItems": .integer(Int64(sizes.upperBound)),
                "items": .object(rule.schema),
            ]
        case .object: ["type": "object"]
        case .record(let rule): rule.schema
        }
    }
}

extension FieldRule {
    /// The schema of the value, with what it means.
    var schema: JSONObject {
        var schema = Schema(rule.schema)
        if isNullable { schema = schema.orNull }
        var json = schema.described(summary).json
        if let example { json["examples"] = [example] }
        return json
    }
}

extension ObjectRule {
    /// The objects that fit.
    var schema: JSONObject {
        if let variants {
            return Schema.oneOf(variants.rules.map { ($0.value, $0.rule.name) }, by: variants.member).json
        }
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        return [
            "type": "object", "properties": .object(JSONObject(fields.map { ($0.name, .object($0.schema)) })),
            "required": .array(required), "additionalProperties": false,
        ]
    }

    /// The schemas that this one consists of by name, itself included.
    var namedSchemas: [(name: String, schema: JSONObject)] {
        [(name, schema)] + (variants?.rules ?? []).map { ($0.rule.name, $0.rule.schema) }
    }

    /// Objects of the fields that have an example, by the kind of object; none where no field has one.
    var examples: [(name: String, value: JSONObject)] {
        if let variants { return variants.rules.flatMap { kind in kind.rule.examples.map { (kind.value, $0.value) } } }
        let example = JSONObject(fields.compactMap { field in field.example.map { (field.name, $0) } })
        return example.isEmpty ? [] : [("example", example)]
    }
}

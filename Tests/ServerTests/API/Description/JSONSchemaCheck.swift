internal import Foundation
import SavePlatform

/// Compares values with the schemas of the API's own description: as much of JSON Schema as that uses. A keyword it does
/// not know is a fault, so that no schema passes because it was not understood.
struct JSONSchemaCheck {
    let document: JSONValue

    /// What does not fit, each with the place; empty where all does.
    func faults(_ value: JSONValue, _ schema: JSONObject, at place: String = "$") -> [String] {
        schema.members.flatMap { keyword(value, $0.key, $0.value, schema, at: place) }
    }

    /// What a reference within the document leads to.
    func resolve(_ value: JSONValue?) -> JSONObject? {
        guard let object = value?.object, let reference = object["$ref"]?.string else { return value?.object }
        let target = reference.split(separator: "/").dropFirst().reduce(Optional(document)) { $0?.object?[String($1)] }
        return resolve(target)
    }

    private func keyword(
        _ value: JSONValue, _ name: String, _ rule: JSONValue, _ schema: JSONObject, at place: String
    ) -> [String] {
        switch name {
        case "description", "examples", "discriminator", "writeOnly": return []
        case "$ref": return resolve(["$ref": rule]).map { faults(value, $0, at: place) } ?? ["\(place): no \(rule.text)"]
        case "type":
            let types = rule.array ?? [rule]
            return types.contains { $0.string == type(of: value) } ? [] : ["\(place): \(value.text) is not \(rule.text)"]
        case "enum": return rule.array?.contains(value) == true ? [] : ["\(place): \(value.text) is not one of \(rule.text)"]
        case "const": return rule == value ? [] : ["\(place): \(value.text) is not \(rule.text)"]
        case "minimum": return (value.integer ?? .max) >= (rule.integer ?? .max) ? [] : ["\(place): below \(rule.text)"]
        case "maximum": return (value.integer ?? .min) <= (rule.integer ?? .min) ? [] : ["\(place): above \(rule.text)"]
        case "pattern":
            return value.string.map { matches($0, rule) } ?? true ? [] : ["\(place): \(value.text) is not \(rule.text)"]
        case "format": return value.string.map { fits($0, rule) } ?? true ? [] : ["\(place): \(value.text) is no \(rule.text)"]
        case "items":
            return (value.array ?? []).enumerated().flatMap { faults($1, rule.object ?? [:], at: "\(place)[\($0)]") }
        case "required":
            let missing = (rule.array ?? []).compactMap(\.string).filter { value.object?[$0] == nil }
            return value.object == nil ? [] : missing.map { "\(place): no \($0)" }
        case "properties":
            return (rule.object?.members ?? []).flatMap { property in
                value.object?[property.key].map { faults($0, property.value.object ?? [:], at: "\(place).\(property.key)") } ?? []
            }
        case "additionalProperties":
            let others = (value.object?.members ?? []).filter { schema["properties"]?.object?[$0.key] == nil }
            if rule == false { return others.map { "\(place): \($0.key) is not described" } }
            return others.flatMap { faults($0.value, rule.object ?? [:], at: "\(place).\($0.key)") }
        case "oneOf", "anyOf":
            let results = (rule.array ?? []).map { faults(value, $0.object ?? [:], at: place) }
            let fitting = results.count(where: \.isEmpty)
            return fitting == 1 || (name == "anyOf" && fitting > 0) ? [] : ["\(place): fits \(fitting) of \(results)"]
        default: return ["\(place): '\(name)' is no keyword that this test knows"]
        }
    }

    private func type(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private func matches(_ text: String, _ pattern: JSONValue) -> Bool {
        guard let pattern = pattern.string, let expression = try? NSRegularExpression(pattern: pattern) else { return false }
        return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    private func fits(_ text: String, _ format: JSONValue) -> Bool {
        switch format.string {
        case "date-time": Timestamp(rfc3339: text) != nil
        case "uri-reference": URL(string: text) != nil
        default: false
        }
    }
}

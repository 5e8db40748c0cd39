internal import SavePlatform

/// Describes the API as OpenAPI 3.1, from the route table and the rules that check requests: what it says is what the
/// server does.
enum OpenAPIDocument {
    static func describe(_ table: RouteTable, version: String) -> JSONValue {
        var paths = JSONObject()
        for route in table.routes {
            let path = "/api/v1" + route.pattern.text
            var item = paths[path]?.object ?? JSONObject()
            item[ASCII.lowercased(route.method.name)] = operation(route)
            paths[path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Save", "version": .string(version),
                "description": "Projects, repositories, accounts, packages and the audit trail of a Save server.",
            ],
            "security": [["basic": []], ["bearer": []]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "basic": ["type": "http", "scheme": "basic"],
                    "bearer": ["type": "http", "scheme": "bearer", "description": "An API key."],
                ],
                "schemas": .object(schemas(of: table)),
                "responses": [
                    "Error": [
                        "description": "The request was refused or failed.",
                        "content": ["application/json": ["schema": reference("Error")]],
                    ]
                ],
            ],
        ]
    }

    private static func operation(_ route: APIRoute) -> JSONValue {
        var operation: JSONObject = [
            "operationId": .string(identifier(route)), "summary": .string(route.summary),
            "description": .string("Needs \(route.requirement.summary)."),
        ]
        let inPath: [JSONValue] = route.pattern.variables.map {
            ["name": .string($0), "in": "path", "required": true, "schema": ["type": "string"]]
        }
        let inQuery: [JSONValue] = route.query.map {
            [
                "name": .string($0.name), "in": "query", "required": .bool($0.isRequired), "description": .string($0.summary),
                "schema": schema($0.rule),
            ]
        }
        if !(inPath + inQuery).isEmpty { operation["parameters"] = .array(inPath + inQuery) }
        if let body = route.body {
            operation["requestBody"] = [
                "required": .bool(body.fields.contains(where: \.isRequired)),
                "content": ["application/json": ["schema": reference(body.name)]],
            ]
        }
        var success: JSONObject = ["description": .string(route.status == 204 ? "Done." : route.summary)]
        if route.status != 204 {
            let schema = route.answer.map(reference) ?? ["type": "object"]
            success["content"] = ["application/json": ["schema": schema]]
        }
        let error: JSONValue = ["$ref": "#/components/responses/Error"]
        operation["responses"] = .object(JSONObject([(String(route.status), .object(success)), ("default", error)]))
        return .object(operation)
    }

    /// `get_repos_by_project_by_name`
    private static func identifier(_ route: APIRoute) -> String {
        let parts = route.pattern.segments.map { segment in
            switch segment {
            case .word(let word):
                String(decoding: word.utf8.map { ASCII.isAlphanumeric($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
            case .variable(let name): "by_\(name)"
            }
        }
        return ([ASCII.lowercased(route.method.name)] + parts).joined(separator: "_")
    }

    private static func schemas(of table: RouteTable) -> JSONObject {
        var schemas = APISchema.answers
        for body in table.routes.compactMap(\.body) { schemas[body.name] = schema(.record(body)) }
        return schemas
    }

    static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    private static func schema(_ rule: ValueRule) -> JSONValue {
        switch rule {
        case .text(let max): return ["type": "string", "maxLength": .integer(Int64(max))]
        case .secret(let max): return ["type": "string", "minLength": 1, "maxLength": .integer(Int64(max)), "writeOnly": true]
        case .boolean: return ["type": "boolean"]
        case .integer(let range):
            return ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .choice(let choices): return ["type": "string", "enum": .array(choices.map(JSONValue.string))]
        case .time: return ["type": "string", "format": "date-time"]
        case .list(let rule, let max): return ["type": "array", "maxItems": .integer(Int64(max)), "items": schema(rule)]
        case .object: return ["type": "object"]
        case .record(let rule):
            var properties = JSONObject()
            for field in rule.fields {
                var property = schema(field.rule).object ?? JSONObject()
                if field.isNullable, let type = property["type"] { property["type"] = [type, "null"] }
                property["description"] = .string(field.summary)
                properties[field.name] = .object(property)
            }
            let required = rule.fields.filter(\.isRequired).map { JSONValue.string($0.name) }
            return [
                "type": "object", "properties": .object(properties), "required": .array(required),
                "additionalProperties": false,
            ]
        }
    }
}

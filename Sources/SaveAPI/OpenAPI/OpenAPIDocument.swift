internal import SavePlatform

/// Describes the API as OpenAPI 3.1, from the route table and the rules that check requests: what it says is what the
/// server does.
enum OpenAPIDocument {
    static func describe(_ table: RouteTable, version: String) -> JSONValue {
        var paths = JSONObject()
        for group in table.groups {
            for route in group.routes {
                let path = "/api/v1" + route.pattern.text
                var item = paths[path]?.object ?? JSONObject()
                item[ASCII.lowercased(route.method.name)] = .object(OpenAPIOperation(route: route, group: group.name).json)
                paths[path] = .object(item)
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Save", "version": .string(version),
                "description": "Projects, repositories, accounts, packages and the audit trail of a Save server.",
            ],
            "servers": [["url": "/", "description": "This server."]],
            "security": [["basic": []], ["bearer": []]],
            "tags": .array(table.groups.map { ["name": .string($0.name), "description": .string($0.summary)] }),
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "basic": [
                        "type": "http", "scheme": "basic",
                        "description": "A user's name and password; or the name of a user or robot with an API key as password.",
                    ],
                    "bearer": ["type": "http", "scheme": "bearer", "description": "An API key."],
                ],
                "schemas": .object(schemas(of: table)),
                "responses": .object(OpenAPIFailure.responses(of: table)),
            ],
        ]
    }

    private static func schemas(of table: RouteTable) -> JSONObject {
        var schemas = APISchema.answers
        for body in table.routes.compactMap(\.body) {
            for (name, schema) in body.namedSchemas { schemas[name] = .object(schema) }
        }
        return schemas
    }
}

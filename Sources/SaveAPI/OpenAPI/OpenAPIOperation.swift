internal import SavePlatform
internal import SaveServing

/// One route as an operation of OpenAPI.
struct OpenAPIOperation {
    let route: APIRoute
    let group: String

    var json: JSONObject {
        var operation: JSONObject = [
            "operationId": .string(identifier), "tags": [.string(group)], "summary": .string(route.summary),
            "description": .string("Needs \(route.needs)."),
        ]
        let parameters = inPath + inQuery + inHeader
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = route.body {
            var content: JSONObject = ["schema": .object(Schema.named(body.name).json)]
            let examples = body.examples
            if !examples.isEmpty {
                content["examples"] = .object(JSONObject(examples.map { ($0.name, ["value": .object($0.value)]) }))
            }
            operation["requestBody"] = [
                "required": .bool(body.fields.contains(where: \.isRequired)),
                "content": ["application/json": .object(content)],
            ]
        }
        if let payload = route.payload {
            var content: JSONObject = ["schema": .object(payload.schema.json)]
            if !payload.examples.isEmpty {
                content["examples"] = .object(JSONObject(payload.examples.map { ($0.name, ["value": .object($0.value)]) }))
            }
            operation["requestBody"] = ["required": true, "content": .object(JSONObject(payload.type.essence, .object(content)))]
        }
        operation["responses"] = .object(responses)
        return operation
    }

    /// `get_repos_by_project_by_name`
    var identifier: String {
        let parts = route.pattern.segments.map { segment in
            switch segment {
            case .word(let word):
                String(decoding: word.utf8.map { ASCII.isAlphanumeric($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
            case .variable(let name): "by_\(name)"
            }
        }
        return ([ASCII.lowercased(route.method.name)] + parts).joined(separator: "_")
    }

    private var inPath: [JSONValue] {
        route.pattern.variables.map { name in
            let rule = PathVariables.rule(of: name, in: route.pattern)
            var schema = rule?.rule.schema ?? Schema.text.json
            schema["minLength"] = 1
            return Self.parameter(name, "path", required: true, rule?.summary ?? name, schema)
        }
    }

    private var inQuery: [JSONValue] {
        route.query.map { Self.parameter($0.name, "query", required: $0.isRequired, $0.summary, $0.rule.schema) }
    }

    private var inHeader: [JSONValue] {
        var fields: [JSONValue] = []
        if route.method == .get || route.isConditional {
            let done = route.method == .get ? "Answered" : "Done"
            fields.append(
                Self.parameter(
                    "If-Match", "header", required: false, "\(done) only while one of these tags is that of the resource.",
                    Schema.text.json))
            fields.append(
                Self.parameter(
                    "If-None-Match", "header", required: false,
                    "\(done) only while none of these tags is that of the resource; * stands for any.", Schema.text.json))
        }
        return fields
    }

    private static func parameter(
        _ name: String, _ place: String, required: Bool, _ summary: String, _ schema: JSONObject
    ) -> JSONValue {
        [
            "name": .string(name), "in": .string(place), "required": .bool(required), "description": .string(summary),
            "schema": .object(schema),
        ]
    }

    private var responses: JSONObject {
        var responses: JSONObject = [String(route.status): .object(success)]
        if route.method == .get { responses["304"] = ["description": "The client's copy is current.", "headers": Self.etag] }
        if route.isDeferrable { responses["202"] = Self.deferred }
        let statuses = Set(route.possibleFailures.map(ErrorResponder.status(of:)))
        for status in statuses.sorted() { responses[String(status)] = OpenAPIFailure.reference(status) }
        return responses
    }

    private var success: JSONObject {
        var success: JSONObject = ["description": .string(route.answer == nil ? "Done." : "\(route.summary).")]
        var headers = JSONObject()
        if route.hasTag { headers = Self.etag.object ?? headers }
        if route.status == 201 {
            headers["Location"] = [
                "description": "The path of what was made.", "required": true,
                "schema": ["type": "string", "format": "uri-reference"],
            ]
        }
        if !headers.isEmpty { success["headers"] = .object(headers) }
        guard let answer = route.answer else { return success }
        let content = route.representations.map { type in
            (type.essence, JSONValue.object(["schema": .object(type.isJSON ? Schema.named(answer).json : Schema.text.json)]))
        }
        success["content"] = .object(JSONObject(content))
        return success
    }

    private static let deferred: JSONValue = [
        "description": "The job that does it.",
        "headers": [
            "Location": [
                "description": "The path of the job.", "required": true, "schema": ["type": "string", "format": "uri-reference"],
            ]
        ],
        "content": ["application/json": ["schema": .object(Schema.named("Job").json)]],
    ]

    private static let etag: JSONValue = [
        "ETag": [
            "description": "The tag of what is shown, for If-Match and If-None-Match.",
            "schema": ["type": "string", "pattern": "^\"[0-9A-Za-z.-]+\"$"],
        ]
    ]
}

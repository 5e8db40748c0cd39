internal import SavePlatform
internal import SaveServing

/// The answers to what is refused or fails, one for each status.
enum OpenAPIFailure {
    static func reference(_ status: Int) -> JSONValue {
        ["$ref": .string("#/components/responses/\(name(of: status))")]
    }

    static func responses(of table: RouteTable) -> JSONObject {
        let statuses = Set(table.routes.flatMap(\.possibleFailures).map(ErrorResponder.status(of:)))
        return JSONObject(statuses.sorted().map { (name(of: $0), .object(response($0))) })
    }

    private static func name(of status: Int) -> String { "Status\(status)" }

    private static func response(_ status: Int) -> JSONObject {
        var response: JSONObject = ["description": .string(summary(of: status))]
        let headers = fields(of: status)
        if !headers.isEmpty { response["headers"] = .object(headers) }
        response["content"] = ["application/json": ["schema": .object(Schema.named("Error").json)]]
        return response
    }

    private static func fields(of status: Int) -> JSONObject {
        switch status {
        case 401: ["WWW-Authenticate": field("How to sign in.", ["type": "string"])]
        case 405: ["Allow": field("The methods that are possible.", ["type": "string"])]
        case 429, 503: ["Retry-After": field("Seconds after which to try again.", ["type": "string", "pattern": "^[0-9]+$"])]
        default: [:]
        }
    }

    private static func field(_ summary: String, _ schema: JSONValue) -> JSONValue {
        ["description": .string(summary), "required": true, "schema": schema]
    }

    /// What a status means here.
    static func summary(of status: Int) -> String {
        switch status {
        case 400: "The request is malformed; `details.field` names what to mend."
        case 401: "No credentials, or wrong ones."
        case 403: "The caller may know of the resource, but not do this."
        case 404: "There is no such resource, or the caller may not know of it."
        case 405: "The resource does not have this method."
        case 406: "The answer does not come in any type that Accept names."
        case 408: "The request's body took too long."
        case 409: "The state of the resource, or of another, does not allow this."
        case 412: "If-Match or If-None-Match does not hold."
        case 413: "The body is too large."
        case 414: "The path and query are too long."
        case 415: "The body is not application/json."
        case 429: "Too many requests, or too many failed sign-ins."
        case 500: "A fault of the server; `request_id` finds it in the log."
        case 502: "The upstream's answer cannot be used."
        case 503: "The server or an upstream cannot answer now."
        case 507: "The disk is full."
        default: "The request was refused or failed."
        }
    }
}

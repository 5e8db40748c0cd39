internal import SaveHTTP
internal import SavePlatform

/// Reads what a request brings: its query and its JSON body, both checked against the route's rules.
enum RequestInput {
    /// The largest body, in bytes.
    static let bodyLimit = 1 << 20

    /// Reads the query.
    ///
    /// - Throws: `unknownField` for an item the route does not have: a filter that is misspelt must not be ignored.
    static func query(of request: HTTPRequest, rules: [FieldRule]) throws -> QueryItems {
        let items = try QueryItems(decoding: request.rawQuery)
        var seen: Set<String> = []
        for item in items.all {
            let name = AuditName.bounded(item.name)
            guard let rule = rules.first(where: { $0.name == item.name }) else {
                throw SaveError(.unknownField, "there is no query item '\(name)' here", details: ["field": name])
            }
            guard seen.insert(item.name).inserted else { throw SaveError.invalid(name, "'\(name)' was given twice") }
            try rule.rule.check(query: item.value, as: name)
        }
        return items
    }

    /// Reads the body as a JSON object.
    ///
    /// - Throws: `unsupportedMediaType` for any other type than JSON, `tooLarge`, `invalidRequest`, `unknownField`.
    static func body(of request: HTTPRequest, rule: ObjectRule?) async throws -> JSONObject {
        // A form that another site makes a browser send has a type of its own: it is refused even where there is no body
        // to read.
        if let type = request.headers["content-type"], MediaType(type).essence != MediaType.json.essence {
            throw SaveError(.unsupportedMediaType, "the body must be application/json")
        }
        let bytes = try await request.body.collect(limit: bodyLimit)
        guard let rule else {
            guard bytes.isEmpty else { throw SaveError(.invalidRequest, "this request has no body") }
            return JSONObject()
        }
        if bytes.isEmpty, !rule.fields.contains(where: \.isRequired) { return JSONObject() }
        guard request.headers["content-type"] != nil else {
            throw SaveError(.unsupportedMediaType, "the body must be application/json; say so in Content-Type")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw SaveError(.invalidRequest, "the body is not JSON: \(error)")
        }
        guard let object = value.object else { throw SaveError(.invalidRequest, "the body must be a JSON object") }
        try rule.check(object)
        return object
    }
}

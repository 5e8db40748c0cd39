internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Answers the routes that read neither an index nor a file.
enum RouteHandler {
    static func redirect(_ resolved: ResolvedRequest, to location: String, permanent: Bool) -> HTTPResponse {
        let request = resolved.request
        let query = request.rawQuery.map { "?" + String(decoding: $0, as: UTF8.self) } ?? ""
        // The repository is a directory also where its own URL lacks the last slash.
        let isBare =
            resolved.repository.descriptor.namesRepository(request.rawPath) && request.rawPath.last != UInt8(ascii: "/")
        let start = isBare ? "\(resolved.repository.record.name)/" : ""
        var answer = HTTPResponse(
            status: permanent ? 301 : 302, headers: ["Location": start + location + query, "Cache-Control": "no-cache"])
        // A browser may get a page instead (`RepositoryPage`).
        if !permanent { answer.headers.append("Vary", "Accept") }
        return answer
    }

    /// The name of who asks, in a JSON object.
    static func identity(_ principal: Principal, member: String) throws -> HTTPResponse {
        guard let name = principal.name else { throw SaveError.signInFirst }
        var answer = HTTPResponse.json(200, .object(JSONObject([(member, .string(name.text))])))
        answer.headers.append("Cache-Control", "no-store")
        return answer
    }

    /// What a mount answers by itself: to anyone, or to a caller who is signed in.
    static func mountDocument(
        _ found: Document, needsName: Bool, _ request: HTTPRequest, _ principal: Principal
    ) throws -> HTTPResponse {
        guard request.method.isRead else {
            throw SaveError(
                .methodNotAllowed, "this can only be read: use GET, HEAD or OPTIONS", details: ["allow": "GET, HEAD, OPTIONS"])
        }
        guard !needsName || principal.name != nil else { throw SaveError.signInFirst }
        var answer = document(found)
        if needsName { answer.headers["Cache-Control"] = "no-store" }
        return answer
    }

    static func document(_ document: Document) -> HTTPResponse {
        var answer = HTTPResponse(
            status: 200,
            headers: ["Content-Type": document.type.value, "Content-Security-Policy": HTTPResponse.inertPolicy],
            body: .bytes(document.bytes))
        for (name, value) in document.headers.sorted(by: { $0.key < $1.key }) where answer.headers[name] == nil {
            answer.headers.append(name, value)
        }
        if answer.headers["cache-control"] == nil { answer.headers.append("Cache-Control", "no-cache") }
        return answer
    }
}

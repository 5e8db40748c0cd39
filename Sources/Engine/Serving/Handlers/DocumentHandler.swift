internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Answers the routes that need nothing of the repository: the caller's name, and documents that the format made of the path.
struct DocumentHandler: RouteHandler {
    func reply(to resolved: ResolvedRequest) throws -> Reply {
        let response: HTTPResponse
        switch resolved.route {
        case .identity(let member): response = try Self.identity(resolved.principal, member: member)
        case .staticDocument(let document): response = HTTPResponse(document)
        default: throw SaveError.misrouted
        }
        return .pending { Answer(response) }
    }

    /// The caller's name, in a JSON object.
    private static func identity(_ principal: Principal, member: String) throws -> HTTPResponse {
        guard let name = principal.name else { throw SaveError.signInFirst }
        var answer = HTTPResponse.json(200, .object(JSONObject([(member, .string(name.text))])))
        answer.headers.append("Cache-Control", "no-store")
        return answer
    }
}

extension HTTPResponse {
    /// A document that a format made, with the headers that it wants.
    init(_ document: Document) {
        self.init(
            status: 200,
            headers: ["Content-Type": document.type.value, "Content-Security-Policy": Self.inertPolicy],
            body: .bytes(document.bytes))
        for (name, value) in document.headers.sorted(by: { $0.key < $1.key }) where headers[name] == nil {
            headers.append(name, value)
        }
        if headers["cache-control"] == nil { headers.append("Cache-Control", "no-cache") }
    }
}

internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// Says no, in the words and the form that a format's clients read.
struct ErrorRenderer: ErrorRendering {
    let formats: FormatRegistry
    /// The address that clients use, where the operator says so.
    let externalOrigin: String?
    let log: Log

    func answer(_ error: any Error, _ request: HTTPRequest, onlyJSON: Bool) -> HTTPResponse {
        var error = (error as? SourceMiss)?.error ?? (error as? Publisher.Refused)?.error ?? error
        if let refused = error as? SaveError, refused.code == .blocked {
            error = SaveError(
                refused.code, RefusalLine.linked(refused.message, from: request.origin), details: refused.details,
                underlying: refused.underlying)
        }
        if request.method == .options, let refused = error as? SaveError, refused.code == .methodNotAllowed {
            return HTTPResponse(status: 204, headers: ["Allow": refused.details["allow"] ?? "OPTIONS"])
        }
        var response = ErrorResponder.text(error, request: request, log: log)
        switch formats.place(of: request.rawPath)?.descriptor.refusals ?? .text {
        case .textOrJSON(let members) where onlyJSON || prefersJSON(request):
            let status = response.status
            setBody(of: &response) { line in .object(JSONObject(members.map { ($0, .string("\(status) \(line)")) })) }
        case .json(let template, let codes, let absences, _, let field, let challenge):
            let failure = error as? SaveError
            let code = failure?.code ?? .internalFailure
            let absence = code == .assetNotFound ? directory(of: request).flatMap { absences[$0] } : nil
            let word = failure?.details[ErrorFormat.codeDetail] ?? absence ?? codes[code] ?? code.rawValue
            let status = response.status
            setBody(of: &response) { line in
                TemplateWords(message: line, code: word, status: status).filled(into: template)
            }
            if status == 401, let challenge, let repository = repositoryURL(request) {
                response.headers.append("WWW-Authenticate", challenge.replacing("{repository}", with: repository))
            }
            if let field, let line = response.headers[RefusalLine.field] { response.headers.append(field, line) }
        case .text, .textOrJSON: break
        }
        if response.status == 401, let challenge = tokenChallenge(request) { response.headers["WWW-Authenticate"] = challenge }
        response.closesConnection = !request.method.isRead
        return response
    }

    /// Where the clients of the path's format get a token, and for what (RFC 6750, 3; "Token Authentication Specification" of the registries of images). It
    /// stands alone: clients that know both take the last of several challenges, and have no credentials for Basic where they are visitors. nil where none get
    /// tokens, and where they do; and where an address that is made of the request could lead a client that came by `https` to send its password in clear.
    private func tokenChallenge(_ request: HTTPRequest) -> String? {
        guard let place = formats.place(of: request.rawPath), place.isMounted, let mount = place.descriptor.mount,
            let path = mount.tokenPath, !mount.givesTokens(at: request.rawPath),
            let origin = externalOrigin ?? request.confidentialOrigin
        else { return nil }
        let challenge = "Bearer realm=\"\(origin)/\(path)\",service=\"Save\""
        guard let name = mount.packageName(in: request.rawPath), name.utf8.allSatisfy(Self.isOfName) else { return challenge }
        // Clients look whether a file is there before they push it, and some keep the token that they got for that.
        let actions = request.method == .get ? "pull" : request.method == .delete ? "pull,push,delete" : "pull,push"
        return challenge + ",scope=\"repository:\(name):\(actions)\""
    }

    /// What stands in a quoted string as it is, and neither separates nor ends anything.
    private static func isOfName(_ byte: UInt8) -> Bool { ASCII.isAlphanumeric(byte) || "-._/".utf8.contains(byte) }

    /// The name of the last directory of the path that a request is about.
    private func directory(of request: HTTPRequest) -> String? {
        let path = request.rawPath.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return path.count > 1 ? String(decoding: path[path.count - 2], as: UTF8.self) : nil
    }

    /// The URL of the repository that a request is about, there or not; nil for a path that names none, or not plainly: a challenge has
    /// quotes and commas of its own.
    private func repositoryURL(_ request: HTTPRequest) -> String? {
        guard let origin = externalOrigin ?? request.origin, let place = formats.place(of: request.rawPath) else { return nil }
        let names = place.rest.split(separator: UInt8(ascii: "/"), maxSplits: 2).prefix(2).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard names.count == 2, names.allSatisfy(ResourceName.isValid) else { return nil }
        return "\(origin)/\(place.descriptor.root)/\(names[0])/\(names[1])/"
    }

    /// Pages are asked for in types of their own, by clients that print what they get; only a client that sends something and names
    /// JSON reads the answer as JSON.
    private func prefersJSON(_ request: HTTPRequest) -> Bool {
        request.method == .post && ContentNegotiation.choose([.text, .json], accept: request.headers["accept"]) == .json
    }

    private func setBody(of response: inout HTTPResponse, _ document: (String) -> JSONValue) {
        guard case .bytes(let line) = response.body else { return }
        response.headers["Content-Type"] = MediaType.json.value
        response.body = .bytes(document(String(decoding: line.dropLast(), as: UTF8.self)).bytes)
    }
}

internal import SaveCaching
internal import SaveHTTP
internal import SavePlatform

/// Asks an upstream as one that wants a token for each kind of question: where it answers 401 and names a service that gives tokens (RFC 6750, 3; "Token
/// Authentication Specification" of the registries of images), that is asked, and the upstream once more. A key that goes without a scheme
/// (`FormatAbilities.bareKeys`) goes from the start.
struct UpstreamTokens: HTTPClient {
    private let context: UpstreamContext

    /// Bytes of an answer with a token.
    private static let maxBytes: Int64 = 1 << 20
    /// Seconds that a token holds whose service does not say it: "For compatibility with older clients, a token should never be returned with less
    /// than 60 seconds to live."
    private static let shortest: Int64 = 60

    init(_ context: UpstreamContext) { self.context = context }

    func send(_ request: ClientRequest) async throws -> ClientResponse {
        var request = request
        if request.credentials == nil, request.headers["authorization"] == nil, let key = context.bareKey(for: request.url) {
            guard Self.isToken(key) else {
                throw SaveError(
                    .upstreamUnavailable,
                    "remote_password is no token, since it has spaces or other characters that none has: set it once more")
            }
            request.headers.append("Authorization", key)
        }
        let answer = try await context.shared.client.send(request)
        guard answer.status == 401, request.body == nil, request.headers["authorization"] == nil,
            let challenge = BearerChallenge(answer.headers.values(of: "www-authenticate")), isAllowed(challenge, of: request.url),
            let token = try await token(for: challenge)
        else { return answer }
        var again = request
        again.credentials = nil
        again.headers.append("Authorization", "Bearer \(token)")
        return try await context.shared.client.send(again)
    }

    /// The token service of an upstream that is asked by https is asked by https.
    private func isAllowed(_ challenge: BearerChallenge, of url: String) -> Bool {
        guard let own = URLOrigin(of: url), let service = URLOrigin(of: challenge.realm) else { return false }
        return own.scheme != "https" || service.scheme == "https"
    }

    /// - Returns: nil where the service gives none.
    private func token(for challenge: BearerChallenge) async throws -> String? {
        let key = UpstreamMemory.TokenKey(upstream: context.upstream, url: challenge.url)
        if let known = context.memory.tokens[key], known.until > context.clock.uptime() { return known.token }
        let answer = try await context.shared.client.send(
            ClientRequest(
                url: challenge.url, credentials: credentials(for: challenge.realm), decodes: true, maxSize: Self.maxBytes))
        guard answer.status == 200,
            let object = try? JSONValue(parsing: try await answer.body.collect(limit: Int(Self.maxBytes))).object,
            let token = (object["token"] ?? object["access_token"])?.string, Self.isToken(token)
        else { return nil }
        // A little before its end it is not used any more.
        let seconds = max(0, (object["expires_in"]?.integer ?? Self.shortest) - 10)
        context.memory.tokens.insert(.init(token: token, until: context.deadline(seconds: min(seconds, 3600))), for: key)
        return token
    }

    /// The credentials go to the upstream's own server, and to one that the operator names in `allowed_file_hosts`: the upstream may name any.
    private func credentials(for realm: String) -> ClientCredentials? {
        context.credentials(for: realm)
            ?? (AllowedFileHosts(context.settings).names(hostOf: realm) ? context.ownCredentials : nil)
    }

    /// Nothing that ends a header field (RFC 6750, 2.1: `b64token`).
    private static func isToken(_ text: String) -> Bool {
        (1...16_384).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// What a 401 says of the service that gives tokens: `Bearer realm="https://…",service="…",scope="…"`.
struct BearerChallenge: Equatable {
    let realm: String
    private let parameters: [(name: String, value: String)]

    /// The first challenge of the scheme; nil for none with an http URL for a realm.
    init?(_ fields: [String]) {
        for field in fields {
            guard let parameters = Self.parameters(of: field), let realm = parameters.first(where: { $0.name == "realm" })?.value,
                let url = URLReference.normalized(realm)
            else { continue }
            self.realm = url
            self.parameters = parameters
            return
        }
        return nil
    }

    /// Where the token is asked for.
    var url: String {
        let asked = ["service", "scope"].compactMap { name in
            parameters.first { $0.name == name }.map { "\(name)=\(ASCII.percentEncoded($0.value))" }
        }
        guard !asked.isEmpty else { return realm }
        return realm + (realm.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + asked.joined(separator: "&")
    }

    static func == (left: BearerChallenge, right: BearerChallenge) -> Bool { left.url == right.url }

    /// RFC 9110, 11.2: names with tokens or quoted strings, and commas between them.
    private static func parameters(of field: String) -> [(name: String, value: String)]? {
        var rest = field.utf8[...]
        guard rest.prefix(7).map(ASCII.lowercased).elementsEqual("bearer ".utf8) else { return nil }
        rest = rest.dropFirst(7)
        var found: [(name: String, value: String)] = []
        while true {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { return found }
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != 0x20 }
            rest = rest.dropFirst(name.count)
            guard rest.popFirst() == UInt8(ascii: "=") else { return found }
            let value: [UInt8]
            if rest.first == UInt8(ascii: "\"") {
                let quoted = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
                rest = rest.dropFirst(quoted.count + 2)
                value = Array(quoted)
            } else {
                let token = rest.prefix { $0 != UInt8(ascii: ",") && $0 != 0x20 }
                rest = rest.dropFirst(token.count)
                value = Array(token)
            }
            found.append((ASCII.lowercased(String(Substring(name))), String(decoding: value, as: UTF8.self)))
        }
    }
}

package import SaveAPI
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
package import SaveUI

extension RESTAPI {
    /// Bytes of an answer that a page is made of.
    private static let maxReplyBytes = 64 << 20

    /// What pages ask: the same routes, by the same rules, for a sender who is known from a session. The browser's own fields go no
    /// further than its name, which the audit trail tells.
    package var askedByPages: APIAsking {
        { question, sender, origin in
            var headers = HTTPHeaders()
            for name in ["Host", "User-Agent"] {
                if let value = origin.headers[name] { headers.append(name, value) }
            }
            if question.body != nil { headers.append("Content-Type", MediaType.json.value) }
            let path = "/api/v1/" + question.path.map(ASCII.percentEncoded).joined(separator: "/")
            let query = question.query.map { "\(ASCII.percentEncoded($0.name))=\(ASCII.percentEncoded($0.value))" }
            let target = query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
            let request = HTTPRequest(
                method: question.method, target: Array(target.utf8), headers: headers,
                body: question.body.map { ByteStream($0.bytes) } ?? .empty, client: origin.client, isSecure: origin.isSecure,
                id: origin.id)
            let segments = RequestPath(segments: ["api", "v1"] + question.path, endsInSlash: false)
            let response = await self.respond(to: request, from: sender, path: segments, visitorsRead: true)
            return APIReply(status: response.status, body: await Self.value(of: response.body))
        }
    }

    private static func value(of body: HTTPResponse.Body) async -> JSONValue {
        let bytes: [UInt8]?
        switch body {
        case .bytes(let all): bytes = all
        case .stream(let stream): bytes = try? await stream.collect(limit: maxReplyBytes)
        case .empty, .file: bytes = nil
        }
        return bytes.flatMap { try? JSONValue(parsing: $0) } ?? .null
    }
}

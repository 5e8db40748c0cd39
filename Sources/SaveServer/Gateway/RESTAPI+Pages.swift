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
            let response = await self.answer(question, sender, origin)
            return APIReply(status: response.status, body: await Self.value(of: response.body), tag: response.headers["ETag"])
        }
    }

    /// The same, with answers as they are: what is exported comes while it is read.
    package var openedByPages: APIOpening {
        { question, sender, origin in await self.answer(question, sender, origin) }
    }

    private func answer(_ question: APIQuestion, _ sender: Authentication, _ origin: HTTPRequest) async -> HTTPResponse {
        var headers: HTTPHeaders = ["Accept": question.accepted.value]
        for name in ["Host", "User-Agent"] {
            if let value = origin.headers[name] { headers.append(name, value) }
        }
        if let tag = question.tag { headers.append("If-Match", tag) }
        if let type = question.payload?.type ?? question.body.map({ _ in .json }) { headers.append("Content-Type", type.value) }
        let path = "/api/v1/" + question.path.map(ASCII.percentEncoded).joined(separator: "/")
        let query = question.query.map { "\(ASCII.percentEncoded($0.name))=\(ASCII.percentEncoded($0.value))" }
        let target = query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
        let request = HTTPRequest(
            method: question.method, target: Array(target.utf8), headers: headers,
            body: question.payload?.bytes ?? question.body.map { ByteStream($0.bytes) } ?? .empty, client: origin.client,
            isSecure: origin.isSecure, id: origin.id)
        let segments = RequestPath(segments: ["api", "v1"] + question.path, endsInSlash: false)
        return await respond(to: request, from: sender, path: segments, visitorsRead: true)
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

internal import SaveHTTP
public import SavePlatform
internal import SaveStorage

/// An upload in several requests, as a client sends it, and what it comes to.
public struct SampleSession: Sendable {
    /// The same contents in one request.
    public let whole: SampleUpload
    /// Begins the upload: a method and a path below the repository.
    public let opening: (method: HTTPMethod, path: String)
    /// Adds to it, at the URL that the answer to `opening` names.
    public let appending: HTTPMethod
    /// Ends it, at that URL with a query behind it: `?digest=…`.
    public let ending: (method: HTTPMethod, query: String)

    public init(
        _ whole: SampleUpload, opening: (method: HTTPMethod, path: String), appending: HTTPMethod = .patch,
        ending: (method: HTTPMethod, query: String)
    ) {
        self.whole = whole
        self.opening = opening
        self.appending = appending
        self.ending = ending
    }
}

/// An upload in several requests is the upload in one, wherever it is cut.
extension FormatConformance {
    func sessionCuttings() async throws -> [String] {
        var found: [String] = []
        for session in sessions {
            let place = "\(session.opening.method.name) \(session.opening.path)"
            let platform = try await InMemoryPlatform(type)
            try await platform.add("whole", .hosted)
            let whole = session.whole
            let answer = await platform.send(
                whole.method, platform.path(of: "whole") + whole.path.drop { $0 == "/" }, headers: headers(of: whole),
                body: ByteStream(whole.body))
            guard (200...201).contains(answer.status) else {
                found.append("\(place): the same in one request is answered with \(answer.status)")
                continue
            }
            for (number, parts) in Self.cuttings(of: whole.body).enumerated() {
                let repository = "cut-\(number)"
                try await platform.add(repository, .hosted)
                let sizes = parts.map { "\($0.count)" }.joined(separator: "+")
                if let problem = try await send(session, parts, to: repository, of: platform) {
                    found.append("\(place): as \(sizes) bytes \(problem)")
                    continue
                }
                for path in Set(paths + [whole.path]).sorted() {
                    let below = String(path.drop { $0 == "/" })
                    let original = try await self.answer(platform, "whole", below)
                    let copy = try await self.answer(platform, repository, below)
                    if copy != original {
                        found.append("\(place): as \(sizes) bytes GET \(path) \(copy.difference(from: original))")
                    }
                }
            }
        }
        return found
    }

    /// The parts in which a body is sent, the last with the request that ends the upload: all there, nothing there, and cut at
    /// several places.
    private static func cuttings(of body: [UInt8]) -> [[[UInt8]]] {
        let middle = body.count / 2
        let bytes = body.prefix(5).map { [$0] }
        return [
            [body], [body, []], [Array(body[..<middle]), Array(body[middle...])],
            [Array(body[..<middle]), Array(body[middle...]), []], bytes + [Array(body.dropFirst(5))],
        ]
    }

    /// Sends an upload in parts.
    ///
    /// - Returns: what went wrong.
    private func send(
        _ session: SampleSession, _ parts: [[UInt8]], to repository: String, of platform: InMemoryPlatform
    ) async throws -> String? {
        let path = platform.path(of: repository) + session.opening.path.drop { $0 == "/" }
        let opened = await platform.send(session.opening.method, path)
        guard opened.status == 202, let url = opened.headers["location"] else { return "is not begun: \(opened.status)" }
        for part in parts.dropLast() {
            let added = await platform.send(session.appending, url, body: ByteStream(part))
            guard added.status == 202 else { return "is not added to: \(added.status)" }
        }
        let ended = await platform.send(
            session.ending.method, url + session.ending.query, headers: headers(of: session.whole),
            body: ByteStream(parts.last ?? []))
        guard (200...201).contains(ended.status) else { return "is not ended: \(ended.status) \(try await text(ended))" }
        return nil
    }
}

internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A proxy of a hosted repository, and a group over it, serve what it serves, byte for byte.
extension FormatConformance {
    func repositories() async throws -> [String] {
        guard abilities.contains(.hosted), !uploads.isEmpty else { return [] }
        let platform = try await InMemoryPlatform(type)
        try await platform.add("hosted", .hosted)
        var found = try await publish(to: platform, "hosted")
        var copies: [String] = []
        if abilities.contains(.proxy) {
            try await platform.add("proxy", .proxy, upstream: "hosted")
            copies.append("proxy")
        }
        if abilities.contains(.group) {
            try await platform.add("group", .group, members: ["hosted"])
            copies.append("group")
        }
        let format = try type.init(settings: [:])
        var served = 0
        // Documents of the repository itself have a rule of their own.
        for path in Set(paths + uploads.map(\.path)).sorted() where documentKey(at: path, format) == nil {
            let below = String(path.drop { $0 == "/" })
            let original = try await answer(platform, "hosted", below)
            guard original.status == 200 else { continue }
            served += 1
            // What a proxy does not read from an upstream, it cannot show.
            let isRead = if case .index(let key, _) = try? route(format, .get, path) { isReadUpstream(key, format) } else { true }
            for copy in copies where copy == "group" || isRead {
                let answer = try await answer(platform, copy, below)
                if answer != original { found.append("GET \(path): the \(copy) \(answer.difference(from: original))") }
            }
        }
        if served == 0 { found.append("nothing that was uploaded can be read by one of the paths") }
        return found
    }

    /// Uploads everything to a repository, and says what it did not take.
    func publish(to platform: InMemoryPlatform, _ repository: String) async throws -> [String] {
        var found: [String] = []
        for upload in uploads {
            let answer = await platform.send(
                upload.method, platform.path(of: repository) + upload.path.drop { $0 == "/" }, headers: headers(of: upload),
                body: ByteStream(upload.body))
            if !(200...201).contains(answer.status) {
                found.append("\(upload.method.name) \(upload.path): answers \(answer.status) \(try await text(answer))")
            }
        }
        return found
    }

    func headers(of upload: SampleUpload) -> HTTPHeaders {
        var headers = HTTPHeaders()
        if let type = upload.contentType { headers.append("Content-Type", type) }
        return headers
    }

    func answer(_ platform: InMemoryPlatform, _ repository: String, _ below: String) async throws -> Answer {
        let response = await platform.send(.get, platform.path(of: repository) + below)
        var text = try await text(response)
        // A refusal may say where something is not, and a protocol may name what is asked for by all of its name.
        let path = platform.path(of: repository).dropFirst().dropLast()
        text = text.replacing(response.status < 400 ? "\"\(path)/" : path.drop { $0 != "/" }.dropFirst(), with: "\"repository/")
        // Where a protocol has absolute links, each repository has its own.
        let isDocument = (try? type.init(settings: [:])).map { documentKey(at: "/" + below, $0) != nil } ?? false
        if isDocument || abilities.contains(.absoluteLinks) {
            // With or without the last slash: some protocols have it in their URLs, and some do not.
            text = text.replacing(platform.path(of: repository).dropLast(), with: "/repository")
        }
        return Answer(status: response.status, type: response.headers["content-type"], text: text)
    }

    func text(_ response: HTTPResponse) async throws -> String {
        String(decoding: try await response.body.stream().collect(limit: 64 << 20), as: UTF8.self)
    }

    /// What a client gets to see.
    struct Answer: Equatable {
        let status: Int
        let type: String?
        let text: String

        func difference(from other: Answer) -> String {
            if status != other.status { return "answers \(status): \(text)" }
            if type != other.type { return "sends it as \(type ?? "nothing")" }
            return "sends '\(text)' and not '\(other.text)'"
        }
    }
}

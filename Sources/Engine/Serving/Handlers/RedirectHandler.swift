internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Answers redirects. A browser at a repository's own URL gets a page instead, which says what the repository is and how it is used:
/// the index, where clients are led, may have 40 MB and more.
struct RedirectHandler: RouteHandler {
    /// The address that clients use, where the operator says so.
    let publicAddress: PublicAddress?

    func reply(to resolved: ResolvedRequest) throws -> Reply {
        guard case .redirect(let location, let permanent) = resolved.route else { throw SaveError.misrouted }
        return .pending {
            if !permanent, let page = try await page(resolved, index: location) { return Answer(page) }
            return Answer(redirect(resolved, to: location, permanent: permanent))
        }
    }

    private func redirect(_ resolved: ResolvedRequest, to location: String, permanent: Bool) -> HTTPResponse {
        let request = resolved.request
        let query = request.rawQuery.map { "?" + String(decoding: $0, as: UTF8.self) } ?? ""
        var answer = HTTPResponse(
            status: permanent ? 301 : 302,
            headers: ["Location": start(resolved) + location + query, "Cache-Control": "no-cache"])
        // A browser may get a page instead.
        if !permanent { answer.headers.append("Vary", "Accept") }
        return answer
    }

    /// What comes before a location that is relative to the repository: that is a directory also where its own URL, or that of what it
    /// was, lacks the last slash.
    private func start(_ resolved: ResolvedRequest) -> String {
        let (slash, path) = (UInt8(ascii: "/"), resolved.request.rawPath)
        guard path.last != slash, let rest = resolved.repository.descriptor.place(of: path)?.rest else { return "" }
        switch (rest.count { $0 == slash }, resolved.asOf) {
        case (2, nil): return "\(resolved.repository.record.name)/"
        // The colon of a time would end a scheme (RFC 3986, 4.2).
        case (4, let time?): return "./" + AsOf.path(of: time).dropFirst(AsOf.marker.count + 1)
        default: return ""
        }
    }

    /// The page; nil unless a browser asks for the repository's own URL and the format has something to say.
    ///
    /// - Parameter index: where clients are led, below the repository.
    private func page(_ resolved: ResolvedRequest, index: String) async throws -> HTTPResponse? {
        let request = resolved.request
        let path = request.rawPath.last == UInt8(ascii: "/") ? request.rawPath.dropLast() : request.rawPath
        guard resolved.repository.descriptor.namesRepository(path), request.rawQuery == nil,
            ContentNegotiation.prefersHTML(request.headers["accept"]),
            let format = resolved.repository.format.cast({ $0 as? any UsageDescribing })
        else { return nil }
        let url = (publicAddress?.text ?? request.origin ?? "") + String(decoding: path, as: UTF8.self) + "/"
        let takesUploads = resolved.repository.record.kind == .hosted
        // What stands by itself: the rest is on the pages for browsers.
        let examples = try await format.ask { $0.usage(of: url, takesUploads: takesUploads) }.filter { example in
            example.file == nil && example.command.contains(url) && !example.command.contains("VERSION")
        }
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": MediaType.html.value, "Content-Security-Policy": HTTPResponse.inertPolicy,
                "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization",
            ], body: .bytes(Array(Self.html(resolved.repository, examples, index: url + index).utf8)))
    }

    private static func html(_ repository: Repository, _ examples: [UsageExample], index: String) -> String {
        let record = repository.record
        let title = ASCII.htmlEscaped(record.coordinates)
        let link = ASCII.htmlEscaped(index)
        let about = record.description.isEmpty ? "" : "<p>\(ASCII.htmlEscaped(record.description))</p>\n"
        let usage = examples.map { example in
            "<h2>\(ASCII.htmlEscaped(example.purpose))</h2>\n<pre>\(ASCII.htmlEscaped(example.command))</pre>\n"
        }
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n"
            + "<meta name=\"color-scheme\" content=\"light dark\"><title>\(title)</title></head>\n<body>\n"
            + "<h1>\(title)</h1>\n<p>A \(record.kind.rawValue) repository for \(ASCII.htmlEscaped(repository.descriptor.displayName)).</p>\n\(about)"
            + usage.joined() + "<p>Its index, which may be long: <a href=\"\(link)\">\(link)</a></p>\n</body>\n</html>\n"
    }
}

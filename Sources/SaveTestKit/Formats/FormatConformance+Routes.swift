internal import SaveAccess
internal import SavePlatform

/// The meaning of requests: for every path there is, always the same, and harmless.
extension FormatConformance {
    /// What the format should not have to survive in a path, but has to.
    static let hostilePaths = [
        "/", "/%00", "/%2e%2e/x", "/a//b", "/\u{202E}", "/%F0%9F%92%A9/", "/<script>/", "/a%2Fb", "/.git/config", "/__proto__/",
        "/simple/../../x", "/packages/a/b/c/d/e/f", "/" + String(repeating: "a", count: 255),
        "/" + String(repeating: "a/", count: 500),
        "/-/", "/%2B", "/a;b=c/", "/~/", "/CON", "/a%20b", "/%E2%84%AA",
    ]

    /// The paths that the format knows, with something wrong at one place: the same ones in every run.
    private var fuzzedPaths: [String] {
        let pieces = ["", "/", "//", "%2F", "%20", "%00", "..", ".", "-", "%C3%A9", "A", "0", "?", "%", "+", "~", "@", "%40"].map
        { Array($0.utf8) }
        var random = Xorshift()
        return paths.flatMap { path in
            (0..<40).map { _ in
                var bytes = Array(path.utf8)
                let place = random.number(below: bytes.count)
                let end = min(bytes.count, place + random.number(below: 3))
                bytes.replaceSubrange(place..<end, with: pieces[random.number(below: pieces.count)])
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    func routes(_ format: any RepositoryFormat) -> [String] {
        let methods: [HTTPMethod] = [.get, .head, .put, .post, .patch, .delete, .options, .other("BREW")]
        var found: [String] = []
        for text in paths + Self.hostilePaths + fuzzedPaths {
            guard let path = try? RequestPath(decoding: Array(text.utf8)[...]) else { continue }
            var outcomes: [HTTPMethod: Outcome<Route>] = [:]
            for method in methods {
                let request = FormatRequest(method: method, path: path)
                let outcome = Outcome<Route> { try format.route(request) }
                outcomes[method] = outcome
                let place = "\(method.name) \(text)"
                if outcome != Outcome<Route>({ try format.route(request) }) { found.append("\(place): two answers differ") }
                found += violations(of: outcome, method, place)
            }
            if outcomes[.get] != outcomes[.head] { found.append("HEAD \(text) is not GET \(text)") }
        }
        // Not every path can be read: some are only published to.
        for text in paths where methods.allSatisfy({ (try? route(format, $0, text)) == nil }) {
            found.append("\(text) has no route by any method")
        }
        return found
    }

    private func violations(of outcome: Outcome<Route>, _ method: HTTPMethod, _ place: String) -> [String] {
        if case .value(let route) = outcome {
            do { _ = try route.verified() } catch { return ["\(place): the platform refuses the route: \(error)"] }
        }
        switch outcome {
        case .value(.index(_, let offers)):
            if !method.isRead { return ["\(place): a method that is not a read reads an index"] }
            return offers.isEmpty ? ["\(place): an index is offered in no type"] : []
        case .value(.asset), .value(.checksum): return method.isRead ? [] : ["\(place): a method that is not a read reads a file"]
        case .value(.identity), .value(.staticDocument):
            return method.isRead ? [] : ["\(place): a method that is not a read asks a question"]
        case .value(.lookup):
            return method == .post ? [] : ["\(place): a method other than POST asks what a body says"]
        case .value(.upload), .value(.unpublish): return method.isRead ? ["\(place): a read uploads"] : []
        case .value(.session(let step)):
            if case .status = step.action {
                return method.isRead ? [] : ["\(place): a method that is not a read asks a question"]
            }
            return method.isRead ? ["\(place): a read changes an upload"] : []
        case .value(.delete), .value(.deleteAll): return method.isRead ? ["\(place): a read deletes"] : []
        case .value(.redirect(let location, _)):
            // Anything else could lead away from the server.
            let bytes = location.utf8
            let isRelative = !bytes.contains(UInt8(ascii: ":")) && bytes.first != UInt8(ascii: "/") && !bytes.contains(0x5C)
            return isRelative ? [] : ["\(place): redirects to '\(location)', which is not relative"]
        case .failure(let code):
            let allowed: [SaveError.Code] = [
                .notFound, .packageNotFound, .assetNotFound, .methodNotAllowed, .invalidRequest, .notAcceptable,
            ]
            return allowed.contains(code) ? [] : ["\(place): throws \(code.rawValue)"]
        }
    }
}

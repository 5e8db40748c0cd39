internal import Foundation
import SaveHTTP
import SavePlatform
import Testing

/// Follows every URL that a page has, in each type that it comes in, as far as they lead.
struct BypassCrawl {
    let world: RefusedWorld
    /// The targets that were pages.
    private(set) var pages: Set<String> = []
    /// The targets that were refused.
    private(set) var refused: Set<String> = []

    private static let types = [
        "*/*", "text/html", "application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html", "application/json",
        "application/vnd.npm.install-v1+json",
    ]

    init(world: RefusedWorld) { self.world = world }

    mutating func follow(_ start: String) async throws {
        var waiting = [start]
        while let target = waiting.popLast() {
            guard !pages.contains(target), !refused.contains(target), !Self.isServersOwn(target) else { continue }
            for type in Self.types {
                let answer = try await world.ask("GET", target, [("Accept", type)])
                switch answer.status {
                case 403:
                    #expect(answer.headers["X-Save-Reason"]?.contains("policy \(RefusedWorld.policy)") == true, "\(target)")
                    refused.insert(target)
                case 200:
                    let kind = answer.headers["Content-Type"] ?? ""
                    #expect(kind.contains("html") || kind.contains("json") || kind.hasPrefix("text/plain"), "\(target) is a file")
                    #expect(answer.headers["Content-Disposition"] == nil, "\(target) is a file")
                    pages.insert(target)
                    waiting += Self.links(answer, from: target)
                case 301, 302, 303:
                    waiting += answer.headers["Location"].flatMap { Self.resolve($0, target) }.map { [$0] } ?? []
                // What only looks like a URL is a bad request.
                default: #expect([400, 404, 406].contains(answer.status), "\(target) is \(answer.status)")
                }
            }
        }
    }

    /// The description of the API and pages for browsers give out no file, and lead to thousands of targets.
    private static func isServersOwn(_ target: String) -> Bool {
        target == "/api" || target.hasPrefix("/api/") || target == "/ui" || target.hasPrefix("/ui/")
    }

    private static func links(_ answer: APIAnswer, from target: String) -> [String] {
        var found: [String] = []
        // Whatever stands between quotation marks or in a line by itself may be a URL.
        for word in answer.text.split(whereSeparator: { "\"'<> \n,".contains($0) }) where word.contains("/") || word.contains(".")
        {
            let text = String(word).replacing("&amp;", with: "&").replacing("\\/", with: "/")
            guard let link = resolve(text, target) else { continue }
            found.append(link)
            if link.hasSuffix(".whl") || link.hasSuffix(".tar.gz") { found.append(link + ".metadata") }
        }
        return found
    }

    /// Where a link leads, if that is on this server.
    private static func resolve(_ link: String, _ target: String) -> String? {
        guard let base = URL(string: "http://save.test" + target), let url = URL(string: link, relativeTo: base)?.absoluteURL,
            url.host() == "save.test", url.scheme == "http"
        else { return nil }
        let path = url.path(percentEncoded: true)
        return url.query(percentEncoded: true).map { path + "?" + $0 } ?? path
    }
}

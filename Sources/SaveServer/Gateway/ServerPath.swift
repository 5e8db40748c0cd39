package import SaveAPI
package import SaveHTTP
internal import SavePlatform
package import SaveUI

/// A path of the server's own, outside of repositories and of the REST API: who may read it, and what it shows.
///
/// The gateway knows these and no other, so that nothing is shown that nobody was named for.
package struct ServerPath: Sendable {
    package enum Readers: Sendable {
        /// Also without credentials.
        case anyone
        /// Administrators and auditors.
        case inspectors
    }

    package let path: String
    package let readers: Readers
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse

    package init(
        _ path: String, for readers: Readers, answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) {
        self.path = path
        self.readers = readers
        self.answer = answer
    }

    /// All of them.
    package static func all(
        api: RESTAPI, pages: UserInterface, health: Health, metrics: @escaping @Sendable () async -> String
    ) -> [ServerPath] {
        [root(leadingTo: pages.home)] + description(of: api) + [health.live] + health.ready + [counters(metrics)]
    }

    /// The first thing that a person sees: a browser is led to the pages.
    private static func root(leadingTo home: String) -> ServerPath {
        ServerPath("/", for: .anyone) { request in
            if ContentNegotiation.prefersHTML(request.headers["accept"]) {
                return HTTPResponse(
                    status: 303, headers: ["Location": home, "Cache-Control": "no-cache", "Vary": "Accept"])
            }
            var answer = HTTPResponse.text(
                200,
                "Save: a repository manager. Repositories are at /<format>/<project>/<repository>/, "
                    + "the REST API at /api/v1, described at /api, pages for browsers at /ui/.")
            answer.headers.append("Vary", "Accept")
            return answer
        }
    }

    /// The page that shows the API: the same on every server of a version, so that it needs no credentials.
    private static func description(of api: RESTAPI) -> [ServerPath] {
        ["/api", "/api/"].map { path in ServerPath(path, for: .anyone) { api.describe(to: $0) } }
    }

    /// Counters and gauges in Prometheus' text format. Counts of requests are nobody's business but the operators'.
    private static func counters(_ text: @escaping @Sendable () async -> String) -> ServerPath {
        ServerPath("/metrics", for: .inspectors) { _ in
            HTTPResponse(
                status: 200, headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"],
                body: .bytes(Array(await text().utf8)))
        }
    }
}

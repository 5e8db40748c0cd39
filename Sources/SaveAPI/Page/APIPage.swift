internal import FoundationEssentials
internal import Glibc
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveServing

/// The API's description as a page for people, made from what the routes declare. One file without scripts: it works in
/// every browser and on a machine that reaches nothing but this server.
struct APIPage: Sendable {
    private let bytes: [UInt8]
    private let etag: String
    /// Nothing may run or load but the page's own style.
    private let policy: String

    /// - Parameter prefix: the path that clients have before every path of this server.
    init(_ table: RouteTable, version: String, prefix: String) {
        bytes = Array(Self.document(table, version: version, prefix: prefix).text.utf8)
        etag = "\"\(Hex.encode(Digest.of(bytes).prefix(16)))\""
        let style = Data(Digest.of(Array(PageStyle.text.utf8))).base64EncodedString()
        policy = "default-src 'none'; style-src 'sha256-\(style)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    func response(to request: HTTPRequest) -> HTTPResponse {
        var headers: HTTPHeaders = ["ETag": etag, "Cache-Control": "no-cache"]
        if Preconditions.isCurrent(request, etag: etag, lastModified: nil) { return HTTPResponse(status: 304, headers: headers) }
        headers.append("Content-Type", MediaType.html.value)
        headers.append("Content-Security-Policy", policy)
        headers.append("X-Content-Type-Options", "nosniff")
        headers.append("Referrer-Policy", "no-referrer")
        return HTTPResponse(status: 200, headers: headers, body: .bytes(bytes))
    }

    private static func document(_ table: RouteTable, version: String, prefix: String) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Save: REST API</title>
        <style>\(PageStyle.html)</style>
        </head>
        <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>
        <h1>Save: REST API</h1>
        <p>Version \(version). Everything below <code>/api/v1</code> takes Basic credentials, or an API key with
        <code>Authorization: Bearer</code>, and speaks JSON. The same description for programs, as OpenAPI 3.1, is at
        <a href="\(prefix)/api/v1/openapi.json"><code>/api/v1/openapi.json</code></a>.</p>
        </header>
        <nav aria-label="Operations">
        \(table.groups.map(contents))
        <p><a href="#statuses">Statuses</a></p>
        <p><a href="#shapes">Shapes of answers</a></p>
        </nav>
        <main id="content">
        \(table.groups.map(section))
        \(statuses(table))
        \(ShapesSection.html)
        </main>
        </body>
        </html>

        """
    }

    private static func contents(_ group: RouteGroup) -> HTML {
        let items = group.routes.map { route -> HTML in
            let name = OperationArticle(route: route).identifier
            return "<li><a href=\"#\(name)\"><code>\(route.method.name)</code> \(route.summary)</a></li>"
        }
        return """
            <details open><summary>\(group.name)</summary>
            <ul>
            \(items)
            </ul>
            </details>
            """
    }

    private static func section(_ group: RouteGroup) -> HTML {
        """
        <section>
        <h2>\(group.name)</h2>
        <p>\(group.summary)</p>
        \(group.routes.map { OperationArticle(route: $0).html })
        </section>
        """
    }

    private static func statuses(_ table: RouteTable) -> HTML {
        let codes = Set(table.routes.flatMap(\.possibleFailures).map(ErrorResponder.status(of:)))
        let rows = codes.sorted().map { code -> HTML in
            "<tr id=\"status-\(code)\"><th scope=\"row\">\(code)</th><td>\(OpenAPIFailure.summary(of: code))</td></tr>"
        }
        return """
            <section>
            <h2 id="statuses">Statuses</h2>
            <p>Every failure is an <a href="#shape-Error"><code>Error</code></a>.</p>
            <table>
            <thead><tr><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead>
            <tbody>
            \(rows)
            </tbody>
            </table>
            </section>
            """
    }
}

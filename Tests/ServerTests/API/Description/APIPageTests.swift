internal import Foundation
import SaveDigest
import SaveHTTP
import SavePlatform
import Testing

@testable import SaveAPI

struct APIPageTests {
    private func page(_ headers: HTTPHeaders = [:]) async throws -> APIAnswer {
        let request = HTTPRequest(method: .get, target: Array("/api".utf8), headers: headers)
        return try await APIAnswer(try await APIServer().api.describe(to: request))
    }

    @Test func `the page has every operation, every parameter, every field and every shape`() async throws {
        let text = try await page().text
        for route in RouteTable.complete.routes {
            let start = try #require(text.range(of: "<article id=\"\(OpenAPIOperation(route: route, group: "").identifier)\">"))
            let article = text[start.upperBound...].components(separatedBy: "</article>")[0]
            #expect(article.contains("<strong>\(route.method.name)</strong> <code>/api/v1\(route.pattern.text)</code>"))
            let names = route.pattern.variables + route.query.map(\.name) + (route.body?.fields.map(\.name) ?? [])
            for name in names {
                #expect(article.contains("<th scope=\"row\"><code>\(name)</code></th>"), "\(route.summary): \(name)")
            }
            for status in route.possibleStatuses.subtracting([304]) { #expect(article.contains(String(status))) }
            #expect(article.contains("<pre><code>curl "))
        }
    }

    @Test func `every link on the page leads to a place on it, and every place is there once`() async throws {
        let text = try await page().text
        let places = text.matches(of: /id="([^"]+)"/).map { String($0.1) }
        #expect(Set(places).count == places.count)
        let links = text.matches(of: /href="([^"]+)"/).map { String($0.1) }
        #expect(links.count > 100)
        for link in links where link != "/api/v1/openapi.json" {
            #expect(link.hasPrefix("#") && places.contains(String(link.dropFirst())), "\(link)")
        }
    }

    @Test func `nothing on the page runs or loads, and its policy lets through its own style only`() async throws {
        let answer = try await page()
        let text = answer.text
        for part in ["<script", "javascript:", "<img", "<link", "style=\"", " onclick", "url(", "@import", "http://", "https://"]
        {
            let found = text.replacing("https://index.example.com/", with: "").range(of: part, options: .caseInsensitive)
            #expect(found == nil, "\(part)")
        }
        let style = try #require(text.components(separatedBy: "<style>").last?.components(separatedBy: "</style>").first)
        let hash = Data(Digest.of(Array(style.utf8))).base64EncodedString()
        let policy = try #require(answer.headers["Content-Security-Policy"])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-\(hash)';"))
        #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
    }

    @Test func `the page is not sent again to a client that has it`() async throws {
        let etag = try #require(try await page().headers["ETag"])
        let again = try await page(["If-None-Match": etag])
        #expect(again.status == 304)
        #expect(again.bytes.isEmpty)
    }

    @Test func `text never becomes markup`() {
        let text = "<b onclick='x'>&\""
        let html: HTML = "<p title=\"\(text)\">\(text)</p>"
        let escaped = "&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;"
        #expect(html.text == "<p title=\"\(escaped)\">\(escaped)</p>")
        let nested: HTML = "\(html)\([html, html])"
        #expect(nested.text == html.text + html.text + "\n" + html.text)
    }
}

import SaveHTTP
import SavePlatform
import Testing

@Suite struct ContentNegotiationTests {
    static let offers: [MediaType] = [
        "text/html; charset=utf-8", "application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html; charset=utf-8",
    ]

    static let vectors: [(accept: String?, chosen: String?)] = [
        (nil, "text/html"), ("", "text/html"), ("*/*", "text/html"), ("text/*", "text/html"),
        ("application/*", "application/vnd.pypi.simple.v1+json"),
        // The more specific range counts, whichever comes first.
        ("*/*;q=0.9, application/*;q=0.8, text/html;q=0", "application/vnd.pypi.simple.v1+json"),
        ("application/vnd.pypi.simple.v1+html ; q=0.9 , text/html ; q=0.8", "application/vnd.pypi.simple.v1+html"),
        // pip and unearth
        (
            "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
            "application/vnd.pypi.simple.v1+json"
        ),
        // poetry
        ("application/vnd.pypi.simple.v1+json, */*;q=0.1", "application/vnd.pypi.simple.v1+json"),
        // a browser
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/vnd.pypi.simple.v1+json;q=0, text/html;q=0.5", "text/html"),
        ("application/vnd.pypi.simple.v1+json, text/html", "application/vnd.pypi.simple.v1+json"),
        ("APPLICATION/VND.PYPI.SIMPLE.V1+JSON", "application/vnd.pypi.simple.v1+json"),
        ("text/html;q=0.5, application/vnd.pypi.simple.v1+html;q=0.6", "application/vnd.pypi.simple.v1+html"),
        ("image/png", nil), ("text/html;q=0", nil), ("text/html;q=abc", nil), ("*/*;q=0", nil),
    ]

    @Test(arguments: vectors)
    func `R-12 R-13 T2 the client's wishes choose the type, or none is acceptable`(accept: String?, chosen: String?) {
        #expect(ContentNegotiation.choose(Self.offers, accept: accept)?.essence == chosen)
    }

    @Test func `R-14 a type that was named otherwise is sent whatever the client accepts`() {
        let json = Self.offers[1]
        for accept in ["text/html", "application/vnd.pypi.simple.v1+json;q=0"] {
            #expect(ContentNegotiation.choose([json.given], accept: accept) == json)
            #expect(ContentNegotiation.choose([json], accept: accept) == nil)
        }
    }

    @Test(arguments: [
        ("gzip", true), ("gzip, deflate, zstd", true), ("deflate", false), ("*", true), ("gzip;q=0", false), ("identity", false),
        ("*;q=0.5, gzip;q=0", false), ("GZIP", true),
    ])
    func `R-50 gzip goes to clients that take it`(field: String, accepted: Bool) {
        #expect(ContentNegotiation.acceptsGzip(Array(field.utf8)[...]) == accepted)
    }

    @Test func `no encoding field means no gzip`() {
        #expect(!ContentNegotiation.acceptsGzip(nil))
    }
}

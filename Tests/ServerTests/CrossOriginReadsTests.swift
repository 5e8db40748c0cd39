import SaveHTTP
import SavePlatform
import SaveServer
import Testing

@Suite struct CrossOriginReadsTests {
    private let reads = CrossOriginReads(origins: ["https://app.example.com", "http://127.0.0.1:5000/"])

    private func request(_ method: HTTPMethod, _ headers: HTTPHeaders) -> HTTPRequest {
        HTTPRequest(method: method, target: Array("/pypi/p/r/simple/".utf8), headers: headers)
    }

    private func answer(_ method: HTTPMethod, _ headers: HTTPHeaders, _ reads: CrossOriginReads? = nil) -> HTTPResponse {
        var response = HTTPResponse.text(200, "ok")
        (reads ?? self.reads).apply(to: &response, request(method, headers))
        return response
    }

    @Test(arguments: ["https://app.example.com", "HTTPS://App.Example.com", "http://127.0.0.1:5000"])
    func `a script of a listed site may read, without credentials`(_ origin: String) {
        for method in [HTTPMethod.get, .head] {
            let response = answer(method, ["Origin": origin])
            #expect(response.headers["access-control-allow-origin"] == origin)
            #expect(response.headers["vary"] == "Origin")
            #expect(response.headers["access-control-allow-credentials"] == nil)
        }
    }

    @Test(arguments: [
        "https://app.example.com.evil.example", "http://app.example.com", "https://app.example.com:8443", "null",
        "https://evil.example", "*", "",
    ])
    func `a script of another site may not`(_ origin: String) {
        let response = answer(.get, ["Origin": origin])
        #expect(response.headers["access-control-allow-origin"] == nil && response.headers["vary"] == "Origin")
        #expect(
            reads.preflight(request(.options, ["Origin": origin, "Access-Control-Request-Method": "GET"])) == nil)
    }

    @Test func `a change is never allowed, wherever it comes from`() {
        for method in [HTTPMethod.put, .post, .delete, .patch] {
            #expect(answer(method, ["Origin": "https://app.example.com"]).headers["access-control-allow-origin"] == nil)
            let asked: HTTPHeaders = ["Origin": "https://app.example.com", "Access-Control-Request-Method": method.name]
            #expect(reads.preflight(request(.options, asked)) == nil)
        }
        #expect(reads.preflight(request(.options, ["Origin": "https://app.example.com"])) == nil)
    }

    @Test func `a preflight allows reads with the fields of reads, and no credentials`() throws {
        let asked: HTTPHeaders = [
            "Origin": "https://app.example.com", "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization, range",
        ]
        let response = try #require(reads.preflight(request(.options, asked)))
        #expect(response.status == 204 && response.headers["access-control-allow-methods"] == "GET, HEAD")
        let fields = try #require(response.headers["access-control-allow-headers"])
        #expect(fields.contains("range") && !fields.contains("authorization"))
        #expect(response.headers["access-control-allow-credentials"] == nil)
    }

    @Test func `without a setting, or without an origin where all may, nothing is added`() {
        let none = CrossOriginReads(origins: [])
        #expect(answer(.get, ["Origin": "https://app.example.com"], none).headers.count == 1)
        #expect(answer(.get, [:], CrossOriginReads(origins: ["*"])).headers.count == 1)
        let all = answer(.get, ["Origin": "https://anybody.example"], CrossOriginReads(origins: ["*"]))
        #expect(all.headers["access-control-allow-origin"] == "*" && all.headers["vary"] == nil)
    }

    @Test func `what is added changes no answer that others get`() {
        var response = HTTPResponse.text(200, "ok")
        response.prepared = PreparedSlot()
        reads.apply(to: &response, request(.get, ["Origin": "https://app.example.com"]))
        #expect(response.prepared == nil)
    }
}

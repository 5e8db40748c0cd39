package import SaveHTTP
internal import SavePlatform

/// Lets scripts of other sites read repositories (Fetch, "CORS protocol"), where an operator lists the sites: Python in a browser
/// reads an index so.
///
/// Reads alone, and never with what a browser remembers: no answer allows credentials, and no preflight the field `Authorization`. So
/// a script gets what anybody gets who does not sign in.
package struct CrossOriginReads: Sendable {
    private let origins: Set<String>
    private let isForAll: Bool

    /// What a script may send besides what every script may, in small letters.
    private static let requestFields = "accept, cache-control, if-modified-since, if-none-match, if-range, range"
    /// What a script may see besides what every script may.
    private static let answerFields =
        "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After, X-PyPI-Last-Serial, X-Save-Cache, X-Save-Reason"

    /// - Parameter origins: schemes and hosts, or `*` for all.
    package init(origins: [String]) {
        isForAll = origins.contains("*")
        self.origins = Set(origins.map { ASCII.lowercased($0.utf8.last == UInt8(ascii: "/") ? String($0.dropLast()) : $0) })
    }

    /// The answer to what a browser asks before a read that is not plain; nil for other requests. Whether what is asked for is there does
    /// not matter, and neither does who asks, which a browser does not say here.
    package func preflight(_ request: HTTPRequest) -> HTTPResponse? {
        guard !origins.isEmpty, request.method == .options, let origin = allowed(request),
            let method = request.headers["access-control-request-method"], method == "GET" || method == "HEAD"
        else { return nil }
        var response = HTTPResponse(
            status: 204,
            headers: [
                "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": "GET, HEAD",
                "Access-Control-Allow-Headers": Self.requestFields, "Access-Control-Max-Age": "600", "Cache-Control": "no-store",
            ])
        addVary(to: &response)
        return response
    }

    /// Adds what lets the script read the answer.
    package func apply(to response: inout HTTPResponse, _ request: HTTPRequest) {
        guard !origins.isEmpty, request.method.isRead else { return }
        let origin = allowed(request)
        guard origin != nil || !isForAll else { return }
        // What others get of the same page is another answer.
        response.prepared = nil
        addVary(to: &response)
        guard let origin else { return }
        response.headers.append("Access-Control-Allow-Origin", origin)
        response.headers.append("Access-Control-Expose-Headers", Self.answerFields)
    }

    /// What the answer to a request from this origin allows; nil where there is none, or one that is not listed.
    private func allowed(_ request: HTTPRequest) -> String? {
        guard let origin = request.headers["origin"] else { return nil }
        if isForAll { return "*" }
        return origins.contains(ASCII.lowercased(origin)) ? origin : nil
    }

    /// Caches between must not give one site the answer for another.
    private func addVary(to response: inout HTTPResponse) {
        if !isForAll { response.headers.append("Vary", "Origin") }
    }
}

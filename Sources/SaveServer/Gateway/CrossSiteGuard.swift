internal import SaveHTTP
internal import SavePlatform

/// Refuses changes that a page of another site makes a browser send with the credentials it remembers for this server.
///
/// Package managers and scripts send neither of the two fields that tell; browsers send at least one with everything that
/// is no plain read, and scripts on a page cannot set them (Fetch Metadata, section 2; Fetch, "Origin header").
package struct CrossSiteGuard: Sendable {
    /// Scheme, host and port under which browsers know this server, where the operator says so.
    private let externalOrigin: String?

    package init(externalOrigin: String?) { self.externalOrigin = externalOrigin }

    /// Why a request is refused; nil for one that may go on.
    func refusal(of request: HTTPRequest) -> SaveError? {
        guard !request.method.isRead, request.method != .options, isFromElsewhere(request) else { return nil }
        return SaveError(
            .forbidden, "cross-site request refused: use a client, or a page of this server")
    }

    private func isFromElsewhere(_ request: HTTPRequest) -> Bool {
        if let site = request.headers["sec-fetch-site"] { return site != "same-origin" && site != "none" }
        // Browsers send Fetch Metadata to trustworthy origins only, so over plain HTTP the origin decides.
        guard let origin = request.headers["origin"] else { return false }
        guard let colon = origin.utf8.firstIndex(of: UInt8(ascii: ":")) else { return true }
        if let externalOrigin, ASCII.lowercased(origin) == ASCII.lowercased(externalOrigin) { return false }
        // The scheme is left aside: behind a proxy that ends TLS this server does not know it.
        let authority = String(Substring(origin.utf8[colon...].dropFirst(3)))
        return request.headers["host"].map { ASCII.lowercased($0) != ASCII.lowercased(authority) } ?? true
    }
}

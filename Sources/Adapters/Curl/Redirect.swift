internal import SavePlatform

/// What may follow from a `Location`.
enum Redirect {
    /// The absolute URL of the next hop.
    ///
    /// - Throws: `upstreamInvalid` for anything but http and https, and from https down to http.
    static func target(_ location: String, from url: String) throws -> String {
        guard let target = URLReference.resolve(location, against: url) else {
            throw SaveError(
                .upstreamInvalid, "the upstream redirects to something that is not an http or https URL: check remote_url")
        }
        guard !(isSecure(url) && !isSecure(target)) else {
            throw SaveError(
                .upstreamInvalid, "the upstream redirects from https to http, which is not followed: check remote_url")
        }
        return target
    }

    /// Whether the credentials for `origin` may go to `url`. Fields that carry credentials follow the same rule.
    static func keepsCredentials(of origin: URLOrigin, to url: URLOrigin) -> Bool { origin == url }

    /// Fields of a request that are for its own origin only.
    static let privateFields: Set<String> = ["authorization", "cookie", "proxy-authorization"]

    private static func isSecure(_ url: String) -> Bool { url.utf8.starts(with: "https:".utf8) }
}

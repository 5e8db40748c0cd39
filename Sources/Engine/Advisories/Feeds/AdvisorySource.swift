internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// Where a database publishes records of the OSV schema: an `all.zip` of an ecosystem, or one record (`advisory_sources`).
package struct AdvisorySource: Sendable, Hashable {
    /// For people: without credentials, and without a query, which may be one.
    package let name: String
    /// For what is remembered of it: the name, and a digest of the query, which may be a secret and is often all that tells two
    /// sources of a server apart.
    package let noteName: String
    let url: String
    private let username: String
    private let password: String

    /// - Parameter text: `https://mirror.example.com/PyPI/all.zip`, with `name:password@` before the host where the server wants it.
    ///   Percent-encoding counts in both.
    /// - Returns: nil for what is no http or https URL, or has a fragment.
    package init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { return nil }
        let rest = text[scheme.upperBound...]
        let end = rest.utf8.firstIndex { "/?".utf8.contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        let at = authority.utf8.lastIndex(of: UInt8(ascii: "@"))
        let host = at.map { authority[authority.utf8.index(after: $0)...] } ?? authority
        let url = text[..<scheme.upperBound] + host + rest[end...]
        guard URLOrigin(of: String(url)) != nil else { return nil }
        let parts = (at.map { authority[..<$0] } ?? "").utf8.split(
            separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let words = parts.map { part in ASCII.percentDecoded(part).flatMap { String(validating: $0, as: UTF8.self) } }
        guard let username = words.first ?? "", let password = words.count > 1 ? words[1] : "" else { return nil }
        self.url = String(url)
        (self.username, self.password) = (username, password)
        let path = rest[end...].utf8.prefix { $0 != UInt8(ascii: "?") }
        name = text[..<scheme.upperBound] + host + String(Substring(path))
        let query = rest[end...].utf8.dropFirst(path.count)
        let digest = StreamingDigest(.sha256)
        digest.update(Array(query))
        noteName = query.isEmpty ? name : name + "?" + Hex.encode(Array(digest.finish().prefix(8)))
    }

    var credentials: ClientCredentials? {
        username.isEmpty && password.isEmpty ? nil : ClientCredentials(username: username, password: password)
    }
}

/// What is remembered of a source, beside the records that came from it: both come in, and go, together.
struct AdvisorySourceNote: Equatable {
    var etag: String?
    var lastModified: String?
    /// SHA-256 of what was fetched, in hexadecimal.
    var digest: String
    var changed: Timestamp

    init(etag: String?, lastModified: String?, digest: String, changed: Timestamp) {
        self.etag = etag
        self.lastModified = lastModified
        self.digest = digest
        self.changed = changed
    }

    init?(_ text: String) {
        guard let object = (try? JSONValue(parsing: Array(text.utf8)))?.object, let digest = object["digest"]?.string,
            let changed = object["changed"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(etag: object["etag"]?.string, lastModified: object["last_modified"]?.string, digest: digest, changed: changed)
    }

    var text: String {
        let value: JSONValue = [
            "etag": JSONValue(etag), "last_modified": JSONValue(lastModified), "digest": .string(digest),
            "changed": .string(changed.rfc3339),
        ]
        return value.text
    }
}

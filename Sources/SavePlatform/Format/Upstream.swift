/// What the platform wants from an upstream.
public enum UpstreamTarget: Sendable, Equatable {
    /// The document that `listing` reads for an index.
    case index(IndexKey)
    /// A file that no index describes: its place follows from its path.
    case asset(AssetPath)
    /// The first requests to a new upstream, to see whether and where it has an index.
    ///
    /// `attempt` counts from 0. An attempt succeeds when the status is 200 and the type is among those of
    /// `UpstreamRequest.accept`; its body is not read, since a root index can have 40 MB. After any other answer comes the
    /// next attempt, until the format throws `unsupported`. When none succeeded, the base of attempt 0 is used: some
    /// servers have pages of packages but no root.
    case probe(attempt: Int)
}

/// A request to an upstream, relative to the repository's resolved base.
public struct UpstreamRequest: Sendable, Equatable {
    /// An absolute URL, http or https.
    public var url: String
    /// The `Accept` field.
    public var accept: String?
    /// The largest answer that is read, decoded, in bytes.
    public var maxSize: Int64
    /// For a probe: the base to store when this request succeeds. Only the first `maxSize` bytes of its answer are read; the
    /// root listing that the format makes of them may name another base, in its attribute `resolvedBaseAttribute`.
    public var resolvedBase: String?

    /// Where a root listing says what base its upstream should be asked by. Opaque to the platform.
    public static let resolvedBaseAttribute = "resolved-base"

    public init(url: String, accept: String? = nil, maxSize: Int64, resolvedBase: String? = nil) {
        self.url = url
        self.accept = accept
        self.maxSize = maxSize
        self.resolvedBase = resolvedBase
    }
}

/// An index as an upstream sent it, decoded from any content coding.
public struct UpstreamDocument: Sendable {
    /// Where it came from in the end, after redirects: what relative links are relative to.
    public let url: String
    /// The `Content-Type` it was sent with.
    public let contentType: String?
    /// The whole document, at most `UpstreamRequest.maxSize` bytes of it.
    public let bytes: [UInt8]

    public init(url: String, contentType: String?, bytes: [UInt8]) {
        self.url = url
        self.contentType = contentType
        self.bytes = bytes
    }
}

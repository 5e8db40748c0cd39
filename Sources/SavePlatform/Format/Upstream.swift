/// What the platform wants from an upstream.
public enum UpstreamTarget: Sendable, Equatable {
    /// The document that `listing` reads for an index.
    case index(IndexKey)
    /// A file that no index describes: its place follows from its path.
    case asset(AssetPath)
    /// The first requests to a new upstream, to see whether and where it has an index.
    ///
    /// `attempt` counts from 0; the format throws `unsupported` where it knows no further place. A place is believed once
    /// the page of a package was read below it: of a package that its list names (of the list only the first
    /// `UpstreamRequest.maxSize` bytes are read, and its type must be among those of `UpstreamRequest.accept`), or of one that
    /// a client asks for. Where the format has no lists (`index(.root)` is `unsupported`), status and type are enough, and
    /// the base of attempt 0 is used where no attempt succeeded.
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
    /// For a probe: the base that this request is about. The root listing that the format makes of the answer may name another
    /// base, in its attribute `resolvedBaseAttribute`, where the place is the very one that the repository was given.
    public var resolvedBase: String?
    /// For a probe: the repository's settings say that the base is this one; nothing has to be asked.
    public var isCertain = false

    /// Where else to look for an index that is not at `url`.
    package var furtherURLs: [String] = []

    /// An index is looked for in no more places than this.
    package static let maxPlaces = 8

    /// Where a root listing says what base its upstream should be asked by. Opaque to the platform.
    public static let resolvedBaseAttribute = "resolved-base"

    /// - Parameter furtherURLs: for an index: where it may be as well, asked in this order while the upstream has none of those before.
    ///   For protocols in which spellings of a name are one package here, and an upstream keeps it under the one of its publisher. Up to
    ///   seven; each is checked and gets credentials as `url` does.
    public init(
        url: String, accept: String? = nil, maxSize: Int64, resolvedBase: String? = nil, furtherURLs: [String] = []
    ) {
        self.url = url
        self.accept = accept
        self.maxSize = maxSize
        self.resolvedBase = resolvedBase
        self.furtherURLs = furtherURLs
    }

    /// The places of an index, each once, the one where it was found last before all others.
    package func places(last: String?) -> [String] {
        var places: [String] = []
        for place in [url] + furtherURLs where !places.contains(place) { places.append(place) }
        if let last, let found = places.firstIndex(of: last) { places.insert(places.remove(at: found), at: 0) }
        return Array(places.prefix(Self.maxPlaces))
    }
}

/// An index as an upstream sent it, decoded from any content coding.
public struct UpstreamDocument: Sendable {
    /// Where it came from in the end, after redirects: what relative links are relative to.
    public let url: String
    /// The `Content-Type` it was sent with.
    public let contentType: String?
    /// The document, at most `UpstreamRequest.maxSize` bytes of it.
    public let bytes: [UInt8]
    /// False for the beginning of a list, which a probe reads: the format gives the packages that are in it.
    public let isWhole: Bool
    /// What the upstream says of itself, where the format reads that (`UpstreamConfigurationReading`); empty otherwise, and for that
    /// document itself.
    public let configuration: JSONObject

    public init(
        url: String, contentType: String?, bytes: [UInt8], isWhole: Bool = true, configuration: JSONObject = JSONObject()
    ) {
        self.url = url
        self.contentType = contentType
        self.bytes = bytes
        self.isWhole = isWhole
        self.configuration = configuration
    }
}

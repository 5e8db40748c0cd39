/// A rendered index.
public struct Document: Sendable {
    /// The document's bytes, at once or one after the other.
    public enum Content: Sendable {
        /// All of it, in memory.
        case bytes([UInt8])
        /// For an index that is too large to be held: made while it is sent.
        case pieces(DocumentPieces)
    }

    /// Exactly what is sent as `Content-Type`.
    public var type: MediaType
    /// What is sent.
    public var content: Content
    /// More headers, such as `X-PyPI-Last-Serial`. The platform adds those for caches and browsers.
    public var headers: [String: String]

    public init(type: MediaType, bytes: [UInt8], headers: [String: String] = [:]) {
        self.init(type: type, content: .bytes(bytes), headers: headers)
    }

    public init(type: MediaType, content: Content, headers: [String: String] = [:]) {
        self.type = type
        self.content = content
        self.headers = headers
    }

    /// All of it.
    public var bytes: [UInt8] {
        get {
            switch content {
            case .bytes(let bytes): bytes
            case .pieces(let pieces): pieces.whole
            }
        }
        set { content = .bytes(newValue) }
    }
}

extension Document: Equatable {
    /// Whether the same is sent.
    public static func == (left: Document, right: Document) -> Bool {
        left.type == right.type && left.headers == right.headers && left.bytes == right.bytes
    }
}

/// What a rendering may know besides its listing.
public struct RenderContext: Sendable, Hashable {
    /// The path from the host to the repository, with a slash at both ends: `/pypi/backend/pypi/`.
    public let basePath: String
    /// The external scheme and host, with the path that the server has on it, for protocols that need absolute URLs; nil where
    /// links should be relative. Documents of the repository itself (`IndexKey.document`) have it wherever
    /// the server knows its address: from `public_url`, or from the request's `Host`.
    public let externalOrigin: String?
    /// The bytes of the files that the format asked for (`IndexEmbeddingFiles`), without those that could not be had.
    public let documents: [[UInt8]]
    /// What the repository reserves, in the spelling of the format: names, and with `*` at the end beginnings of names, each with the
    /// project that reserves it: `{"acme-*": {"project": "backend", "owned": true}}`. `owned` says that all that is listed is hosted by
    /// those whom it is reserved for: that project, or any member of the group where it hosts nothing in it.
    public let reservedNames: JSONObject
    /// Whether reading the repository takes credentials. Some protocols want a document to say so, and their clients send none
    /// otherwise.
    public let isPrivate: Bool

    package init(
        basePath: String, externalOrigin: String? = nil, documents: [[UInt8]] = [], reservedNames: JSONObject = JSONObject(),
        isPrivate: Bool = false
    ) {
        self.reservedNames = reservedNames
        self.basePath = basePath
        self.externalOrigin = externalOrigin
        self.documents = documents
        self.isPrivate = isPrivate
    }
}

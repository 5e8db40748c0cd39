/// A rendered index.
public struct Document: Sendable, Equatable {
    /// Exactly what is sent as `Content-Type`.
    public var type: MediaType
    public var bytes: [UInt8]
    /// More headers, such as `X-PyPI-Last-Serial`. The platform adds those for caches and browsers.
    public var headers: [String: String]

    public init(type: MediaType, bytes: [UInt8], headers: [String: String] = [:]) {
        self.type = type
        self.bytes = bytes
        self.headers = headers
    }
}

/// What a rendering may know besides its listing.
public struct RenderContext: Sendable, Hashable {
    /// The path from the host to the repository, with a slash at both ends: `/pypi/backend/pypi/`.
    public let basePath: String
    /// The external scheme and host, for protocols that need absolute URLs; nil where links should be relative.
    public let externalOrigin: String?
    /// The bytes of the files that the format asked for (`DocumentedIndexes`), without those that could not be had.
    public let documents: [[UInt8]]

    public init(basePath: String, externalOrigin: String? = nil, documents: [[UInt8]] = []) {
        self.basePath = basePath
        self.externalOrigin = externalOrigin
        self.documents = documents
    }
}

internal import SaveHTTP
internal import SavePlatform

/// One hop of a request, as a value that goes to the curl thread.
struct TransferPlan: Sendable {
    let url: String
    /// What `url` was read as when it was decided what goes there.
    let origin: URLOrigin
    let isHead: Bool
    /// What a POST sends.
    let body: [UInt8]?
    /// `Name: value` lines.
    let headers: [String]
    let credentials: ClientCredentials?
    let decodes: Bool
    let waitsForReader: Bool
    let prefix: Int64?
    let maxSize: Int64
    /// nil to go there directly.
    let proxy: String?
    /// Nanoseconds of the monotonic clock.
    let headerDeadline: UInt64
    /// The method of an exchange; nil for a request that `isHead` and `body` tell all about.
    var method: String?
    /// What an exchange sends.
    var upload: OutgoingBody?
}

extension TransferPlan {
    /// The plan of a hop to `url`.
    ///
    /// - Parameter isOwnOrigin: whether the hop goes to the origin that was asked for, to which alone credentials go.
    /// - Throws: `invalidRequest` for a method other than GET, HEAD and POST, and for a field that would break the request apart.
    init(_ request: ClientRequest, url: String, origin: URLOrigin, isOwnOrigin: Bool, proxy: String?, headerDeadline: UInt64)
        throws
    {
        guard request.body != nil ? request.method == .post : request.method == .get || request.method == .head else {
            throw SaveError(.invalidRequest, "only GET, HEAD, and POST with a body go to another server")
        }
        var lines = try Self.lines(request.headers) { isOwnOrigin || !Redirect.privateFields.contains($0) }
        // What is asked for is what `Transfer` can take off; curl itself takes off nothing.
        lines.append("Accept-Encoding: \(request.decodes ? "gzip, deflate" : "identity")")
        self.init(
            url: url, origin: origin, isHead: request.method == .head, body: request.body, headers: lines,
            credentials: isOwnOrigin ? request.credentials : nil,
            decodes: request.decodes, waitsForReader: request.waitsForReader, prefix: request.prefix, maxSize: request.maxSize,
            proxy: proxy, headerDeadline: headerDeadline)
    }
    /// The plan of an exchange with the server that its URL names.
    ///
    /// - Throws: `invalidRequest` for a field that would break the request apart.
    init(_ request: OutgoingRequest, origin: URLOrigin, proxy: String?, headerDeadline: UInt64) throws {
        self.init(
            url: request.url, origin: origin, isHead: request.method == .head, body: nil,
            headers: try Self.lines(request.headers) { _ in true } + ["Accept-Encoding: identity"], credentials: nil,
            decodes: false, waitsForReader: true, prefix: nil, maxSize: request.maxSize, proxy: proxy,
            headerDeadline: headerDeadline, method: request.method.name, upload: request.body)
    }

    /// Fields as curl takes them, without those that are not wanted.
    ///
    /// - Parameter isWanted: asked with the name in small letters.
    private static func lines(_ headers: HTTPHeaders, where isWanted: (String) -> Bool) throws -> [String] {
        var lines: [String] = []
        for (name, value) in headers.all {
            let lowered = ASCII.lowercased(name)
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw SaveError(.invalidRequest, "the request has a malformed header field") }
            guard lowered != "accept-encoding", isWanted(lowered) else { continue }
            // curl takes `Name:` for "leave this field out" and `Name;` for an empty one.
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        return lines
    }
}

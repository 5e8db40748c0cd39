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
        var lines: [String] = []
        for (name, value) in request.headers.all {
            let lowered = ASCII.lowercased(name)
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw SaveError(.invalidRequest, "the request has a malformed header field") }
            guard lowered != "accept-encoding", isOwnOrigin || !Redirect.privateFields.contains(lowered) else { continue }
            // curl takes `Name:` for "leave this field out" and `Name;` for an empty one.
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        // What is asked for is what `Transfer` can take off; curl itself takes off nothing.
        lines.append("Accept-Encoding: \(request.decodes ? "gzip, deflate" : "identity")")
        self.init(
            url: url, origin: origin, isHead: request.method == .head, body: request.body, headers: lines,
            credentials: isOwnOrigin ? request.credentials : nil,
            decodes: request.decodes, waitsForReader: request.waitsForReader, prefix: request.prefix, maxSize: request.maxSize,
            proxy: proxy, headerDeadline: headerDeadline)
    }
}

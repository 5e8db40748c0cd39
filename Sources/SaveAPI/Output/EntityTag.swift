internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform

/// The entity tag of a record: its id and when it changed.
func entityTag(_ id: Int64, _ updated: Timestamp) -> String { "\"\(id)-\(updated.microseconds)\"" }

/// The entity tag of what has no time of its last change: a digest of what is shown.
func entityTag(of value: JSONValue) -> String { "\"\(digest(value.bytes))\"" }

private func digest(_ bytes: [UInt8]) -> String { Hex.encode(Digest.of(bytes).prefix(16)) }

/// A time later than an earlier one, so that two changes never have one tag.
func later(_ now: Timestamp, than earlier: Timestamp) -> Timestamp {
    now > earlier ? now : Timestamp(microseconds: earlier.microseconds &+ 1)
}

extension APICall {
    /// Shows a resource with its tag. What has no tag of its own gets one from what is shown, if this is a read.
    ///
    /// - Parameter isLive: more is shown than is stored, such as the state of an upstream. Then the tag has a second part
    ///   after a full stop, so that a reader sees every difference, and `requireMatch` looks at the first only: what changed
    ///   by itself does not keep anybody from changing a setting.
    func answer(
        _ value: JSONValue, etag: String? = nil, isLive: Bool = false, location: String? = nil
    ) -> HTTPResponse {
        var response = HTTPResponse.json(route.status, value)
        if case .bytes(let bytes) = response.body {
            if let etag {
                response.headers.append("ETag", isLive ? "\(etag.dropLast()).\(digest(bytes))\"" : etag)
            } else if route.method == .get {
                response.headers.append("ETag", "\"\(digest(bytes.dropLast()))\"")
            }
        }
        if let location { response.headers.append("Location", (context.publicAddress?.path ?? "") + location) }
        return response
    }

    /// Refuses a change to something that has changed since the client read it, or that the client wants to be new.
    ///
    /// - Parameter etag: the tag as `answer` was given it; nil for what does not exist.
    /// - Throws: `preconditionFailed`.
    func requireMatch(_ etag: @autoclosure () -> String?) throws {
        if let field = request.headers.bytes(of: "if-match"), !isNamed(etag(), in: field, .settings) {
            throw SaveError(.preconditionFailed, "it was changed since you read it")
        }
        if let field = request.headers.bytes(of: "if-none-match"), let etag = etag(), Preconditions.matches(field, etag) {
            throw SaveError(.preconditionFailed, "it exists already")
        }
    }

    /// What a read gets that is to depend on the tag of the resource: the answer, or 304.
    ///
    /// - Throws: `preconditionFailed`.
    func conditional(_ response: HTTPResponse) throws -> HTTPResponse {
        guard response.status == 200, let etag = response.headers["ETag"] else { return response }
        if let field = request.headers.bytes(of: "if-match"), !isNamed(etag, in: field, .everything) {
            throw SaveError(.preconditionFailed, "it was changed since you read it")
        }
        guard let field = request.headers.bytes(of: "if-none-match"), Preconditions.matches(field, etag) else { return response }
        return HTTPResponse(status: 304, headers: ["ETag": etag])
    }

    private enum Part { case settings, everything }

    /// Whether `If-Match` names a tag, by the strong comparison (RFC 9110, 13.1.1); what does not exist is never named.
    private func isNamed(_ etag: String?, in field: ArraySlice<UInt8>, _ part: Part) -> Bool {
        guard let etag else { return false }
        return Preconditions.entityTags(in: field).contains { tag in
            if tag.elementsEqual("*".utf8) || tag.elementsEqual(etag.utf8) { return true }
            guard part == .settings, tag.last == UInt8(ascii: "\"") else { return false }
            let version = tag.prefix { $0 != UInt8(ascii: ".") }
            return version.count < tag.count && version.elementsEqual(etag.utf8.dropLast())
        }
    }
}

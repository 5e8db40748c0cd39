internal import CCurl
internal import SaveHTTP
internal import SavePlatform

/// A URL as curl reads it, so that what is checked is what is dialled.
final class TargetURL {
    /// curl's own parsed form; a transfer is given this and no text.
    let handle: OpaquePointer
    let origin: URLOrigin

    /// Reads an absolute URL.
    ///
    /// - Throws: `upstreamInvalid` for another scheme than http and https, for user and password in it, and for spaces,
    ///   control characters, backslashes and bytes over 0x7F.
    init(_ text: String) throws {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }), let handle = curl_url() else {
            throw Self.invalid("has a character that no URL has")
        }
        var scheme: String?, host: String?, port: UInt16?
        if curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER)) == CURLUE_OK {
            scheme = Self.part(CURLUPART_SCHEME, of: handle)
            host = Self.part(CURLUPART_HOST, of: handle)
            port = Self.part(CURLUPART_PORT, of: handle, UInt32(CURLU_DEFAULT_PORT)).flatMap { UInt16($0) }
        }
        guard let scheme, var host, let port, scheme == "http" || scheme == "https", !host.isEmpty else {
            curl_url_cleanup(handle)
            throw Self.invalid("is not an http or https URL without user and password")
        }
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = String(host.dropFirst().dropLast())
        }
        self.handle = handle
        origin = URLOrigin(scheme: scheme, host: host, port: port)
    }

    deinit { curl_url_cleanup(handle) }

    /// Credentials, allowed hosts and redirects were decided by our own reading of the URL, and curl dials what it reads itself.
    ///
    /// - Throws: `upstreamInvalid` where the two differ.
    func check(_ read: URLOrigin) throws {
        guard origin.scheme == read.scheme, origin.port == read.port, Self.isSameHost(origin.host, read.host) else {
            throw Self.invalid("names one server to some readers and another to others")
        }
    }

    /// curl writes addresses in their usual form: `127.1` is `127.0.0.1`.
    private static func isSameHost(_ left: String, _ right: String) -> Bool {
        if left.utf8.elementsEqual(right.utf8) { return true }
        guard let left = IPAddress(host: left) else { return false }
        return left == IPAddress(host: right)
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static func invalid(_ what: String) -> SaveError {
        SaveError(.upstreamInvalid, "the upstream's URL \(what): check remote_url")
    }
}

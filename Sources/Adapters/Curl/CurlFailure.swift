internal import CCurl
internal import SavePlatform

/// What curl said, for the log.
struct CurlFailure: Error, CustomStringConvertible {
    let code: UInt32
    let description: String

    init(_ code: CURLcode) {
        self.code = code.rawValue
        description = curl_easy_strerror(code).map { "curl \(code.rawValue): \(String(cString: $0))" } ?? "curl \(code.rawValue)"
    }
}

extension SaveError {
    /// The error of a transfer to `host` that curl ended.
    static func upstream(_ code: CURLcode, host: String) -> SaveError {
        let (kind, message): (SaveError.Code, String) =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: (.upstreamUnavailable, "has no address")
            case CURLE_COULDNT_CONNECT: (.upstreamUnavailable, "does not accept connections")
            case CURLE_OPERATION_TIMEDOUT: (.upstreamUnavailable, "does not answer in time")
            case CURLE_PARTIAL_FILE: (.upstreamUnavailable, "ended its answer too early")
            case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM:
                (.upstreamUnavailable, "broke the connection")
            case CURLE_PEER_FAILED_VERIFICATION: (.upstreamInvalid, "has a certificate that cannot be verified")
            case CURLE_SSL_CONNECT_ERROR: (.upstreamUnavailable, "does not agree on TLS")
            case CURLE_BAD_CONTENT_ENCODING: (.upstreamInvalid, "sent content in a broken coding")
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WRITE_ERROR,
                // The code for a line of a header that is longer than curl takes.
                CURLE_OUT_OF_MEMORY:
                (.upstreamInvalid, "answered with something that is not HTTP")
            default: (.upstreamUnavailable, "cannot be reached")
            }
        return SaveError(kind, "\(host) \(message)", details: ["host": host], underlying: CurlFailure(code))
    }
}

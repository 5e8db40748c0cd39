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

/// What is known of the proxy that a transfer went through.
struct ProxyLeg {
    /// `host:port`, without credentials.
    let name: String
    /// The status with which it answered CONNECT; 0 where it did not, or was not asked to.
    let connectStatus: Int
    /// Whether it was to make a connection to the target, and had not done so when the transfer ended.
    let isUnconnected: Bool
}

extension SaveError {
    /// The error of a transfer that ended before the target was reached, or on the proxy's word; nil where it is the target's.
    static func outboundProxy(_ code: CURLcode, _ leg: ProxyLeg, host: String) -> SaveError? {
        let failure = CurlFailure(code)
        func error(_ message: String) -> SaveError {
            SaveError(
                .upstreamUnavailable, "the outbound proxy \(leg.name) \(message)", details: ["host": host, "proxy": leg.name],
                underlying: failure)
        }
        let mend = "check outbound_proxy, or the proxy that the environment names"
        if leg.connectStatus >= 300 { return error(refusal(leg.connectStatus, host: host)) }
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY: return error("has no address: \(mend)")
        case CURLE_COULDNT_CONNECT: return error("does not accept connections: \(mend)")
        case CURLE_PROXY: return error("did not make a connection to \(host): \(mend)")
        case CURLE_OPERATION_TIMEDOUT where leg.isUnconnected:
            return error("did not connect to \(host) in time: ask again later, or \(mend)")
        case CURLE_SSL_CONNECT_ERROR where leg.isUnconnected, CURLE_PEER_FAILED_VERIFICATION where leg.isUnconnected:
            return error("does not agree on TLS, or has a certificate that cannot be verified: \(mend)")
        default: return leg.isUnconnected ? error("broke the connection before it reached \(host): \(mend)") : nil
        }
    }

    /// What a proxy says by the status that is its own answer.
    static func refusal(_ status: Int, host: String) -> String {
        status == 407
            ? "asks for credentials (407): write them into outbound_proxy, as http://user:password@host:port"
            : "refuses to connect to \(host) (\(status)): let it through there, or, where the environment names the proxy, list the host in no_proxy"
    }

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
            case CURLE_PEER_FAILED_VERIFICATION:
                (.upstreamInvalid, "has a certificate that cannot be verified, unless ca_file names its issuer")
            case CURLE_SSL_CONNECT_ERROR: (.upstreamUnavailable, "does not agree on TLS")
            case CURLE_BAD_CONTENT_ENCODING: (.upstreamInvalid, "sent content in a broken coding")
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WRITE_ERROR,
                // The code for a line of a header that is longer than curl takes.
                CURLE_OUT_OF_MEMORY:
                (.upstreamInvalid, "answered with something that is not HTTP")
            default: (.upstreamUnavailable, "cannot be reached")
            }
        let mend =
            kind == .upstreamUnavailable ? "ask again later, or check remote_url" : "check remote_url, and what is in front of it"
        return SaveError(kind, "\(host) \(message): \(mend)", details: ["host": host], underlying: CurlFailure(code))
    }
}

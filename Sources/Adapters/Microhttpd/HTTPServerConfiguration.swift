internal import FoundationEssentials
package import SaveHTTP
package import SavePlatform

/// Where the server listens, and what it lets a client do before it cuts the connection.
package struct HTTPServerConfiguration: Sendable {
    /// Files with a certificate chain and its private key, both PEM.
    package struct TLS: Sendable {
        package var certificate: String
        package var key: String
        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// A numeric address, or a name that resolves to one.
    package var host = "127.0.0.1"
    /// 0 takes any free port.
    package var port: UInt16 = 0
    /// Threads that read requests and write answers.
    package var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Open connections altogether; a client above it is answered 503.
    package var maxConnections = 8192
    /// Open connections from one IPv4 address or IPv6 /64 network.
    package var maxConnectionsPerAddress = 1024
    /// Connections that have been answered and are read until the client has seen it.
    package var maxLingering = 512
    /// Bytes of the request line and all header fields; 431 above it.
    package var maxHeaderBytes = 12 << 10
    /// Bytes of the request target; 414 above it.
    package var maxTargetBytes = 8 << 10
    /// Bytes of any request body; 413 above it.
    package var maxBodySize: Int64?
    /// From the connection, or from a later request's first line, to the end of the header section.
    package var headerTimeout: Duration = .seconds(15)
    /// How long a connection may wait for its next request.
    package var idleTimeout: Duration = .seconds(65)
    /// Bytes a second that a client must send of a body, averaged over `bodyRateWindow` of waiting for it.
    package var minimumBodyRate = 1024
    package var bodyRateWindow: Duration = .seconds(30)
    /// How long an answer may wait for a client that takes none of it.
    package var writeStallTimeout: Duration = .seconds(30)
    /// Bytes of a refused request's body that are read and dropped so that the client sees the answer.
    package var maxDiscardedBytes: Int64 = 64 << 20
    /// The proxies that are believed about the address of the client and whether it came over TLS.
    package var trustedProxies = TrustedProxies()
    /// Serves TLS, and nothing but TLS.
    package var tls: TLS?
    /// Called after every request, on the server's own threads: it must be quick.
    package var onFinished: (@Sendable (RequestSummary) -> Void)?

    package init() {}

    /// Makes sure that a server could start with this, without starting one. Blocks.
    ///
    /// - Throws: `invalidConfiguration`, as `HTTPServer.init` and `start` do; the details name the field.
    package func check() throws {
        try validate()
        try tls?.check()
        try ListeningSocket.resolve(host, port) { _ in }
    }

    /// Throws `invalidConfiguration` for values that cannot work.
    func validate() throws {
        func require(_ condition: Bool, _ field: String, _ rule: String) throws {
            if !condition { throw SaveError(.invalidConfiguration, "\(field) \(rule)", details: ["field": field]) }
        }
        try require(!host.isEmpty, "host", "must not be empty")
        try require((1...1024).contains(threads), "threads", "must be between 1 and 1024")
        try require((1...1_000_000).contains(maxConnections), "maxConnections", "must be between 1 and 1,000,000")
        try require(maxConnectionsPerAddress >= 1, "maxConnectionsPerAddress", "must be at least 1")
        try require((1024...1 << 20).contains(maxHeaderBytes), "maxHeaderBytes", "must be between 1 KiB and 1 MiB")
        try require((64...maxHeaderBytes).contains(maxTargetBytes), "maxTargetBytes", "must be between 64 and maxHeaderBytes")
        try require(maxBodySize.map { $0 >= 0 } ?? true, "maxBodySize", "must not be negative")
        try require(minimumBodyRate >= 0, "minimumBodyRate", "must not be negative")
        try require(maxDiscardedBytes >= 0, "maxDiscardedBytes", "must not be negative")
        for (field, value) in [
            ("headerTimeout", headerTimeout), ("idleTimeout", idleTimeout), ("bodyRateWindow", bodyRateWindow),
            ("writeStallTimeout", writeStallTimeout),
        ] {
            try require((.milliseconds(20) ... .seconds(86_400)).contains(value), field, "must be between 20 ms and one day")
        }
    }
}

/// What became of one request, for the access log and the metrics.
package struct RequestSummary: Sendable {
    package let id: RequestID
    /// Where the request came from: the address at the other end, or the one that a trusted proxy was asked from.
    package let client: ClientAddress
    package let method: HTTPMethod
    /// The path and query as they came.
    package let target: [UInt8]
    package let userAgent: ArraySlice<UInt8>?
    /// 0 where the connection ended before there was an answer.
    package let status: Int
    /// Bytes of the answer's body; where it was cut, what had been handed over at most.
    package let bytesSent: Int64
    package let bytesReceived: Int64
    /// From the request line to the end of the answer.
    package let microseconds: Int64
    /// False where the client left or the answer was cut.
    package let isComplete: Bool
}

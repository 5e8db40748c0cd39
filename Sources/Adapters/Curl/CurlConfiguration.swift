extension CurlClient {
    /// How outgoing requests are made. The defaults are the server's.
    package struct Configuration: Sendable {
        /// What follows `Save/` in `User-Agent`.
        package var version = "dev"
        /// Host names, addresses and CIDR ranges that may be dialled although they are not public.
        package var outboundAllow: [String] = []
        /// `http://[user:password@]host:port` or https; empty for no proxy at all; nil to honour `http_proxy`,
        /// `https_proxy`, `all_proxy` and `no_proxy` of the environment, as curl does.
        package var proxy: String?
        /// Hosts, domains and CIDR ranges that `proxy` is not used for; `*` for all.
        package var noProxy: [String] = []
        /// Certificates in PEM that are trusted as well as the system's.
        package var caFile: String?

        /// For the name, the connection and TLS together.
        package var connectTimeout: Duration = .seconds(5)
        /// From the first request until the last redirect's headers are there.
        package var headerTimeout: Duration = .seconds(10)
        /// A body that brings less than `minimumRate` over this time is given up. Time in which the consumer does not read
        /// does not count.
        package var stallTimeout: Duration = .seconds(30)
        /// Bytes a second.
        package var minimumRate = 500

        /// Bytes of a body that wait for the consumer before the transfer is paused.
        package var bufferSize = 256 << 10
        /// Open connections, for files and for indexes each.
        package var maxConnections = 128
        package var maxConnectionsPerHost = 48
        package var maxRedirects = 5
        /// Bytes of one response's headers.
        package var maxHeaderSize = 256 << 10
        /// Fields of one response's headers.
        package var maxHeaderFields = 1000

        package init() {}
    }
}

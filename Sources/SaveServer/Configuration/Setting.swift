internal import SaveAPI
internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform
internal import SavePlugins
package import SavePostgres
internal import SaveS3

/// A key of the configuration: its name, what it means, and how its text is read.
package struct Setting: Sendable {
    package let key: String
    /// The default, as one would write it; empty for none.
    package let standard: String
    package let meaning: String
    /// Whether its text is an address that may have a name and a password in it.
    let mayHaveCredentials: Bool
    /// Whether its text is shown to nobody.
    let isSecret: Bool
    let apply: @Sendable (inout ServerConfiguration, String) throws(SettingError) -> Void

    init<Value>(
        _ key: String, _ path: any WritableKeyPath<ServerConfiguration, Value> & Sendable, _ standard: String,
        _ read: @escaping @Sendable (String) throws(SettingError) -> Value, _ meaning: String,
        mayHaveCredentials: Bool = false, isSecret: Bool = false
    ) {
        self.key = key
        self.standard = standard
        self.meaning = meaning
        self.mayHaveCredentials = mayHaveCredentials
        self.isSecret = isSecret
        apply = { configuration, text throws(SettingError) in configuration[keyPath: path] = try read(text) }
    }

    /// Reads a value into a configuration.
    ///
    /// - Throws: what is wrong with the text.
    package func apply(_ text: String, to configuration: inout ServerConfiguration) throws { try apply(&configuration, text) }

    /// Every key there is, in the order of the documentation.
    package static let all: [Setting] = [
        Setting("data", \.data, "data", SettingText.text, "Directory of the database, the files and the server's key."),
        Setting(
            "database", \.database, "sqlite", SettingText.database,
            "Where the records are: `sqlite` for a file in the data directory, or a URL such as `postgresql://save:password@db.example.com/save?sslmode=verify-full`, with several hosts between commas.",
            mayHaveCredentials: true),
        Setting(
            "host", \.host, "127.0.0.1", SettingText.text,
            "Address to listen on; `listen` and `--listen` set it together with the port."),
        Setting("port", \.port, "8080", SettingText.port, "Port to listen on; 0 picks a free one."),
        Setting(
            "threads", \.threads, "", SettingText.optional(SettingText.count),
            "Threads that serve connections; empty for one a core."),
        Setting(
            "public_url", \.publicURL, "", SettingText.optional(SettingText.address),
            "The address that clients use, such as `https://save.example.com` or `https://example.com/save`, for absolute links, `Location` and the REST API; empty to take scheme and host from each request."
        ),
        Setting(
            "trusted_proxies", \.trustedProxies, "", SettingText.networks,
            "Addresses and CIDR blocks of reverse proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `Forwarded` are believed."
        ),
        Setting(
            "cors_origins", \.corsOrigins, "", SettingText.origins,
            "Sites whose scripts may read repositories without credentials: schemes and hosts such as `https://app.example.com`, or `*` for all; empty for none."
        ),
        Setting(
            "log_level", \.logLevel, "info", SettingText.level, "Least level that is logged: debug, info, notice, warning, error."
        ),
        Setting(
            "log_format", \.logFormat, "auto", SettingText.logFormat,
            "How lines on standard error look: `text` for people, `json` for programs, `auto` for text on a terminal and JSON elsewhere."
        ),
        Setting(
            "access_log", \.accessLog, "stderr", SettingText.text, "Where a line for each request goes: stderr, off, or a file."),
        Setting(
            "access_log_max_size", \.accessLogMaxSize, "", SettingText.optional(SettingText.size),
            "Size at which that file is moved to one with `.1` behind its name, and a new file begins; empty to let it grow."),
        Setting(
            "access_log_keep", \.accessLogKeep, "5", SettingText.count,
            "How many files that were moved are kept: `.1` is the youngest."),
        Setting(
            "tls_certificate", \.tlsCertificate, "", SettingText.optional(SettingText.text),
            "PEM file with the certificate chain; with `tls_key` it turns TLS on."),
        Setting("tls_key", \.tlsKey, "", SettingText.optional(SettingText.text), "PEM file with the private key."),
        Setting(
            "max_file_size", \.maxFileSize, "", SettingText.optional(SettingText.size),
            "Largest file that any repository takes; empty for no limit of the server's."),
        Setting(
            "upload_session_lifetime", \.uploadSessionLifetime, "3600", SettingText.seconds,
            "Seconds after its last request at which an upload in several requests is forgotten."),
        Setting(
            "max_upload_sessions", \.maxUploadSessions, "512", SettingText.count,
            "Uploads in several requests that may be unfinished at a time."),
        Setting(
            "max_upload_sessions_per_account", \.maxUploadSessionsPerAccount, "64", SettingText.count,
            "How many of them one account may have."),
        Setting(
            "disk_reserve", \.diskReserve, "256m", SettingText.size,
            "Free space below which uploads are refused with 507 and proxies keep nothing."),
        Setting(
            "blobs", \.blobs, "files", SettingText.blobs,
            "Where stored files are kept: `files` for the data directory, or `s3://bucket` or `s3://bucket/prefix` for an object store; then the data directory has copies of them only."
        ),
        Setting(
            "blob_cache_size", \.blobCacheSize, "10g", SettingText.size,
            "Copies of files from an object store that are kept in the data directory; 0 for none."),
        Setting(
            "s3_endpoint", \.s3Endpoint, "", SettingText.optional(SettingText.origin),
            "The address of the object store, such as `https://s3.example.com`, without the bucket."),
        Setting(
            "s3_region", \.s3Region, "us-east-1", SettingText.word, "The region that requests to the object store are signed for."
        ),
        Setting(
            "s3_access_key", \.s3AccessKey, "", SettingText.optional(SettingText.word),
            "The name of the account at the object store.", isSecret: true),
        Setting(
            "s3_access_key_file", \.s3AccessKeyFile, "", SettingText.optional(SettingText.text),
            "File with that name, in place of `s3_access_key`."),
        Setting(
            "s3_secret_key", \.s3SecretKey, "", SettingText.optional(SettingText.word),
            "The account's secret. It is shown nowhere.", isSecret: true),
        Setting(
            "s3_secret_key_file", \.s3SecretKeyFile, "", SettingText.optional(SettingText.text),
            "File with that secret, in place of `s3_secret_key`."),
        Setting(
            "s3_path_style", \.s3PathStyle, "true", SettingText.flag,
            "Whether the bucket is the first part of the path, as most stores want it; with `false` it is the first part of the host's name."
        ),
        Setting("page_cache_size", \.pageCacheSize, "64m", SettingText.size, "Memory for rendered index pages."),
        Setting(
            "open_files", \.openFiles, "256", SettingText.count,
            "Descriptors of files that are kept open because they are asked for often: two for a file at most."),
        Setting("max_connections", \.maxConnections, "4096", SettingText.count, "Connections in all."),
        Setting(
            "max_connections_per_address", \.maxConnectionsPerAddress, "1024", SettingText.count, "Connections from one address."),
        Setting(
            "header_timeout", \.headerTimeout, "15", SettingText.seconds, "Seconds in which a request's head must have arrived."),
        Setting("idle_timeout", \.idleTimeout, "65", SettingText.seconds, "Seconds an idle connection is kept."),
        Setting(
            "min_body_rate", \.minimumBodyRate, "1024", SettingText.size,
            "Bytes a second, over half a minute, below which an upload is cut; 0 for no minimum."),
        Setting(
            "write_timeout", \.writeTimeout, "30", SettingText.seconds, "Seconds without progress after which a download is cut."),
        Setting(
            "drain_delay", \.drainDelay, "5", SettingText.seconds,
            "Seconds after SIGTERM in which `/health` says 503 and requests are still taken, so that load balancers send new ones elsewhere."
        ),
        Setting(
            "drain_timeout", \.drainTimeout, "30", SettingText.seconds, "Seconds that running requests get after that."),
        Setting(
            "max_key_lifetime", \.maxKeyLifetime, "", SettingText.optional(SettingText.seconds),
            "Seconds that a new API key may last at most; empty for keys that need no end."),
        Setting(
            "gc_grace", \.gcGrace, "86400", SettingText.grace,
            "Age in seconds, at least 60, at which a blob that nothing refers to may be removed."),
        Setting(
            "scrub_rate", \.scrubRate, "1m", SettingText.size,
            "Bytes a second at which stored files are read in the background and compared with their digests; 0 for never."),
        Setting(
            "audit_anchor_file", \.auditAnchorFile, "", SettingText.optional(SettingText.text),
            "File that the last number and hash of the audit trail are added to; empty for `audit-anchors` in the data directory, off for none."
        ),
        Setting(
            "audit_anchor_syslog", \.auditAnchorSyslog, "", SettingText.optional(SettingText.text),
            "Socket of the syslog that they go to as well, such as /dev/log."),
        Setting(
            "audit_anchor_interval", \.auditAnchorInterval, "60", SettingText.seconds,
            "Seconds after which a trail that has grown is anchored; sooner after 1000 records."),
        Setting(
            "audit_retention_days", \.auditRetentionDays, "", SettingText.optional(SettingText.count),
            "Days after which audit records are removed; empty to keep all."),
        Setting(
            "advisory_service", \.advisoryService, "public", SettingText.advisoryService,
            "Which callers may ask about advisories by the OSV protocol, below `/api/v1/osv`: `public` for all, `signed-in`, or `off` for none."
        ),
        Setting(
            "advisory_sources", \.advisorySources, "", SettingText.advisorySources,
            "URLs of advisories in the OSV schema that are fetched again and again, such as the `all.zip` of an ecosystem on a mirror; `name:password@` may stand before the host.",
            mayHaveCredentials: true),
        Setting(
            "advisory_interval", \.advisoryInterval, "21600", SettingText.interval,
            "Seconds between two looks at them, at least 60."),
        Setting(
            "outbound_allow", \.outboundAllow, "", SettingText.list,
            "Hosts and CIDR blocks that may be asked although they are private, loopback or otherwise refused."),
        Setting(
            "outbound_proxy", \.outboundProxy, "", SettingText.optional(SettingText.text),
            "HTTP proxy for requests to upstreams; empty to follow http_proxy, https_proxy and no_proxy.",
            mayHaveCredentials: true),
        Setting(
            "outbound_ca_file", \.outboundCAFile, "", SettingText.optional(SettingText.text),
            "PEM file with the authorities that upstreams are verified with; empty for the system's."),
        Setting(
            "upstream_connect_timeout", \.upstreamConnectTimeout, "5", SettingText.seconds, "Seconds to connect to an upstream."),
        Setting(
            "upstream_header_timeout", \.upstreamHeaderTimeout, "10", SettingText.seconds,
            "Seconds until an upstream has begun to answer."),
        Setting(
            "upstream_stall_timeout", \.upstreamStallTimeout, "30", SettingText.seconds,
            "Seconds without a byte after which an upstream's transfer is given up."),
        Setting(
            "plugins", \.plugins, "", SettingText.plugins,
            "Shared objects with formats to load at start, by absolute path; `#sha256=<hex>` behind one pins its bytes."),
        Setting(
            "plugin_deadline", \.pluginDeadline, "10", SettingText.count,
            "Seconds that a call of a format may take that was loaded; then the request is answered 504."),
    ]

    /// The key most like a misspelled one.
    static func nearest(to key: String) -> String { EditDistance.nearest(to: key, in: all.map(\.key) + ["listen"]) ?? "data" }
}

/// Why a value cannot be read, as the end of the sentence "`key` …".
struct SettingError: Error {
    let complaint: String
    init(_ complaint: String) { self.complaint = complaint }
}

internal import SaveAPI
internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform
internal import SavePlugins
package import SavePostgres

/// A key of the configuration: its name, what it means, and how its text is read.
package struct Setting: Sendable {
    package let key: String
    /// The default, as one would write it; empty for none.
    package let standard: String
    package let meaning: String
    /// Whether its text is an address that may have a name and a password in it.
    let mayHaveCredentials: Bool
    let apply: @Sendable (inout ServerConfiguration, String) throws(SettingError) -> Void

    init<Value>(
        _ key: String, _ path: any WritableKeyPath<ServerConfiguration, Value> & Sendable, _ standard: String,
        _ read: @escaping @Sendable (String) throws(SettingError) -> Value, _ meaning: String,
        mayHaveCredentials: Bool = false
    ) {
        self.key = key
        self.standard = standard
        self.meaning = meaning
        self.mayHaveCredentials = mayHaveCredentials
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
        Setting("page_cache_size", \.pageCacheSize, "64m", SettingText.size, "Memory for rendered index pages."),
        Setting(
            "open_files", \.openFiles, "256", SettingText.count, "Files that are kept open because they are asked for often."),
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

/// The forms that values have.
enum SettingText {
    static func text(_ text: String) throws(SettingError) -> String {
        guard !text.isEmpty else { throw SettingError("must not be empty") }
        return text
    }

    /// A database in the data directory, or where another one is. The complaint does not repeat the text: it may have a password.
    static func database(_ text: String) throws(SettingError) -> PostgresAddress? {
        if text == "sqlite" { return nil }
        do { return try PostgresAddress(text) } catch {
            throw SettingError(
                "must be sqlite, or a URL such as postgresql://save:password@db.example.com/save, in which a / or @ of the password is written %2F or %40"
            )
        }
    }

    /// A server's address: scheme and host, a port and a path where it has them.
    static func address(_ text: String) throws(SettingError) -> String {
        guard let address = PublicAddress(text) else {
            throw SettingError("must be an address such as https://save.example.com or https://example.com/save")
        }
        return address.text
    }

    /// Origins, or `*` for all of them.
    static func origins(_ text: String) throws(SettingError) -> [String] {
        let entries = try list(text)
        for entry in entries where entry != "*" {
            do {
                _ = try origin(entry)
            } catch {
                throw SettingError(
                    "must be addresses such as https://app.example.com, without paths, or *; '\(entry)' is neither")
            }
        }
        return entries
    }

    /// An address without a path: scheme and host, and a port where it has one.
    static func origin(_ text: String) throws(SettingError) -> String {
        guard let address = PublicAddress(text), address.path.isEmpty else {
            throw SettingError("must be an address such as https://save.example.com, without a path")
        }
        return address.text
    }

    /// An empty text is no value.
    static func optional<Value>(
        _ read: @escaping @Sendable (String) throws(SettingError) -> Value
    ) -> @Sendable (String) throws(SettingError) -> Value? {
        { text throws(SettingError) in text.isEmpty ? nil : try read(text) }
    }

    static func port(_ text: String) throws(SettingError) -> UInt16 {
        guard let port = UInt16(text) else { throw SettingError("must be a port, 0 to 65535") }
        return port
    }

    static func count(_ text: String) throws(SettingError) -> Int {
        guard let count = Int(text), (1...1_000_000).contains(count) else {
            throw SettingError("must be a whole number from 1 to 1000000")
        }
        return count
    }

    static func seconds(_ text: String) throws(SettingError) -> Int64 {
        guard let seconds = Int64(text), (0...31_536_000).contains(seconds) else {
            throw SettingError("must be a number of seconds from 0 to 31536000")
        }
        return seconds
    }

    /// Seconds that a clock which is set may be wrong by, at least: ages are told by it.
    static func grace(_ text: String) throws(SettingError) -> Int64 {
        let seconds = try seconds(text)
        guard seconds >= 60 else { throw SettingError("must be at least 60 seconds; a day, 86400, is the default") }
        return seconds
    }

    /// Seconds between two of something that asks others.
    static func interval(_ text: String) throws(SettingError) -> Int64 {
        let seconds = try seconds(text)
        guard seconds >= 60 else { throw SettingError("must be at least 60 seconds") }
        return seconds
    }

    /// Bytes, with k, m, g or t for powers of 1024.
    static func size(_ text: String) throws(SettingError) -> Int64 {
        let units: [Unicode.Scalar: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
        let last = text.unicodeScalars.last.map { Unicode.Scalar($0.value | 32) ?? $0 }
        let unit = last.flatMap { units[$0] }
        let digits = unit == nil ? text : String(text.unicodeScalars.dropLast())
        guard let number = Int64(digits), number >= 0 else {
            throw SettingError("must be a size in bytes, such as 1048576, 512k, 64m or 2g")
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflow else { throw SettingError("is too large") }
        return bytes
    }

    static func level(_ text: String) throws(SettingError) -> String {
        guard Log.Level(name: text) != nil else { throw SettingError("must be debug, info, notice, warning or error") }
        return text
    }

    static func logFormat(_ text: String) throws(SettingError) -> String {
        guard ["auto", "text", "json"].contains(text) else { throw SettingError("must be auto, text or json") }
        return text
    }

    static func advisoryService(_ text: String) throws(SettingError) -> String {
        guard AdvisoryService(rawValue: text) != nil else { throw SettingError("must be public, signed-in or off") }
        return text
    }

    /// URLs of advisories. Each is named without its credentials where it is wrong.
    static func advisorySources(_ text: String) throws(SettingError) -> [AdvisorySource] {
        var sources: [AdvisorySource] = []
        var numbers: [Int] = []
        for (place, entry) in try list(text).enumerated() {
            guard let source = AdvisorySource(entry) else {
                throw SettingError("must be http or https URLs between commas, and number \(place + 1) is none")
            }
            guard !sources.contains(source) else { continue }
            if let other = sources.firstIndex(where: { $0.noteName == source.noteName }) {
                throw SettingError(
                    "has one URL twice with different credentials, as numbers \(numbers[other]) and \(place + 1): keep one of them"
                )
            }
            sources.append(source)
            numbers.append(place + 1)
        }
        return sources
    }

    /// A list of addresses and CIDR blocks.
    static func networks(_ text: String) throws(SettingError) -> [String] {
        let entries = try list(text)
        for entry in entries where TrustedProxies([entry]) == nil {
            throw SettingError("must be addresses or CIDR blocks, such as 10.0.0.5 or 10.0.0.0/8; '\(entry)' is neither")
        }
        return entries
    }

    /// Shared objects, by absolute path, pinned or not.
    static func plugins(_ text: String) throws(SettingError) -> [PluginSetting] {
        var plugins: [PluginSetting] = []
        for entry in try list(text) {
            guard let plugin = PluginSetting(entry) else {
                throw SettingError("has '\(entry)', which is no absolute path, with #sha256=<64 digits> behind it or nothing")
            }
            plugins.append(plugin)
        }
        return plugins
    }

    /// Values between commas; spaces around them do not count.
    static func list(_ text: String) throws(SettingError) -> [String] {
        text.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }.map { part in
            String(part.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}

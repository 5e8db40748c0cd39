package import SaveAdvisories
package import SavePlugins
package import SavePostgres

/// Everything an operator can set. Each property is one key of `Setting.all`, which has its documentation.
package struct ServerConfiguration: Sendable, Equatable {
    package var data = "data"
    /// nil for the one in the data directory.
    package var database: PostgresAddress?
    package var host = "127.0.0.1"
    package var port: UInt16 = 8080
    package var threads: Int?
    package var publicURL: String?
    package var trustedProxies: [String] = []
    package var corsOrigins: [String] = []
    package var logLevel = "info"
    package var logFormat = "auto"
    package var accessLog = "stderr"
    package var accessLogMaxSize: Int64?
    package var accessLogKeep = 5
    package var tlsCertificate: String?
    package var tlsKey: String?
    package var maxFileSize: Int64?
    package var uploadSessionLifetime: Int64 = 3600
    package var maxUploadSessions = 512
    package var maxUploadSessionsPerAccount = 64
    package var diskReserve: Int64 = 256 << 20
    package var pageCacheSize: Int64 = 64 << 20
    package var openFiles = 256
    package var maxConnections = 4096
    package var maxConnectionsPerAddress = 1024
    /// Connections to upstreams in all. No key of the configuration: what descriptors allow.
    package var upstreamConnections = 128
    /// Connections to an object store for downloads, and as many for all else.
    var bucketConnections: Int { min(64, upstreamConnections) }
    package var headerTimeout: Int64 = 15
    package var idleTimeout: Int64 = 65
    package var minimumBodyRate: Int64 = 1024
    package var writeTimeout: Int64 = 30
    package var drainDelay: Int64 = 5
    package var drainTimeout: Int64 = 30
    package var maxKeyLifetime: Int64?
    package var gcGrace: Int64 = 86_400
    package var scrubRate: Int64 = 1 << 20
    package var auditAnchorFile: String?
    package var auditAnchorSyslog: String?
    package var auditAnchorInterval: Int64 = 60
    package var auditRetentionDays: Int?
    package var advisoryService = "public"
    package var advisorySources: [AdvisorySource] = []
    package var advisoryInterval: Int64 = 21_600
    package var outboundAllow: [String] = []
    package var outboundProxy: String?
    package var outboundCAFile: String?
    package var upstreamConnectTimeout: Int64 = 5
    package var upstreamHeaderTimeout: Int64 = 10
    package var upstreamStallTimeout: Int64 = 30
    package var blobs: BlobAddress = .files
    package var blobCacheSize: Int64 = 10 << 30
    package var s3Endpoint: String?
    package var s3Region = "us-east-1"
    package var s3AccessKey: String?
    package var s3AccessKeyFile: String?
    package var s3SecretKey: String?
    package var s3SecretKeyFile: String?
    package var s3PathStyle = true
    package var plugins: [PluginSetting] = []
    package var pluginDeadline = 10

    package init() {}
}

internal import FoundationEssentials
internal import Glibc
internal import SaveAccess
internal import SaveAdvisories
internal import SaveAudit
internal import SaveHTTP
internal import SaveMicrohttpd
internal import SavePlatform
internal import SavePlugins
internal import SaveRepositories
internal import SaveServing
internal import SaveStorage
internal import SaveUI

/// A whole server, composed here and nowhere else.
///
/// What a request meets, in order: the HTTP server (framing, limits, deadlines), the gateway (the server's own paths),
/// the authenticator, then for a repository the data plane (repository, route, permission), the answers kept in memory,
/// the source (hosted, proxy, group), the stores.
struct Assembly: Sendable {
    let server: HTTPServer
    let services: EngineServices
    let health: Health
    let auditUpkeep: AuditMaintenance
    let keyUses: KeyUses
    let scrub: Scrub
    let jobs: Jobs
    let advisories: AdvisoryDatabase
    let feeds: AdvisoryFeeds
    let log: Log
    let accessLog: Log?
    let accessLogFile: LogFile?

    /// - Parameter settings: the configuration as it is shown to those who may see it.
    static func make(
        _ configuration: ServerConfiguration, stores: Stores, environment: [String: String],
        settings: [ServerInspection.Setting] = [], log: Log
    ) async throws -> Assembly {
        let base = try await ServerBase(configuration, stores, environment: environment, log)
        let engine = try base.engine()
        base.refreshPages(of: engine)
        let keyUses = KeyUses(store: stores.metadata, clock: base.clock, log: log)
        try await keyUses.load()
        let authenticator = base.authenticator(keyUses, engine.aggregator)
        let serving = base.serving(engine, authenticator)
        let upkeep = base.upkeep(engine)
        let feeds = base.feeds(engine, upkeep)
        let api = try base.api(engine, keyUses, upkeep, feeds)
        let health = try base.health(upkeep.scrub)
        let metrics = Metrics(formats: base.formats.descriptors)
        let report = MetricsReport(
            metrics: metrics, services: engine, serving: serving, auditUpkeep: upkeep.audit, authenticator: authenticator,
            scrub: upkeep.scrub, feeds: feeds, disk: stores.local, bucket: stores.bucket, started: base.clock.uptime())
        let gateway = base.gateway(
            serving.dataPlane, api, base.pages(engine, authenticator, api, health, settings: settings), health, authenticator
        ) { await report.text() }
        let (accessLog, accessLogFile) = try base.accessLog()
        let access = accessLog.map { AccessLog(log: $0, clock: base.clock) }
        var http = Self.httpConfiguration(configuration)
        http.onFinished = { request in
            metrics.note(request)
            access?.note(request)
        }
        return Assembly(
            server: try naming { try HTTPServer(configuration: http, responder: gateway, log: log) }, services: engine,
            health: health, auditUpkeep: upkeep.audit, keyUses: keyUses, scrub: upkeep.scrub, jobs: upkeep.jobs,
            advisories: base.advisories, feeds: feeds, log: log,
            accessLog: accessLog, accessLogFile: accessLogFile)
    }

    /// Makes sure that a server could start with a configuration, without starting one: loads all that it names, and changes
    /// nothing. Blocks.
    ///
    /// - Throws: `invalidConfiguration`, with the key.
    static func check(_ configuration: ServerConfiguration, environment: [String: String]) throws {
        try checkBeforeStart(configuration, environment: environment)
        _ = try FormatRegistry.complete(configuration)
        _ = try ServerBase.client(configuration)
        _ = try configuration.bucket()
        if FileManager.default.fileExists(atPath: configuration.data + "/server.key") {
            _ = try ServerKey.read(configuration.data + "/server.key")
        }
        var files = [(key: "audit_anchor_file", path: configuration.auditAnchorFile.flatMap { $0 == "off" ? nil : $0 })]
        files.append(("access_log", ["off", "stderr"].contains(configuration.accessLog) ? nil : configuration.accessLog))
        for (key, path) in files {
            guard let path, access(path, F_OK) == 0 ? access(path, W_OK) != 0 : access(folder(of: path), W_OK | X_OK) != 0 else {
                continue
            }
            throw SaveError(
                .invalidConfiguration, "'\(key)': \(path) cannot be written: \(String(cString: strerror(errno)))",
                details: ["key": key])
        }
    }

    /// The part of it that a start looks at before it makes anything, so that what is refused leaves no trace.
    static func checkBeforeStart(_ configuration: ServerConfiguration, environment: [String: String]) throws {
        try naming { try httpConfiguration(configuration).check() }
        try FirstStart.check(data: configuration.data, environment: environment)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    /// Errors of the HTTP server with the keys of the configuration in place of its own names.
    private static func naming<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as SaveError {
            let keys = [
                "maxConnections": "max_connections", "maxConnectionsPerAddress": "max_connections_per_address",
                "headerTimeout": "header_timeout", "idleTimeout": "idle_timeout", "minimumBodyRate": "min_body_rate",
                "writeStallTimeout": "write_timeout", "threads": "threads",
            ]
            guard let field = error.details["field"], let key = keys[field], error.message.hasPrefix(field) else { throw error }
            throw SaveError(error.code, "'\(key)'\(error.message.dropFirst(field.count))", details: ["key": key])
        }
    }

    private static func httpConfiguration(_ configuration: ServerConfiguration) -> HTTPServerConfiguration {
        var http = HTTPServerConfiguration()
        http.host = configuration.host
        http.port = configuration.port
        if let threads = configuration.threads { http.threads = threads }
        http.trustedProxies = TrustedProxies(configuration.trustedProxies) ?? TrustedProxies()
        http.maxConnections = configuration.maxConnections
        http.maxConnectionsPerAddress = configuration.maxConnectionsPerAddress
        http.maxLingering = min(http.maxLingering, max(16, configuration.maxConnections / 8))
        http.headerTimeout = .seconds(configuration.headerTimeout)
        http.idleTimeout = .seconds(configuration.idleTimeout)
        http.minimumBodyRate = Int(clamping: configuration.minimumBodyRate)
        http.writeStallTimeout = .seconds(configuration.writeTimeout)
        if let certificate = configuration.tlsCertificate, let key = configuration.tlsKey {
            http.tls = HTTPServerConfiguration.TLS(certificate: certificate, key: key)
        }
        return http
    }
}

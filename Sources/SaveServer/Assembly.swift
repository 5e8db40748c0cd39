internal import Foundation
internal import SaveAPI
internal import SaveAccess
internal import SaveAdvisories
internal import SaveArgon2
internal import SaveAudit
internal import SaveBlobs
internal import SaveCompression
internal import SaveCurl
internal import SaveDigest
internal import SaveHTTP
internal import SaveMicrohttpd
internal import SavePlatform
internal import SavePlugins
internal import SaveRepositories
internal import SaveServing
internal import SaveStorage

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
    let log: Log
    let accessLog: Log?
    let accessLogFile: LogFile?

    static func make(
        _ configuration: ServerConfiguration, stores: Stores, environment: [String: String], log: Log
    ) async throws -> Assembly {
        let clock = PlatformClock.system
        let registry = try FormatRegistry.complete(configuration, log: log)
        let key = try ServerKey.read(stores.directory.keyPath)
        let hasher = Argon2PasswordHasher()
        if let notice = try await FirstStart.prepare(
            store: stores.metadata, hasher: hasher, data: configuration.data, environment: environment, clock: clock)
        {
            log(.notice, notice)
        }
        let catalogue = Catalogue(store: stores.metadata, formats: registry)
        try await catalogue.reload()

        let services = EngineServices(
            store: stores.metadata, blobs: stores.blobs, client: try client(configuration), catalogue: catalogue, clock: clock,
            log: log,
            pool: stores.pool, processors: stores.processors, uploadSessions: sessionRules(configuration),
            furtherPolicies: AdministratorPolicies.rules(
                store: stores.metadata, formats: registry, advisories: NoAdvisories(), clock: clock, log: log),
            unseal: { sealed in unseal(sealed, key) })
        let keyUses = KeyUses(store: stores.metadata, clock: clock, log: log)
        try await keyUses.load()
        let authenticator = Authenticator(
            catalogue: catalogue, providers: [KeySignIn(serverKey: key, clock: clock), PasswordSignIn(hasher: hasher)],
            uses: keyUses, serverKey: key, clock: clock, trail: services.aggregator)
        var plane = servingConfiguration(configuration)
        plane.gunzip = Gunzip.plain
        plane.keys = IssuedKeys(
            catalogue: catalogue, store: stores.metadata, clock: clock, serverKey: key, longest: configuration.maxKeyLifetime)
        let parts = GzipMemory(limit: 8 << 20)
        let serving = Serving(
            services: services, authenticator: authenticator, configuration: plane,
            // Pages repeat themselves so much that higher levels take twice the time for a few percent.
            compression: PageCompression(
                whole: { Gzip.compress($0, level: 3, memory: parts) }, begin: { GzipStream(level: 3) }))
        let seal = AuditSeal(serverKey: key)
        let anchorFile = AnchorFile.configured(configuration, seal: seal, pool: stores.pool)
        let auditUpkeep = auditUpkeep(configuration, stores, seal, anchorFile, services.aggregator, clock, log)
        let maintenance = Maintenance(metadata: stores.metadata, blobs: stores.blobs, clock: clock, log: log)
        let scrub = Scrub(
            metadata: stores.metadata, blobs: stores.blobs, rate: configuration.scrubRate, clock: clock, log: log
        ) { asset in
            services.counters.invalidate(asset.repository, package: asset.record.package, paths: [asset.record.path])
        }
        let jobs = Jobs(clock: clock)
        let api = RESTAPI(
            context: APIContext(
                store: stores.metadata, formats: registry, hasher: hasher, keyUses: keyUses,
                operations: EngineOperations(services: services, maintenance: maintenance, gcGrace: configuration.gcGrace),
                clock: clock, serverKey: key, log: log, aggregator: services.aggregator, version: Version.current,
                publicAddress: plane.publicAddress,
                maxKeyLifetime: configuration.maxKeyLifetime,
                outbound: try AddressGuard(allow: configuration.outboundAllow),
                verifier: AuditVerifier(store: stores.metadata, seal: seal) { try await anchorFile?.lines() }, jobs: jobs,
                maintenance: maintenance),
            catalogue: catalogue)
        let storage = try StorageProbe(lock: configuration.data + "/" + DirectoryLock.name)
        let health = Health(
            store: stores.metadata, blobs: stores.blobs, storage: storage, version: Version.current, log: log,
            damaged: { scrub.report.damaged })
        let metrics = Metrics(formats: registry.descriptors)
        let report = MetricsReport(
            metrics: metrics, services: services, serving: serving, auditUpkeep: auditUpkeep, authenticator: authenticator,
            scrub: scrub, blobs: stores.blobs, started: clock.uptime())
        let gateway = Gateway(
            dataPlane: serving.dataPlane, api: api,
            paths: ServerPath.all(api: api, health: health, metrics: { await report.text() }), formats: registry,
            authenticator: authenticator,
            crossSite: CrossSiteGuard(externalOrigin: plane.publicAddress?.origin),
            crossOrigin: CrossOriginReads(origins: configuration.corsOrigins), checkWritable: health.checkWritable, log: log)

        let (accessLog, accessLogFile) = try openAccessLog(configuration, clock, beside: log)
        let access = accessLog.map { AccessLog(log: $0, clock: clock) }
        var http = httpConfiguration(configuration)
        http.onFinished = { request in
            metrics.note(request)
            access?.note(request)
        }
        return Assembly(
            server: try naming { try HTTPServer(configuration: http, responder: gateway, log: log) }, services: services,
            health: health, auditUpkeep: auditUpkeep, keyUses: keyUses, scrub: scrub, jobs: jobs, log: log,
            accessLog: accessLog, accessLogFile: accessLogFile)
    }

    /// Makes sure that a server could start with a configuration, without starting one: loads all that it names, and changes
    /// nothing. Blocks.
    ///
    /// - Throws: `invalidConfiguration`, with the key.
    static func check(_ configuration: ServerConfiguration, environment: [String: String]) throws {
        try checkBeforeStart(configuration, environment: environment)
        _ = try FormatRegistry.complete(configuration)
        _ = try client(configuration)
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

    private static func auditUpkeep(
        _ configuration: ServerConfiguration, _ stores: Stores, _ seal: AuditSeal, _ file: AnchorFile?,
        _ aggregator: AuditAggregator, _ clock: PlatformClock, _ log: Log
    ) -> AuditMaintenance {
        var rules = AuditMaintenance.Rules()
        rules.anchorInterval = configuration.auditAnchorInterval
        rules.retentionDays = configuration.auditRetentionDays.map(Int64.init)
        let syslog = configuration.auditAnchorSyslog.map { SyslogAnchors(path: $0, seal: seal) }
        let places = [file as (any AuditAnchoring)?, syslog].compactMap(\.self)
        return AuditMaintenance(
            store: stores.metadata, seal: seal, places: places, rules: rules, aggregator: aggregator, clock: clock, log: log)
    }

    private static func sessionRules(_ configuration: ServerConfiguration) -> UploadSessions.Rules {
        var rules = UploadSessions.Rules()
        rules.lifetime = configuration.uploadSessionLifetime
        rules.total = configuration.maxUploadSessions
        rules.perPrincipal = configuration.maxUploadSessionsPerAccount
        return rules
    }

    private static func unseal(_ sealed: String, _ key: [UInt8]) -> String? {
        guard let bytes = Hex.decode(sealed), let opened = try? Secrets.open(bytes, key: key) else { return nil }
        return String(validating: opened, as: UTF8.self)
    }

    private static func client(_ configuration: ServerConfiguration) throws -> CurlClient {
        var client = CurlClient.Configuration()
        client.outboundAllow = configuration.outboundAllow
        client.proxy = configuration.outboundProxy
        client.caFile = configuration.outboundCAFile
        if let path = configuration.outboundCAFile {
            // Else every request to an upstream fails, each with words of the TLS library.
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            guard text.contains("-----BEGIN CERTIFICATE-----") || text.contains("-----BEGIN TRUSTED CERTIFICATE-----") else {
                throw SaveError(
                    .invalidConfiguration, "'outbound_ca_file': \(path) has no certificate in PEM form",
                    details: ["key": "outbound_ca_file"])
            }
        }
        client.connectTimeout = .seconds(configuration.upstreamConnectTimeout)
        client.headerTimeout = .seconds(configuration.upstreamHeaderTimeout)
        client.stallTimeout = .seconds(configuration.upstreamStallTimeout)
        client.version = Version.current
        client.maxConnections = configuration.upstreamConnections
        return try CurlClient(client)
    }

    private static func servingConfiguration(_ configuration: ServerConfiguration) -> Serving.Configuration {
        var plane = Serving.Configuration()
        plane.pageCacheSize = Int(clamping: configuration.pageCacheSize)
        plane.openFiles = configuration.openFiles
        plane.maxFileSize = configuration.maxFileSize
        plane.publicAddress = configuration.publicURL.flatMap(PublicAddress.init)
        return plane
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

    private static func openAccessLog(
        _ configuration: ServerConfiguration, _ clock: PlatformClock, beside log: Log
    ) throws -> (log: Log?, file: LogFile?) {
        switch configuration.accessLog {
        case "off": return (nil, nil)
        case "stderr": return (.standardError(format: log.format), nil)
        case let path:
            do {
                let file = try LogFile(
                    path, rotation: configuration.accessLogMaxSize.map { .init(size: $0, kept: configuration.accessLogKeep) })
                return (Log(clock: clock) { file.write($0) }, file)
            } catch let error as SaveError {
                throw SaveError(.invalidConfiguration, "'access_log': \(error.message)", details: ["key": "access_log"])
            }
        }
    }
}

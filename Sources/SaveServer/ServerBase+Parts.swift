internal import SaveAPI
internal import SaveAccess
internal import SaveAdvisories
internal import SaveAudit
internal import SaveBlobs
internal import SaveCompression
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveS3
internal import SaveSQLMetadata
internal import SaveServing
internal import SaveStorage
internal import SaveUI

/// The parts around the repositories, one function each.
extension ServerBase {
    var publicAddress: PublicAddress? { configuration.publicURL.flatMap(PublicAddress.init) }

    func authenticator(_ keyUses: KeyUses, _ trail: AuditAggregator) -> Authenticator {
        Authenticator(
            catalogue: catalogue,
            providers: [tokens, KeySignIn(serverKey: key, clock: clock), PasswordSignIn(hasher: hasher)],
            uses: keyUses, serverKey: key, clock: clock, trail: trail)
    }

    private var tokens: AccessTokens { AccessTokens(serverKey: key, clock: clock) }

    /// What answers package managers.
    func serving(_ engine: EngineServices, _ authenticator: Authenticator) -> Serving {
        var plane = Serving.Configuration()
        plane.pageCacheSize = Int(clamping: configuration.pageCacheSize)
        plane.openFiles = configuration.openFiles
        plane.maxFileSize = configuration.maxFileSize
        plane.publicAddress = publicAddress
        plane.gunzip = Gunzip.plain
        plane.advisories = advisories
        plane.keys = IssuedKeys(
            catalogue: catalogue, store: stores.metadata, clock: clock, serverKey: key, longest: configuration.maxKeyLifetime)
        plane.tokens = tokens
        let parts = GzipMemory(limit: 8 << 20)
        return Serving(
            services: engine, authenticator: authenticator, configuration: plane,
            // Pages repeat themselves so much that higher levels take twice the time for a few percent.
            compression: PageCompression(
                whole: { Gzip.compress($0, level: 3, memory: parts) }, begin: { GzipStream(level: 3) }))
    }

    /// What a server does to its data beside answering.
    struct Upkeep: Sendable {
        let audit: AuditMaintenance
        let verifier: AuditVerifier
        let blobs: Maintenance
        let scrub: Scrub
        let jobs: Jobs
    }

    func upkeep(_ engine: EngineServices) -> Upkeep {
        let seal = AuditSeal(serverKey: key)
        let anchorFile = AnchorFile.configured(configuration, seal: seal, pool: stores.pool)
        let counters = engine.storage.counters
        return Upkeep(
            audit: auditMaintenance(seal, anchorFile, engine.aggregator),
            verifier: AuditVerifier(store: stores.metadata, seal: seal) { try await anchorFile?.lines() },
            blobs: Maintenance(metadata: stores.metadata, blobs: stores.originals, clock: clock, log: log),
            scrub: Scrub(
                metadata: stores.metadata, blobs: stores.originals, rate: configuration.scrubRate, clock: clock, log: log
            ) { asset in
                counters.invalidate(asset.repository, package: asset.record.package, paths: [asset.record.path])
            },
            jobs: Jobs(clock: clock))
    }

    private func auditMaintenance(_ seal: AuditSeal, _ file: AnchorFile?, _ aggregator: AuditAggregator) -> AuditMaintenance {
        var rules = AuditMaintenance.Rules()
        rules.anchorInterval = configuration.auditAnchorInterval
        rules.retentionDays = configuration.auditRetentionDays.map(Int64.init)
        let syslog = configuration.auditAnchorSyslog.map { SyslogAnchors(path: $0, seal: seal) }
        let places = [file as (any AuditAnchoring)?, syslog].compactMap(\.self)
        return AuditMaintenance(
            store: stores.metadata, seal: seal, places: places, rules: rules, aggregator: aggregator, clock: clock, log: log)
    }

    /// What fetches advisories.
    func feeds(_ engine: EngineServices, _ upkeep: Upkeep) -> AdvisoryFeeds {
        let (store, clock): (any MetadataStore, PlatformClock) = (stores.metadata, clock)
        return AdvisoryFeeds(
            configuration.advisorySources, into: advisories, client: engine.upstreams.client, jobs: upkeep.jobs,
            interval: configuration.advisoryInterval, log: log
        ) { source, report in
            var details = report.counts
            details["source"] = .string(source.name)
            let event = AuditEvent("advisories.import", "advisories", "advisories", details: details)
            try await store.write { try $0.record(event, .system, at: clock.now()) }
        }
    }

    func api(_ engine: EngineServices, _ keyUses: KeyUses, _ upkeep: Upkeep, _ feeds: AdvisoryFeeds) throws -> RESTAPI {
        RESTAPI(
            context: APIContext(
                store: stores.metadata, formats: formats, hasher: hasher, keyUses: keyUses,
                operations: engine.administration, clock: clock, serverKey: key, log: log, aggregator: engine.aggregator,
                version: Version.current, publicAddress: publicAddress, maxKeyLifetime: configuration.maxKeyLifetime,
                outbound: try AddressGuard(allow: configuration.outboundAllow), verifier: upkeep.verifier, jobs: upkeep.jobs,
                maintenance: upkeep.blobs, advisories: advisories, feeds: feeds,
                advisoryService: AdvisoryService(rawValue: configuration.advisoryService) ?? .off, gcGrace: configuration.gcGrace),
            catalogue: catalogue)
    }

    /// Pages for browsers.
    ///
    /// - Parameter settings: the configuration as it is shown to those who may see it.
    func pages(
        _ engine: EngineServices, _ authenticator: Authenticator, _ api: RESTAPI, _ health: Health,
        settings: [ServerInspection.Setting]
    ) -> UserInterface {
        UserInterface(
            UIContext(
                store: stores.metadata, catalogue: catalogue, authenticator: authenticator,
                noteSignIn: { engine.aggregator.noteSignIn(of: $0, $1) }, askAPI: api.askedByPages,
                openAPI: api.openedByPages,
                inspection: ServerInspection(failingPart: { await health.failingPart() }, settings: settings),
                administration: engine.administration, processors: engine.storage.processors,
                noteDownload: { engine.aggregator.note($0, $1, to: $2, $3) },
                recordRefusal: { await engine.aggregator.recordRefusal($0, $1, route: $2) },
                maxKeyLifetime: configuration.maxKeyLifetime, publicAddress: publicAddress, clock: clock, log: log,
                version: Version.current))
    }

    func health(_ scrub: Scrub) throws -> Health {
        var probe: (@Sendable () async throws -> Void)?
        if let bucket = stores.bucket { probe = { try await bucket.probe() } }
        return Health(
            store: stores.metadata, blobs: stores.blobs, probe: probe,
            storage: try StorageProbe(lock: configuration.data + "/" + DirectoryLock.name), version: Version.current, log: log,
            damaged: { scrub.report.damaged }, trail: { [metadata = stores.metadata] in try metadata.checkSealing() })
    }

    func gateway(
        _ dataPlane: DataPlane, _ api: RESTAPI, _ pages: UserInterface, _ health: Health, _ authenticator: Authenticator,
        metrics: @escaping @Sendable () async -> String
    ) -> Gateway {
        Gateway(
            dataPlane: dataPlane, api: api, pages: pages,
            paths: ServerPath.all(api: api, pages: pages, health: health, metrics: metrics), formats: formats,
            authenticator: authenticator, crossSite: CrossSiteGuard(externalOrigin: publicAddress?.origin),
            crossOrigin: CrossOriginReads(origins: configuration.corsOrigins), checkWritable: health.checkWritable, log: log)
    }

    func accessLog() throws -> (log: Log?, file: LogFile?) {
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

internal import FoundationEssentials
internal import Glibc
internal import SaveAccess
internal import SaveAdvisories
internal import SaveArgon2
internal import SaveBlobs
internal import SaveCurl
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SavePlugins
internal import SaveRepositories
internal import SaveSQLMetadata
internal import SaveSQLite
internal import SaveStorage

/// What every part of a server is made with.
struct ServerBase: Sendable {
    let configuration: ServerConfiguration
    let stores: Stores
    let clock = PlatformClock.system
    let log: Log
    let formats: FormatRegistry
    let catalogue: Catalogue
    let hasher = Argon2PasswordHasher()
    let advisories: AdvisoryDatabase
    /// The server's own 32 bytes.
    let key: [UInt8]

    /// Loads the formats and the catalogue; at the first start it also makes what a new server has.
    init(_ configuration: ServerConfiguration, _ stores: Stores, environment: [String: String], _ log: Log) async throws {
        self.configuration = configuration
        self.stores = stores
        self.log = log
        formats = try FormatRegistry.complete(configuration, log: log)
        key = try ServerKey.read(stores.directory.keyPath)
        try await stores.prepare()
        if let notice = try await FirstStart.prepare(
            store: stores.metadata, hasher: hasher, data: configuration.data, environment: environment, clock: clock)
        {
            log(.notice, notice)
        }
        advisories = AdvisoryDatabase(
            store: AdvisoryFile(folder: AdvisoriesCommand.folder(configuration)), formats: formats,
            pool: BlockingPool(name: "advisories", threads: 2), clock: clock, log: log)
        catalogue = Catalogue(store: stores.metadata, formats: formats, clock: clock)
        try await catalogue.reload()
    }

    /// The repositories.
    func engine() throws -> EngineServices {
        let key = key
        var sessions = UploadSessions.Rules()
        sessions.lifetime = configuration.uploadSessionLifetime
        sessions.total = configuration.maxUploadSessions
        sessions.perPrincipal = configuration.maxUploadSessionsPerAccount
        return EngineServices(
            store: stores.metadata, blobs: stores.blobs, client: try Self.client(configuration), catalogue: catalogue,
            clock: clock, log: log, pool: stores.pool, processors: stores.processors, uploadSessions: sessions,
            furtherPolicies: AdministratorPolicies.rules(
                store: stores.metadata, formats: formats, advisories: advisories,
                licenses: LicenseReader(store: stores.metadata, blobs: stores.blobs, pool: stores.pool, log: log), clock: clock,
                log: log),
            refusals: RefusalNumbers(
                store: stores.metadata, clock: clock, log: log, address: publicAddress),
            unseal: { sealed in Self.unseal(sealed, key) })
    }

    /// Has what policies decided by earlier advisories decided again when others come in, and everything read again after a change of
    /// which nobody knows whether it was made.
    func refreshPages(of engine: EngineServices) {
        advisories.onChange { engine.administration.advisoriesChanged() }
        let (catalogue, counters) = (catalogue, engine.storage.counters)
        stores.metadata.onDoubt {
            try await catalogue.reload()
            for repository in catalogue.current.repositories { counters.invalidateAll(in: repository.record.id) }
        }
    }

    private static func unseal(_ sealed: String, _ key: [UInt8]) -> String? {
        guard let bytes = Hex.decode(sealed), let opened = try? Secrets.open(bytes, key: key) else { return nil }
        return String(validating: opened, as: UTF8.self)
    }

    static func client(_ configuration: ServerConfiguration) throws -> CurlClient {
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
}

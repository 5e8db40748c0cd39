package import SaveAccess
package import SaveAdvisories
package import SaveHTTP
internal import SavePlatform
package import SaveRepositories

/// The data plane, put together: the one place that names every handler.
package struct Serving: Sendable {
    /// Limits and sizes.
    package struct Configuration: Sendable {
        /// Bytes of rendered pages kept in memory.
        package var pageCacheSize = 64 << 20
        /// Files kept open.
        package var openFiles = 256
        /// The largest file that any repository takes, in bytes.
        package var maxFileSize: Int64?
        /// The address that clients use, where the operator says so.
        package var publicAddress: PublicAddress?
        /// Takes gzip off the bodies of questions; nil where none may have it.
        package var gunzip: (@Sendable (_ bytes: [UInt8], _ limit: Int) throws -> [UInt8]?)?
        /// What is known of vulnerable packages; nil where clients are told of none.
        package var advisories: AdvisoryDatabase?
        /// Makes the keys of clients that sign in; nil where none can.
        package var keys: IssuedKeys?
        /// Makes the tokens of clients that want some; nil where none get any.
        package var tokens: AccessTokens?

        package init() {}
    }

    package let dataPlane: DataPlane
    private let indexes: IndexHandler
    private let recorder: RequestRecorder

    /// Requests whose answer is remembered.
    private static let rememberedRequests = 16_384

    package init(
        services: EngineServices, authenticator: any RequestAuthenticating, configuration: Configuration,
        compression: PageCompression
    ) {
        let formats = services.catalogue.formats
        let resolver = RequestResolver(
            formats: formats, catalogue: services.catalogue.live, clock: services.storage.clock)
        let refusals = RefusedChanges(aggregator: services.aggregator, resolver: resolver)
        indexes = IndexHandler(
            services: services.sources, revalidation: services.revalidation, cacheSize: configuration.pageCacheSize,
            externalOrigin: configuration.publicAddress?.text,
            compression: compression, advisories: configuration.advisories)
        recorder = RequestRecorder(
            aggregator: services.aggregator, revalidation: services.revalidation, refusals: refusals)
        dataPlane = DataPlane(
            authenticator: authenticator,
            signIns: TokenHandler(
                recorder: recorder, authenticator: authenticator, resolver: resolver, tokens: configuration.tokens,
                others: LoginHandler(
                    recorder: recorder, authenticator: authenticator, resolver: resolver, refusals: refusals,
                    keys: configuration.keys)),
            root: RootHandler(resolver: resolver, publicAddress: configuration.publicAddress),
            resolver: resolver,
            handlers: RouteHandlers(
                indexes: indexes, files: FileHandler(services: services.sources, openFiles: configuration.openFiles),
                checksums: ChecksumHandler(services: services.sources, entries: configuration.openFiles * 16),
                writes: WriteHandler(
                    services: services.publishing, sources: services.sources, resolver: resolver,
                    maxFileSize: configuration.maxFileSize,
                    prefix: configuration.publicAddress?.path ?? ""),
                lookups: LookupHandler(
                    pool: services.storage.pool, gunzip: configuration.gunzip, advisories: configuration.advisories),
                redirects: RedirectHandler(publicAddress: configuration.publicAddress), documents: DocumentHandler()),
            memo: AnswerMemo(
                capacity: Self.rememberedRequests, deciding: IndexHandler.decidingFields, catalogue: services.catalogue.live,
                counters: services.storage.counters,
                clock: services.storage.clock),
            recorder: recorder,
            errors: ErrorRenderer(
                formats: formats, externalOrigin: configuration.publicAddress?.text, log: services.storage.log))
    }

    // MARK: Figures

    /// The number of pages kept and their bytes.
    package var pageCacheUsage: (count: Int, cost: Int) { indexes.usage }
    /// Pages that were rendered since the start.
    package var renderings: Int { indexes.renderingCount }
    /// Pages and files that were answered with from memory, since the start.
    package var memoryAnswers: Int { recorder.memoryAnswers }
    /// Pages that were answered with although the upstream could not be asked, since the start.
    package var staleAnswers: Int { recorder.staleAnswers }
}

internal import SaveAccess
internal import SaveDigest
public import SavePlatform

/// The rules for formats that the compiler cannot check. A format's tests call `violations` and expect none.
public struct FormatConformance: Sendable {
    /// The format, as it would be registered.
    public let type: any RepositoryFormat.Type
    /// Paths below a repository that the format knows, as clients send them: `/simple/foo/`. Those that are only published to are
    /// among them.
    public let paths: [String]
    /// Indexes with listings that their pages can carry without loss.
    public let indexes: [(key: IndexKey, listing: Listing)]
    /// Uploads that an empty repository takes, one after the other.
    public let uploads: [SampleUpload]
    /// Uploads in several requests, for formats that have such.
    public let sessions: [SampleSession]
    /// Searches that find something of the uploads, where the format has searches.
    public let searches: [SampleSearch]
    /// The document in which an upstream says where things are, for formats that read one.
    public let configuration: [UInt8]

    /// Versions in ascending order, each in one or more spellings, for formats that order versions.
    public let versions: [[String]]

    /// A rule, as a sentence.
    struct Law: Sendable {
        let name: String
        /// What breaks it, in words.
        let check: @Sendable (FormatConformance, any RepositoryFormat) async throws -> [String]
    }

    /// Every rule, each with a file of its own beside this one.
    static let laws: [Law] = [
        Law(name: "a format has an identity and names settings it does not know") { it, _ in it.identity() },
        Law(name: "every request has one meaning, whatever its path") { $0.routes($1) },
        Law(name: "every spelling of a name leads to one package") { $0.naming($1) },
        Law(name: "versions have one order, and a range is one or is refused") { $0.versioning($1) },
        Law(name: "a file belongs to one package, by its URL and by its record") { try await $0.owners($1) },
        Law(name: "a page is a function of its listing") { $0.pages($1) },
        Law(name: "what a page says is read from it again") { $0.roundTrips($1) },
        Law(name: "an upstream is not believed") { $0.upstreams($1) },
        Law(name: "an upstream says where its files are, and is not believed") { $0.configurations($1) },
        Law(name: "what an upstream damaged is left out or refused") { $0.damagedPages($1) },
        Law(name: "what a client damaged is refused with a reason") { await $0.damagedUploads($1) },
        Law(name: "text of others is text on a page") { $0.hostileTexts($1) },
        Law(name: "a sidecar belongs to its file") { $0.sidecars($1) },
        Law(name: "an upload is the same however it is cut") { await $0.chunkings($1) },
        Law(name: "an upload in several requests is the upload in one") { it, _ in try await it.sessionCuttings() },
        Law(name: "what is claimed works, and the rest is refused") { await $0.claims($1) },
        Law(name: "a proxy and a group serve what the hosted repository serves") { it, _ in try await it.repositories() },
        Law(name: "what clients are told has the form of their protocol") { it, _ in try await it.answers() },
        Law(name: "a document of the repository needs nothing of it") { try await $0.documents($1) },
        Law(name: "a name keeps the spelling that a publisher gave it") { try await $0.spellings($1) },
        Law(name: "a search finds what is there, wherever it is asked") { try await $0.searching($1) },
        Law(name: "who signs in does so by requests of its own") { it, _ in it.signIns() },
        Law(name: "packages without attributes are free, and unknown attributes are named") { $0.governance($1) },
        Law(name: "a path says of a file what its record says") { try await $0.descriptions($1) },
        Law(name: "a namespace begins the names that are in it") { $0.namespaces($1) },
        Law(name: "the digest beside a file is the file's") { try await $0.checksums($1) },
        Law(name: "an imported file has a path, or is refused with a reason") { $0.imports($1) },
    ]

    public init(
        _ type: any RepositoryFormat.Type, paths: [String], indexes: [(key: IndexKey, listing: Listing)],
        uploads: [SampleUpload] = [], sessions: [SampleSession] = [], searches: [SampleSearch] = [], configuration: [UInt8] = [],
        versions: [[String]] = []
    ) {
        self.type = type
        self.paths = paths
        self.indexes = indexes
        self.uploads = uploads
        self.sessions = sessions
        self.searches = searches
        self.configuration = configuration
        self.versions = versions
    }

    /// Every rule that is broken with what breaks it, in words; empty for a format that keeps them all.
    public func violations() async throws -> [String] {
        var found: [String] = []
        for (law, what) in try await findings() { found += what.map { "\(law): \($0)" } }
        return found
    }

    /// The rules that are broken.
    public func brokenLaws() async throws -> [String] { try await findings().filter { !$0.what.isEmpty }.map(\.law) }

    private func findings() async throws -> [(law: String, what: [String])] {
        let format = try type.init(settings: [:])
        var findings: [(law: String, what: [String])] = []
        for law in Self.laws { findings.append((law.name, try await law.check(self, format))) }
        return findings
    }

    var abilities: FormatAbilities { type.descriptor.abilities }

    /// What a path, with or without a query, and a method mean.
    func route(_ format: any RepositoryFormat, _ method: HTTPMethod, _ target: String) throws -> Route {
        let parts = Array(target.utf8).split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        return try format.route(
            FormatRequest(
                method: method, path: RequestPath(decoding: parts[0]), query: QueryItems(decoding: parts.dropFirst().first)))
    }

    /// The types in which an index is offered.
    func offers(of key: IndexKey, _ format: any RepositoryFormat) -> Set<MediaType> {
        let offers = paths.compactMap { text -> [MediaType]? in
            guard let path = try? RequestPath(decoding: Array(text.utf8)[...]),
                case .index(key, let offers) = try? format.route(FormatRequest(method: .get, path: path))
            else { return nil }
            return offers
        }
        return Set(offers.joined())
    }

    private func identity() -> [String] {
        var found: [String] = []
        var registry = FormatRegistry()
        do { try registry.register(type) } catch { found.append("cannot be registered: \(error)") }
        if type.descriptor != type.descriptor { found.append("the descriptor changes") }
        do {
            _ = try type.init(settings: ["no-such-setting": 1])
            found.append("an unknown setting is accepted")
        } catch {
            let failure = error as? SaveError
            if failure?.code != .unknownField && failure?.code != .invalidRequest {
                found.append("an unknown setting throws \(error)")
            }
            if failure?.details["field"] != "no-such-setting" { found.append("an unknown setting is not named") }
        }
        return found
    }
}

/// An upload as a client sends it.
public struct SampleUpload: Sendable {
    public let method: HTTPMethod
    /// Below the repository, as in `FormatConformance.paths`.
    public let path: String
    public let contentType: String?
    public let body: [UInt8]
    /// The body under another spelling of the package's name, where the name stands in it packed and cannot be replaced.
    public let respelled: (name: String, body: [UInt8])?

    public init(
        _ method: HTTPMethod, _ path: String, contentType: String? = nil, body: [UInt8],
        respelled: (name: String, body: [UInt8])? = nil
    ) {
        self.respelled = respelled
        self.method = method
        self.path = path
        self.contentType = contentType
        self.body = body
    }
}

/// What a call gave: comparable, so that two calls can be.
enum Outcome<Value: Equatable>: Equatable {
    case value(Value)
    case failure(SaveError.Code)

    init(_ body: () throws -> Value) {
        do { self = .value(try body()) } catch { self = .failure((error as? SaveError)?.code ?? "not_a_save_error") }
    }
}

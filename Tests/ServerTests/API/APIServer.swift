internal import Foundation
import SaveAPI
import SaveAccess
import SaveAdvisories
import SaveAudit
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// A format that only exists: with settings to check, and without groups in its second form.
struct NotesFormat: RepositoryFormat, PackageNaming {
    static let descriptor = FormatDescriptor(
        id: "notes", displayName: "Notes", abilities: [.hosted, .proxy, .group, .permanentNames, .upstreamIndexes])
    init(settings: JSONObject) throws {
        for key in settings.keys where key != "flavour" {
            throw SaveError(.unknownField, "there is no setting '\(key)'", details: ["field": "settings.\(key)"])
        }
    }
    func route(_: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing here") }
    func package(named name: String) -> PackageID? {
        let isName = !name.isEmpty && name.utf8.allSatisfy { ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        return isName ? PackageID(normalized: ASCII.lowercased(name)) : nil
    }
}

/// Versions are numbers.
extension NotesFormat: PackageVersioning {
    static let ecosystem = "Notes"
    static let purlType = "notes"
    func sortKey(of version: String) -> [UInt8]? { UInt8(version).map { [$0] } }
    func range(_ range: String, contains version: String) throws -> Bool { ASCII.isEqual(range, version) }
}

/// A package may be marked with a colour, and so may a file.
extension NotesFormat: PackagePolicy {
    func attributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        var attributes = current
        for member in change.members {
            let (key, value) = (member.key, member.value)
            guard key == "colour" else { throw SaveError(.unknownField, "there is no '\(key)'", details: ["field": key]) }
            attributes[key] = value.isNull ? .none : value
        }
        return attributes
    }
    func fileAttributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject {
        try attributes(current, changedBy: change)
    }
    func checkUpload(_: [Submission.Item], to _: JSONObject) throws {}
    func checkDownload(from _: JSONObject) throws {}
}

struct HostedOnlyFormat: RepositoryFormat {
    static let descriptor = FormatDescriptor(id: "plain", displayName: "Plain", abilities: [.hosted])
    init(settings: JSONObject) throws {}
    func route(_: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing here") }
}

/// Notes what the API asks of the engine.
final class NotedOperations: RepositoryOperations, PackageExplaining, PolicyJudging {
    private let notes = Mutex<[String]>([])
    var all: [String] { notes.withLock { $0 } }
    private let failure = Mutex<String?>(nil)
    /// From now on upstreams fail.
    func fail(_ reason: String) { failure.withLock { $0 = reason } }
    private let report = Mutex<RefusalReport?>(nil)
    /// From now on this is what is known of a refusal.
    func refuse(_ refusal: RefusalReport) { report.withLock { $0 = refusal } }
    private func note(_ text: String) { notes.withLock { $0.append(text) } }

    func probe(_ repository: Repository) async throws -> RepositoryAdministration.Probe {
        note("probe \(repository.record.coordinates)")
        return .init(resolvedURL: "https://files.example.test/simple/", isSuccess: true, attempts: [])
    }
    func removeUnreachable(grace: Int64, isDry: Bool) async throws -> Int64 { 0 }
    func invalidateCache(of repository: Repository) async throws { note("invalidate \(repository.record.coordinates)") }
    func upstreamState(of repository: Repository) -> RepositoryAdministration.UpstreamState? {
        .init(isAvailable: true, failure: failure.withLock { $0 })
    }
    func contentChanged(in repository: Int64, package: PackageID?) { note("content \(package?.name ?? "all")") }
    func repositoryChanged(_ repository: Int64) { note("repository") }
    func evaluate(_ packages: [PackageURL], in repository: Repository) async throws -> [JSONValue] {
        note("evaluate \(packages.count) in \(repository.record.coordinates)")
        return packages.map { package in
            [
                "package": .string(package.description), "verdict": "allow", "policy": nil, "reason": nil, "allowed_after": nil,
                "advisories": [], "waiver": nil,
            ]
        }
    }
    func preview(_ policy: PolicyRecord, of downloads: [AuditRecord]) async throws -> [JSONValue] {
        note("preview \(policy.name) \(downloads.map(\.resource))")
        return []
    }
    func policyChanged(_ policy: PolicyRecord) { note("policy \(policy.name)") }
    func waiversChanged(in project: Int64) { note("waivers") }
    func refusal(_ id: Int64, ifReadable mayRead: @Sendable (Repository) -> Bool) async throws -> RefusalReport? {
        report.withLock { $0 }.flatMap { $0.id == id && mayRead($0.repository) ? $0 : nil }
    }
    func explain(_ package: String, in repository: Repository, refresh: Bool) async throws -> Explanation {
        note("explain \(package) in \(repository.record.coordinates) \(refresh)")
        return Explanation(of: PackageID(normalized: package), in: repository)
    }
}

/// The API over stores in memory. Users: `root` (admin), `eve` (auditor), and `owner`, `dev`, `viewer` in the project
/// `backend`, `nobody` in none. Hosted `backend/hosted`, proxy `backend/proxy`, `other/secret`.
struct APIServer {
    let store: BreakableTrail
    let operations = NotedOperations()
    let hasher = PlainPasswordHasher()
    let clock = ManualClock()
    let keyUses: KeyUses
    let catalogue: Catalogue
    let api: RESTAPI
    let serverKey = [UInt8](repeating: 3, count: 32)

    /// What the stored files take, as they say.
    private static var sizes: StorageCensus.Sizes {
        var sizes = StorageCensus.Sizes()
        sizes.physical = 1000
        sizes.reclaimable = 7
        return sizes
    }

    /// - Parameters:
    ///   - base: the store that everything is kept in.
    ///   - others: formats beside these two.
    init(
        maxKeyLifetime: Int64? = nil, advisoryService: AdvisoryService = .everyone,
        over base: any MetadataStore = InMemoryMetadataStore(), with others: [any RepositoryFormat.Type] = []
    ) async throws {
        store = BreakableTrail(base)
        // A busy machine is no format that does not come back.
        var supervision = SupervisionRules()
        supervision.deadline = .seconds(300)
        var formats = FormatRegistry(supervision: supervision)
        try formats.register(NotesFormat.self)
        try formats.register(HostedOnlyFormat.self, from: .loaded(path: "/plugins/plain.so"))
        for other in others { try formats.register(other) }
        keyUses = KeyUses(store: store, clock: clock.platform, log: .silent())
        catalogue = Catalogue(store: store, formats: formats, clock: clock.platform)
        let advisories = AdvisoryDatabase(
            store: InMemoryAdvisoryStore(), formats: formats, pool: .forTests, clock: clock.platform)
        let jobs = Jobs(clock: clock.platform)
        let feeds = AdvisoryFeeds(
            [AdvisorySource("https://name:word@files.example.test/all.zip?key=word")].compactMap(\.self), into: advisories,
            client: NoUpstream(),
            jobs: jobs, interval: 3600, log: .silent()
        ) { _, _ in }
        api = RESTAPI(
            context: APIContext(
                store: store, formats: formats, hasher: hasher, keyUses: keyUses, operations: operations,
                clock: clock.platform, serverKey: serverKey, log: .silent(),
                aggregator: AuditAggregator(store: store, clock: clock.platform, log: .silent()), version: "1.2.3",
                maxKeyLifetime: maxKeyLifetime, jobs: jobs,
                maintenance: Maintenance(
                    metadata: store, blobs: InMemoryBlobStore(), clock: clock.platform, log: .silent()),
                advisories: advisories, feeds: feeds,
                advisoryService: advisoryService,
                gcGrace: 0, census: StorageCensus(clock: clock.platform, log: .silent()) { Self.sizes }),
            catalogue: catalogue)
        let now = clock.platform.now()
        try await store.write { writing in
            for (name, role) in [
                ("root", SystemRole.admin), ("eve", .auditor), ("owner", .user), ("dev", .user), ("viewer", .user),
                ("nobody", .user),
            ] { _ = try writing.put(UserRecord(username: name, passwordHash: "x", role: role, created: now, updated: now)) }
            let backend = try writing.put(ProjectRecord(name: "backend", created: now, updated: now))
            let other = try writing.put(ProjectRecord(name: "other", created: now, updated: now))
            for (name, role) in [("owner", ProjectRole.owner), ("dev", .developer), ("viewer", .viewer)] {
                try writing.put(MemberRecord(project: backend.id, principal: .user(name), role: role))
            }
            for (project, name, kind) in [
                (backend, "hosted", RepositoryKind.hosted), (backend, "proxy", .proxy), (other, "secret", .hosted),
            ] {
                var record = RepositoryRecord(
                    projectID: project.id, project: project.name, name: name, format: "notes", kind: kind, created: now,
                    updated: now)
                if kind == .proxy { record.proxy.remoteURL = "https://files.example.test/" }
                _ = try writing.put(record)
            }
        }
        try await catalogue.reload()
    }

    /// Someone by name, as if signed in with the password; with a key when `scopes` or `hasKey` say so.
    func principal(_ name: String, key: KeyContext? = nil) throws -> Principal {
        if name == "anonymous" { return .anonymous }
        if name.hasPrefix("sa$") {
            let robot = try #require(catalogue.current.robots[String(name.dropFirst(3))])
            return .robot(id: robot.id, name: robot.name, project: robot.project, key: key)
        }
        let user = try #require(catalogue.current.users[name])
        return .user(id: user.id, username: user.username, role: user.role, key: key)
    }

    /// Sends a request. A body is JSON unless `headers` say otherwise. Whatever is answered must be as the description says.
    func send(
        _ method: String, _ target: String, as name: String = "root", body: String? = nil, headers: [String: String] = [:],
        key: KeyContext? = nil
    ) async throws -> APIAnswer {
        var fields = HTTPHeaders()
        fields.append("Host", "save.example.com")
        for (name, value) in headers { fields.append(name, value) }
        if body != nil, headers["Content-Type"] == nil { fields.append("Content-Type", "application/json") }
        let request = HTTPRequest(
            method: HTTPMethod(method), target: Array("/api/v1\(target)".utf8), headers: fields,
            body: body.map { ByteStream(Array($0.utf8)) } ?? .empty, client: ClientAddress(bytes: [192, 0, 2, 9]))
        let path = try api.path(decoding: request.rawPath)
        let response = await api.respond(to: request, from: Authentication(try principal(name, key: key)), path: path)
        let answer = try await APIAnswer(response)
        expectDescribed(answer, to: method, target)
        return answer
    }

    func audit() async throws -> [AuditRecord] { try await store.read { try $0.audit(after: 0, limit: 1000) } }

    /// Adds files of a package to a hosted repository.
    func addFiles(_ names: [(package: String, version: String, file: String)], to repository: String = "hosted") async throws {
        let id = try #require(catalogue.current.repository(project: "backend", name: repository)).record.id
        let now = clock.platform.now()
        try await store.write { writing in
            for (package, version, file) in names {
                let package = PackageID(normalized: package)
                try writing.put(
                    PackageRecord(repository: id, id: package, displayName: package.name.uppercased(), created: now, updated: now)
                )
                let record = AssetRecord(path: try AssetPath("files/\(file)"), package: package, version: version, size: 3)
                try writing.put(
                    StoredAsset(
                        repository: id, record: record, blob: BlobDigest(of: Array(file.utf8)), size: 3, uploadedBy: "dev",
                        created: now))
                let sidecar = AssetRecord(
                    path: try AssetPath("files/\(file).about"), package: package, version: version,
                    sidecarOf: try AssetPath("files/\(file)"))
                try writing.put(
                    StoredAsset(
                        repository: id, record: sidecar, blob: BlobDigest(of: [1]), size: 1, uploadedBy: "dev", created: now))
            }
        }
    }
}

/// What the API answered.
struct APIAnswer {
    let status: Int
    let headers: HTTPHeaders
    let bytes: [UInt8]
    let closes: Bool

    init(_ response: HTTPResponse) async throws {
        status = response.status
        headers = response.headers
        closes = response.closesConnection
        switch response.body {
        case .empty: bytes = []
        case .bytes(let all): bytes = all
        case .stream(let stream): bytes = try await stream.collect(limit: 1 << 24)
        case .file: bytes = []
        }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSONValue { (try? JSONValue(parsing: bytes)) ?? .null }
    subscript(key: String) -> JSONValue? { json.object?[key] }
    var items: [JSONValue] { self["items"]?.array ?? [] }
    var error: JSONObject? { self["error"]?.object }
    var code: String? { error?["code"]?.string }
    var field: String? { error?["details"]?.object?["field"]?.string }
    /// The body without what differs between any two answers.
    var comparable: String {
        text.replacingOccurrences(of: error?["request_id"]?.string ?? "\u{0}", with: "")
    }
}

/// No other server answers.
private struct NoUpstream: HTTPClient {
    func send(_ request: ClientRequest) async throws -> ClientResponse {
        throw SaveError(.upstreamUnavailable, "nobody answers")
    }
}

internal import SaveAccess
internal import SaveDigest
package import SaveHTTP
package import SavePlatform
internal import SaveRepositories
internal import SaveServing
package import SaveStorage
internal import Synchronization

/// A whole platform for one format, without disk and network: repositories in the project `p`, asked as by a client that may do
/// everything, or that is nobody in particular. A proxy's upstream is a repository of the same platform.
package final class InMemoryPlatform: Sendable {
    private let formatID: String
    private let store = InMemoryMetadataStore()
    private let catalogue: Catalogue
    private let plane: DataPlane
    private static let host = "save.test"
    /// What a client sends that may read nothing but what is there for everybody.
    static let nobody: HTTPHeaders = ["Authorization": "nobody"]

    package init(_ format: any RepositoryFormat.Type) async throws {
        formatID = format.descriptor.id
        var formats = FormatRegistry()
        try formats.register(format)
        let clock = ManualClock().platform
        catalogue = Catalogue(store: store, formats: formats, clock: clock)
        let client = LoopClient(host: Self.host)
        let services = EngineServices(
            store: store, blobs: InMemoryBlobStore(), client: client, catalogue: catalogue, clock: clock, log: .silent(),
            pool: BlockingPool(name: "platform", threads: 2), unseal: { _ in nil })
        plane =
            Serving(
                services: services, authenticator: EveryoneIsAdmin(), configuration: .init(), compression: .none
            ).dataPlane
        client.connect(plane)
        let now = clock.now()
        try await store.write { _ = try $0.put(ProjectRecord(name: "p", created: now, updated: now)) }
        try await catalogue.reload()
    }

    /// The path of a repository, with a slash at both ends.
    package func path(of repository: String) -> String { "/\(formatID)/p/\(repository)/" }

    /// Adds a repository.
    ///
    /// - Parameters:
    ///   - upstream: for a proxy, the repository that it proxies.
    ///   - members: for a group.
    package func add(
        _ name: String, _ kind: RepositoryKind, upstream: String? = nil, members: [String] = [], isUnion: Bool = false,
        settings: JSONObject = [:]
    ) async throws {
        let remote = upstream.map { "http://\(Self.host)\(path(of: $0))" }
        let known = Dictionary(catalogue.current.repositories.map { ($0.record.name, $0.record.id) }) { first, _ in first }
        let format = formatID
        try await store.write { writing in
            let project = try writing.projects()[0]
            var record = RepositoryRecord(
                projectID: project.id, project: project.name, name: name, format: format, kind: kind, created: project.created,
                updated: project.created)
            if let remote { record.proxy.remoteURL = remote }
            record.group.members = members.compactMap { known[$0] }
            if isUnion { record.group.policy = .union }
            record.settings = settings
            _ = try writing.put(record)
        }
        try await catalogue.reload()
    }

    /// Sends a request to a path of the host.
    package func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: ByteStream = .empty
    ) async -> HTTPResponse {
        var headers = headers
        headers.append("Host", Self.host)
        return await plane.respond(to: HTTPRequest(method: method, target: Array(path.utf8), headers: headers, body: body))
    }
}

private struct EveryoneIsAdmin: RequestAuthenticating {
    private static let admin = Authentication(.user(id: 1, username: "admin", role: .admin, key: nil))
    func cached(_ request: HTTPRequest) -> Authentication? {
        request.headers["authorization"] == InMemoryPlatform.nobody["authorization"] ? .anonymous : Self.admin
    }
    func noteUse(of key: KeyContext, by request: HTTPRequest) {}
    func authenticate(_ request: HTTPRequest) async throws -> Authentication { Self.admin }
}

/// Asks a data plane of this process, following redirects as the real client does.
private final class LoopClient: HTTPClient {
    private let host: String
    private var origin: String { "http://\(host)" }
    private let plane = Mutex<DataPlane?>(nil)

    init(host: String) { self.host = host }

    func connect(_ plane: DataPlane) { self.plane.withLock { $0 = plane } }

    func send(_ request: ClientRequest) async throws -> ClientResponse {
        guard let plane = plane.withLock({ $0 }) else { throw SaveError(.upstreamUnavailable, "not connected") }
        var url = request.url
        var headers = request.headers
        headers.append("Host", host)
        for _ in 0...5 {
            guard url.hasPrefix(origin + "/") else { throw SaveError(.upstreamUnavailable, "there is no host at \(url)") }
            let target = Array(url.utf8.dropFirst(origin.utf8.count))
            let response = await plane.respond(
                to: HTTPRequest(method: request.method, target: target, headers: headers, body: .empty))
            guard (301...302).contains(response.status), let location = response.headers["location"],
                let next = URLReference.resolve(location, against: url)
            else {
                return ClientResponse(
                    status: response.status, headers: response.headers, url: url, body: try response.body.stream())
            }
            url = next
        }
        throw SaveError(.upstreamInvalid, "too many redirects")
    }
}

extension HTTPResponse.Body {
    /// The bytes, wherever they are.
    func stream() throws -> ByteStream {
        switch self {
        case .empty: .empty
        case .bytes(let bytes): ByteStream(bytes)
        case .file(let file, let offset, let length): ByteStream(try file.read(at: offset, count: Int(length)))
        case .stream(let stream): stream
        }
    }
}

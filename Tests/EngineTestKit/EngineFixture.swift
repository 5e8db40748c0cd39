package import FormatChunks
package import SaveAccess
package import SaveAdvisories
package import SaveHTTP
package import SavePlatform
package import SaveRepositories
package import SaveServing
package import SaveStorage
package import SaveTestKit

/// A data plane over stores in memory, with three people: `admin`, `dev` (developer of `p`) and `viewer` (viewer of `p`).
package final class EngineFixture: Sendable {
    package let store: any MetadataStore
    package let blobs: any BlobStore
    package let upstream = FakeUpstream()
    package let clock = ManualClock()
    package let catalogue: Catalogue
    package let services: EngineServices
    package let serving: Serving
    package var plane: DataPlane { serving.dataPlane }
    package static let base = "http://upstream.test/"

    package init(
        store: any MetadataStore = InMemoryMetadataStore(), blobs: any BlobStore = InMemoryBlobStore(),
        format: any RepositoryFormat.Type = LineFormat.self, from origin: FormatOrigin = .compiledIn,
        supervision: SupervisionRules = SupervisionRules(), uploadSessions: UploadSessions.Rules = .init(),
        further formatsBeside: [any RepositoryFormat.Type] = [], policies: [any FilePolicy] = [],
        advisories: any AdvisoryLookup = NoAdvisories(),
        publicURL: String? = nil, isFirst: Bool = true, numbersRefusals: Bool = false, pageCacheSize: Int? = nil
    ) async throws {
        self.store = store
        self.blobs = blobs
        var formats = FormatRegistry(supervision: supervision)
        try formats.register(format, from: origin)
        try formats.register(ChunksFormat.self, from: origin)
        for format in formatsBeside { try formats.register(format) }
        catalogue = Catalogue(store: store, formats: formats, clock: clock.platform)
        let administrators = AdministratorPolicies.rules(
            store: store, formats: formats, advisories: advisories,
            licenses: LicenseReader(store: store, blobs: blobs, pool: BlockingPool(name: "licences", threads: 1), log: .silent()),
            clock: clock.platform, log: .silent())
        services = EngineServices(
            store: store, blobs: blobs, client: upstream, catalogue: catalogue, clock: clock.platform, log: .silent(),
            pool: BlockingPool(name: "test", threads: 2), uploadSessions: uploadSessions,
            furtherPolicies: { administrators($0) + policies },
            refusals: numbersRefusals
                ? RefusalNumbers(
                    store: store, clock: clock.platform, log: .silent(), address: publicURL.flatMap(PublicAddress.init)) : nil,
            unseal: { $0 })
        var configuration = Serving.Configuration()
        configuration.publicAddress = publicURL.flatMap(PublicAddress.init)
        if let pageCacheSize { configuration.pageCacheSize = pageCacheSize }
        serving = Serving(
            services: services, authenticator: HeaderIdentity(clock: clock.platform), configuration: configuration,
            compression: .none)
        let now = clock.platform.now()
        // A server that starts over what another one left.
        guard isFirst else {
            try await catalogue.reload()
            return
        }
        try await store.write { writing in
            let project = try writing.put(ProjectRecord(name: "p", created: now, updated: now))
            try writing.put(MemberRecord(project: project.id, principal: .user("dev"), role: .developer))
            try writing.put(MemberRecord(project: project.id, principal: .user("viewer"), role: .viewer))
        }
        try await catalogue.reload()
    }

    /// Adds a repository to `p`.
    @discardableResult
    package func add(_ name: String, _ kind: RepositoryKind, _ change: @Sendable (inout RepositoryRecord) -> Void = { _ in })
        async throws
        -> Int64
    {
        let now = clock.platform.now()
        var record = RepositoryRecord(
            projectID: 0, project: "p", name: name, format: "line", kind: kind, created: now, updated: now)
        if kind == .proxy {
            record.proxy.remoteURL = Self.base
            record.proxy.resolvedURL = Self.base
        }
        change(&record)
        let draft = record
        let id = try await store.write { writing in
            var record = draft
            record.projectID = try writing.projects()[0].id
            return try writing.put(record).id
        }
        try await catalogue.reload()
        return id
    }

    /// Changes a repository's settings.
    package func change(_ id: Int64, _ change: @escaping @Sendable (inout RepositoryRecord) -> Void) async throws {
        try await store.write { writing in
            guard var record = try writing.repositories().first(where: { $0.id == id }) else { return }
            change(&record)
            _ = try writing.put(record)
        }
        try await catalogue.reload()
    }

    /// Sends a request as somebody (`nil` for nobody).
    package func send(
        _ method: HTTPMethod, _ path: String, as user: String? = "admin", headers: HTTPHeaders = [:], body: ByteStream = .empty
    ) async -> HTTPResponse {
        var headers = headers
        if let user { headers.append("Authorization", user) }
        let request = HTTPRequest(method: method, target: Array(path.utf8), headers: headers, body: body)
        let answer = await plane.respond(to: request)
        // Whatever a test asks: an answer from memory is the answer that is given without it.
        for _ in 0..<2 {
            guard let ready = plane.immediateResponse(to: request), !ready.isSame(as: answer) else { continue }
            // A status that no test expects.
            return HTTPResponse(status: 599, body: .bytes(Array("\(path) has another answer from memory".utf8)))
        }
        return answer
    }

    package func put(_ path: String, _ text: String, as user: String? = "admin") async -> HTTPResponse {
        await send(.put, path, as: user, body: ByteStream(Array(text.utf8)))
    }

    /// Status and body of a GET.
    package func get(_ path: String, as user: String? = "admin") async throws -> (status: Int, text: String) {
        let response = await send(.get, path, as: user)
        return (response.status, try await response.text())
    }

    /// The number of blobs.
    package func blobCount() async throws -> Int { try await blobs.digests(after: nil, limit: 1000).count }

    /// Announces files of the upstream's package `x`, and returns their contents' lines.
    package func announce(_ files: [(name: String, content: String)], etag: String? = nil) {
        let lines = files.map { "files/x/\($0.name) \($0.content.utf8.count) \(BlobDigest(of: Array($0.content.utf8)))\n" }
        upstream.answer(Self.base + "index/x", text: lines.joined(), etag: etag)
        for file in files { upstream.answer(Self.base + "files/x/" + file.name, text: file.content) }
    }
}

/// The `Authorization` field is the user's name; with `;` and a number of seconds, the user's key that ends at that time; with
/// `;;` and that number, a session without a key whose provider says when it ends.
package struct HeaderIdentity: RequestAuthenticating {
    package let clock: PlatformClock

    package init(clock: PlatformClock) { self.clock = clock }

    package func cached(_ request: HTTPRequest) -> Authentication? {
        guard let field = request.headers["authorization"] else { return .anonymous }
        let parts = field.split(separator: ";")
        let expires = parts.dropFirst().first.flatMap { Int64($0) }.map { Timestamp(seconds: $0) }
        if let expires, clock.now() >= expires { return nil }
        let key = field.contains(";;") ? nil : expires.map { KeyContext(id: "k", scopes: [], expires: $0) }
        return Authentication(
            .user(
                id: parts[0] == "admin" ? 1 : 2, username: String(parts[0]), role: parts[0] == "admin" ? .admin : .user, key: key),
            expires: expires)
    }

    package func noteUse(of key: KeyContext, by request: HTTPRequest) {}

    package func authenticate(_ request: HTTPRequest) async throws -> Authentication { throw SaveError(.unauthenticated, "no") }
}

extension HTTPResponse.Body {
    /// Bytes, as `Content-Length` says them; nil where nobody knows.
    package var length: Int64? {
        switch self {
        case .empty: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, _, let length): length
        case .stream(let stream): stream.length
        }
    }
}

extension HTTPResponse {
    /// Whether a client would be sent the same; a stream is not looked into.
    package func isSame(as other: HTTPResponse) -> Bool {
        guard status == other.status, headers.all.elementsEqual(other.headers.all, by: ==) else { return false }
        switch (body, other.body) {
        case (.empty, .empty), (.stream, .stream): return true
        case (.bytes(let left), .bytes(let right)): return left == right
        case (.file(let left, let offset, let length), .file(let right, let otherOffset, let otherLength)):
            return (left.size, offset, length) == (right.size, otherOffset, otherLength)
        default: return false
        }
    }

    /// The whole body, from wherever it is.
    package func text() async throws -> String {
        switch body {
        case .empty: ""
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .file(let file, let offset, let length):
            String(decoding: try file.read(at: offset, count: Int(length)), as: UTF8.self)
        case .stream(let stream): String(decoding: try await stream.collect(limit: 1 << 24), as: UTF8.self)
        }
    }
}

import FormatChunks
import FormatNotices
import FormatParcels
internal import Foundation
import SaveAPI
import SaveAccess
import SaveAdvisories
import SaveAudit
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveServer
import SaveServing
import SaveStorage
import SaveTestKit
import SaveUI
import Synchronization

/// A whole server in memory, without its network: the real gateway, API, data plane, authenticator and formats.
///
/// The projects `open` and `closed` have the same repositories of every format and kind; everybody may read those of `open`.
/// `viewer`, `developer`, `owner` and the robot `sa$ci` have their roles in both. Every hosted repository has the package
/// `demo` or the file `a/b.txt`.
final class AccessWorld: Sendable {
    let store = InMemoryMetadataStore()
    let overtaken: OvertakenStore  // The same store, as the REST API has it.
    let clock = ManualClock()
    let catalogue: Catalogue
    let formats: FormatRegistry
    let gateway: Gateway
    private let aggregator: AuditAggregator
    let blobs = InMemoryBlobStore()
    private let hasher = PlainPasswordHasher()
    private let serverKey = [UInt8](repeating: 7, count: 32)
    private let credentials = Mutex<[Asker: String]>([:])
    /// The ids of one key of each account, by its name, and of policies, waivers and refusals, by their projects.
    let keys = Mutex<[String: String]>([:])
    private let requests = Atomic<UInt32>(0)
    static let wheel = FixtureWheel(name: "demo", version: "1.0")
    static let newWheel = FixtureWheel(name: "demo", version: "2.0")
    static let retired = FixtureWheel(name: "demo", version: "0.9")
    static let upstream = "http://upstream.test/"

    /// - Parameters:
    ///   - others: formats beside those of the table.
    ///   - upstream: what the proxies of every format ask.
    ///   - address: the address that clients use, as pages have it.
    ///   - maxKeyLifetime: seconds that keys last at most.
    ///   - checkWritable: asked before each change, as the gateway asks whether it would be kept.
    init(
        with others: [any RepositoryFormat.Type] = [], upstream: any HTTPClient = OneWheelUpstream(), address: String? = nil,
        maxKeyLifetime: Int64? = nil, checkWritable: @escaping @Sendable () throws -> Void = {}
    ) async throws {
        overtaken = OvertakenStore(store)
        var formats = FormatRegistry()
        try registerFormats(in: &formats)
        // Those with routes that the others lack.
        let own: [any RepositoryFormat.Type] = [ChunksFormat.self, NoticesFormat.self, ParcelsFormat.self]
        for other in own + others { try formats.register(other) }
        self.formats = formats
        catalogue = Catalogue(store: store, formats: formats, clock: clock.platform)
        let advisories = AdvisoryDatabase(
            store: InMemoryAdvisoryStore(), formats: formats, pool: .forTests, clock: clock.platform)
        let services = EngineServices(
            store: store, blobs: blobs, client: upstream, catalogue: catalogue, clock: clock.platform, log: .silent(),
            pool: BlockingPool.forTests,
            furtherPolicies: AdministratorPolicies.rules(
                store: store, formats: formats, advisories: advisories,
                licenses: LicenseReader(store: store, blobs: blobs, pool: .forTests, log: .silent()), clock: clock.platform,
                log: .silent()),
            unseal: { _ in nil })
        aggregator = services.aggregator
        let keyUses = KeyUses(store: store, clock: clock.platform, log: .silent())
        let authenticator = Authenticator(
            catalogue: catalogue,
            providers: [KeySignIn(serverKey: serverKey, clock: clock.platform), PasswordSignIn(hasher: hasher)],
            uses: keyUses, serverKey: serverKey, clock: clock.platform, trail: services.aggregator)
        let maintenance = Maintenance(metadata: store, blobs: blobs, clock: clock.platform, log: .silent())
        let api = RESTAPI(
            context: APIContext(
                store: overtaken, formats: formats, hasher: hasher, keyUses: keyUses,
                operations: services.administration, clock: clock.platform, serverKey: serverKey, log: .silent(),
                aggregator: services.aggregator, version: "1.2.3", maxKeyLifetime: maxKeyLifetime, maintenance: maintenance,
                advisories: advisories, gcGrace: 0),
            catalogue: catalogue)
        var plane = Serving.Configuration()
        plane.keys = IssuedKeys(catalogue: catalogue, store: store, clock: clock.platform, serverKey: serverKey, longest: 3600)
        let pages = UserInterface(
            .inTests(
                catalogue, store, authenticator, api, services, clock: clock.platform, address: address,
                maxKeyLifetime: maxKeyLifetime))
        let serving = Serving(services: services, authenticator: authenticator, configuration: plane, compression: .none)
        gateway = Gateway(
            dataPlane: serving.dataPlane, api: api, pages: pages,
            paths: ServerPath.all(
                api: api, pages: pages, health: Health(store: store, blobs: blobs, version: "1.2.3"), metrics: { "save_up 1\n" }),
            formats: formats,
            authenticator: authenticator,
            crossSite: CrossSiteGuard(externalOrigin: "https://save.example.com"), checkWritable: checkWritable, log: .silent())
        try await addAccounts()
        try await addRepositories()
        try await addPolicies()
        try await catalogue.reload()
        try await addContent()
    }

    // MARK: - What there is

    private func addAccounts() async throws {
        let hash = try await hasher.hash(Array("password".utf8))
        let now = clock.platform.now()
        try await store.write { writing in
            for (name, role) in [
                ("nobody", SystemRole.user), ("viewer", .user), ("developer", .user), ("owner", .user), ("stranger", .user),
                ("auditor", .auditor), ("admin", .admin), ("root", .admin), ("subject", .user), ("disabled", .admin),
            ] {
                _ = try writing.put(
                    UserRecord(
                        username: name, passwordHash: hash, role: role, disabled: name == "disabled", created: now, updated: now))
            }
            _ = try writing.put(RobotRecord(name: "ci", created: now, updated: now))
            for name in ["open", "closed", "elsewhere"] {
                let project = try writing.put(ProjectRecord(name: name, created: now, updated: now))
                _ = try writing.put(RobotRecord(name: "bot-\(name)", project: project.id, created: now, updated: now))
                if name == "elsewhere" {
                    try writing.put(MemberRecord(project: project.id, principal: .user("stranger"), role: .owner))
                    continue
                }
                for (member, role) in [
                    (PrincipalName.user("viewer"), ProjectRole.viewer), (.user("developer"), .developer),
                    (.user("owner"), .owner),
                    (.robot("ci"), .developer),
                ] { try writing.put(MemberRecord(project: project.id, principal: member, role: role)) }
            }
        }
        for asker in Asker.allCases { try await addCredential(of: asker) }
        for robot in ["bot-open", "bot-closed"] { try await addKey(of: .robot(robot)) }
        try await addKey(of: .user("subject"))
    }

    private func addCredential(of asker: Asker) async throws {
        let reading = [KeyScope(resource: "open", permissions: [.read]), KeyScope(resource: "closed", permissions: [.read])]
        let basic: String?
        switch asker {
        case .anonymous: basic = nil
        case .robot: basic = "sa$ci:" + (try await addKey(of: .robot("ci")))
        case .master: basic = "admin:" + (try await addKey(of: .user("admin")))
        case .scoped: basic = "owner:" + (try await addKey(of: .user("owner"), scopes: reading))
        case .expired:
            basic = "admin:" + (try await addKey(of: .user("admin"), expires: clock.platform.now().adding(seconds: -1)))
        default:
            basic = "\(asker.rawValue):password"
            try await addKey(of: .user(asker.rawValue))
        }
        credentials.withLock { $0[asker] = basic.map { "Basic " + Data($0.utf8).base64EncodedString() } }
    }

    /// Makes a key, as if its owner had.
    ///
    /// - Returns: its text.
    @discardableResult
    func addKey(of owner: PrincipalName, scopes: [KeyScope] = [], expires: Timestamp? = nil) async throws -> String {
        let (text, record) = try APIKey.issue(
            for: owner, scopes: scopes, expires: expires, at: clock.platform.now(), serverKey: serverKey)
        try await store.write { try $0.put(record) }
        if expires == nil, scopes.isEmpty { keys.withLock { $0[owner.text] = record.id } }
        return text
    }

    private func addRepositories() async throws {
        let now = clock.platform.now()
        try await store.write { writing in
            for project in try writing.projects() {
                for format in ["pypi", "raw", "cargo", "go", "maven", "oci", "npm", "chunks", "notices", "parcels"] {
                    var members: [Int64] = []
                    for kind in RepositoryKind.allCases {
                        var record = RepositoryRecord(
                            projectID: project.id, project: project.name, name: "\(format)-\(kind.rawValue)", format: format,
                            kind: kind, anonymousRead: project.name == "open", created: now, updated: now)
                        if kind == .proxy {
                            record.proxy.remoteURL = Self.upstream
                            record.proxy.resolvedURL = Self.upstream
                        }
                        if kind == .group { record.group.members = members }
                        members.append(try writing.put(record).id)
                    }
                }
            }
        }
    }

    private func addContent() async throws {
        for project in ["open", "closed"] {
            for wheel in [Self.retired, Self.wheel] {
                let form = Self.form(wheel, name: "demo")
                let answer = await send("POST", "/pypi/\(project)/pypi-hosted/", as: .admin, form.body, type: form.type)
                guard answer.status == 200 else { throw SaveError(.internalFailure, "the world has no wheel: \(answer.status)") }
            }
            let path = "/pypi/\(project)/pypi-hosted/packages/demo/\(Self.retired.filename)"
            guard await send("DELETE", path, as: .admin).status == 204,
                await send("PUT", "/raw/\(project)/raw-hosted/a/b.txt", as: .admin, Array("text".utf8)).status == 201,
                await send("PUT", "/npm/\(project)/npm-hosted/demo", as: .admin, Self.publish("1.0.0")).status == 201,
                await send("PUT", "/cargo/\(project)/cargo-hosted/api/v1/crates/new", as: .admin, Self.crate("1.0.0")).status
                    == 200,
                await send(
                    "PUT", "/go/\(project)/go-hosted/go.test/demo/@v/v1.0.0.zip", as: .admin, Self.goZip("demo", "v1.0.0")
                ).status == 201,
                await push(Self.image("v1"), of: Self.tarball, as: "demo", to: "/oci/\(project)/oci-hosted/"),
                await send(
                    "PUT", "/maven/\(project)/maven-hosted/demo/maven/demo/1.0/demo-1.0.pom", as: .admin, Array("text".utf8)
                ).status == 201,
                await send(
                    "PUT", "/maven/\(project)/maven-hosted/demo/maven/demo/1.1-SNAPSHOT/demo-1.1-SNAPSHOT.jar", as: .admin,
                    Array("text".utf8)
                ).status == 201,
                await send(
                    "PUT", "/chunks/\(project)/chunks-hosted/files/\(Digest.hex(Self.tarball))", as: .admin, Self.tarball
                ).status == 201,
                await send("PUT", "/notices/\(project)/notices-hosted/a/b.txt", as: .admin, Array("text".utf8)).status == 201
            else { throw SaveError(.internalFailure, "the world has no content") }
        }
    }

    /// Pushes an image of one blob, under the tag `v1`.
    func push(_ manifest: [UInt8], of blob: [UInt8], as name: String, to repository: String) async -> Bool {
        let uploads = "\(repository)\(name)/blobs/uploads/?digest=sha256:\(Digest.hex(blob))"
        let tag = "\(repository)\(name)/manifests/v1"
        guard await send("POST", uploads, as: .admin, blob).status == 201 else { return false }
        return await send("PUT", tag, as: .admin, manifest, type: Self.manifestType).status == 201
    }

    static let manifestType = "application/vnd.oci.image.manifest.v1+json"

    /// The manifest of an image whose only blob is some bytes.
    static func image(_ note: String, of blob: [UInt8] = tarball) -> [UInt8] {
        let config: JSONObject = [
            "mediaType": "application/vnd.test", "digest": .string("sha256:" + Digest.hex(blob)),
            "size": .integer(Int64(blob.count)),
        ]
        let manifest: JSONObject = [
            "schemaVersion": 2, "mediaType": .string(manifestType), "config": .object(config), "layers": [],
            "annotations": ["note": .string(note)],
        ]
        return JSONValue.object(manifest).bytes
    }

    /// Any bytes.
    static let tarball = Array("tarball".utf8)

    /// The tarball of a version of an npm package.
    static func tarball(of version: String, _ name: String = "demo") -> [UInt8] {
        FixtureTar([.init("package/package.json", "{\"name\":\"\(name)\",\"version\":\"\(version)\"}")]).bytes
    }

    /// The zip of a version of a Go module.
    static func goZip(_ name: String, _ version: String) -> [UInt8] {
        FixtureZip([.init("go.test/\(name)@\(version)/go.mod", "module go.test/\(name)\n")]).bytes
    }

    /// A document that publishes a version of an npm package.
    static func publish(_ version: String, _ name: String = "demo") -> [UInt8] {
        let manifest: JSONObject = ["name": .string(name), "version": .string(version)]
        let file: JSONObject = ["data": .string(Data(tarball(of: version, name)).base64EncodedString())]
        let document: JSONObject = [
            "name": .string(name), "dist-tags": ["latest": .string(version)],
            "versions": .object(JSONObject([(version, .object(manifest))])),
            "_attachments": .object(JSONObject([("\(name)-\(version).tgz", .object(file))])),
        ]
        return JSONValue.object(document).bytes
    }

    /// A form that publishes a wheel.
    static func form(_ wheel: FixtureWheel, name: String) -> (type: String, body: [UInt8]) {
        var body = ""
        for (field, value) in [
            (":action", "file_upload"), ("protocol_version", "1"), ("name", name), ("filetype", "bdist_wheel"),
        ]
            + [("version", String(wheel.filename.split(separator: "-")[1])), ("pyversion", "py3")]
        { body += "--b\r\nContent-Disposition: form-data; name=\"\(field)\"\r\n\r\n\(value)\r\n" }
        body += "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"\(wheel.filename)\"\r\n\r\n"
        return ("multipart/form-data; boundary=b", Array(body.utf8) + wheel.bytes + Array("\r\n--b--\r\n".utf8))
    }

    /// The id of a key of an account.
    func key(of account: String) -> String { keys.withLock { $0[account] } ?? "none" }

    // MARK: - Asking

    /// Sends a change to the API as JSON and gives status and body.
    func change(
        _ method: String, _ path: String, as asker: Asker, _ body: String, headers: [(String, String)] = []
    ) async throws -> APIAnswer {
        try await APIAnswer(
            await send(
                method, "/api/v1" + path, as: asker, Array(body.utf8), type: "application/json", headers: headers))
    }

    /// Sends a request as the server's front does, from an address of its own, so that no failure slows another one down.
    func send(
        _ method: String, _ target: String, as asker: Asker, _ body: [UInt8]? = nil, type: String? = nil,
        headers: [(String, String)] = [], meanwhile: (@Sendable () async throws -> Void)? = nil
    ) async -> HTTPResponse {
        // Most is answered without waiting, and tables ask for a minute: other tests would not get a thread meanwhile.
        await Task.yield()
        var fields: HTTPHeaders = ["Host": "save.test"]
        if let credential = credentials.withLock({ $0[asker] }) { fields.append("Authorization", credential) }
        if let type { fields.append("Content-Type", type) }
        for (name, value) in headers { fields.append(name, value) }
        let content = body.map { ByteStream($0) } ?? .empty
        let number = requests.wrappingAdd(1, ordering: .relaxed).newValue
        let request = HTTPRequest(
            method: HTTPMethod(method), target: Array(target.utf8), headers: fields,
            body: meanwhile.map { content.interrupted(by: $0) } ?? content,
            client: ClientAddress(bytes: withUnsafeBytes(of: number.bigEndian) { Array($0) }))
        if let ready = gateway.immediateResponse(to: request) { return ready }
        return await gateway.respond(to: request)
    }

    /// Everything that a refused change must leave as it was.
    func state() async throws -> [String] {
        try await store.read { reading in
            let repositories = try reading.repositories()
            return [
                "\(try reading.projects())", "\(repositories)", "\(try reading.members().sorted { "\($0)" < "\($1)" })",
                "\(try reading.users())", "\(try reading.robots())", "\(try reading.keys().sorted { $0.id < $1.id })",
                "\(try reading.policies())", "\(try reading.waivers())",
            ]
                + (try repositories.flatMap { repository in
                    let id = repository.id
                    return [
                        "\(try reading.assets(id, under: "", after: nil, limit: 100))",
                        "\(try reading.packages(id, after: nil, limit: 100, matching: nil))",
                        "\(try reading.retiredNames(id, package: PackageID(normalized: "demo")))",
                    ]
                })
        }
    }

    /// The records of changes since a sequence number, without those of sign-ins and of requests without credentials.
    func audit(after sequence: Int64) async throws -> [AuditRecord] {
        await aggregator.write(all: true)
        return try await store.read { try $0.audit(after: sequence, limit: 1000) }.filter {
            !$0.action.hasPrefix("auth.") && $0.actorKind != "anonymous"
        }
    }

    func lastSequence() async throws -> Int64 { try await store.read { try $0.lastAudit()?.sequence ?? 0 } }
}

/// The callers: the columns of every table.
enum Asker: String, CaseIterable, Sendable {
    case anonymous, nobody, viewer, developer, owner
    /// The owner of another project.
    case stranger
    case auditor, admin
    /// A key of the administrator without scopes.
    case master
    /// A global robot, developer of both projects.
    case robot
    /// The owner's key that may read both projects and nothing else.
    case scoped
    /// A key of the administrator that has ended.
    case expired
    /// An administrator whose account is disabled.
    case disabled

    /// The account it stands for.
    var account: String {
        switch self {
        case .robot: "sa$ci"
        case .scoped: "owner"
        case .expired, .master: "admin"
        default: rawValue
        }
    }
}

extension ByteStream {
    /// The same bytes, with something that happens before the last of them.
    fileprivate func interrupted(by event: @escaping @Sendable () async throws -> Void) -> ByteStream {
        let rest = Mutex<[[UInt8]]?>(nil)
        let content = self
        return ByteStream(length: length) {
            if rest.withLock({ $0 }) == nil {
                let bytes = try await content.collect(limit: 1 << 24)
                rest.withLock { $0 = [Array(bytes.dropLast()), Array(bytes.suffix(1))].filter { !$0.isEmpty } }
            } else if rest.withLock({ $0?.count }) == 1 {
                try await event()
            }
            return rest.withLock { $0?.isEmpty == false ? $0?.removeFirst() : nil }
        }
    }
}

extension BlockingPool {
    /// One for all worlds.
    static let forTests = BlockingPool(name: "access", threads: 2)
}

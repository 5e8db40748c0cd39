internal import SaveCurl
internal import SaveHTTP
internal import SavePlatform

/// What a server's policies say of one package of a lock file.
struct PackageVerdict {
    let package: LockFile.Package
    /// As the server gave it.
    let answer: JSONValue

    /// `allow`, `warn` or `deny`.
    var verdict: String { answer.object?["verdict"]?.string ?? "" }
    var isDenied: Bool { verdict == "deny" }
    var reason: String { answer.object?["reason"]?.string ?? "" }
    var policy: String { answer.object?["policy"]?.string ?? "" }
}

/// Another server, asked about its policies (`POST /api/v1/policies/evaluate`).
struct PolicyServer {
    /// So many packages the server takes at once.
    private static let batch = 1_000
    private static let maxAnswer: Int64 = 16 << 20

    private let url: String
    private let credentials: ClientCredentials?
    private let key: String?
    private let client: CurlClient

    init(_ address: String, key: String?, caFile: String?, hint: String) throws {
        guard let reference = URLReference.normalized(address), URLOrigin(of: reference) != nil else {
            throw UsageError("--server: '\(address)' is no http or https URL", hint: hint)
        }
        let (bare, credentials) = Self.parts(of: reference)
        url = bare + "/api/v1/policies/evaluate"
        self.credentials = credentials
        self.key = credentials == nil ? key : nil
        var configuration = CurlClient.Configuration()
        // The caller names the server, and may reach all that this machine reaches.
        configuration.outboundAllow = ["0.0.0.0/0", "::/0"]
        configuration.caFile = caFile
        configuration.version = Version.current
        client = try CurlClient(configuration)
    }

    /// A URL without its last slash, and the name and password in it.
    private static func parts(of url: String) -> (String, ClientCredentials?) {
        var bytes = Array(url.utf8)
        if bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        let start = (bytes.firstIndex(of: UInt8(ascii: "/")) ?? 0) + 2
        let end = bytes.dropFirst(start).firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        // The name ends at the first colon, the password at the last @ (RFC 3986, 3.2.1).
        guard start < end, let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")) else {
            return (String(decoding: bytes, as: UTF8.self), nil)
        }
        let name = bytes[start..<at].prefix { $0 != UInt8(ascii: ":") }
        let password = bytes[start..<at].dropFirst(name.count + 1)
        let decoded = [name, password].map { part in
            String(decoding: ASCII.percentDecoded(part) ?? Array(part), as: UTF8.self)
        }
        let bare = String(decoding: bytes[..<start] + bytes[(at + 1)...], as: UTF8.self)
        return (bare, ClientCredentials(username: decoded[0], password: decoded[1]))
    }

    func verdicts(on packages: [LockFile.Package], in repository: String) async throws -> [PackageVerdict] {
        var verdicts: [PackageVerdict] = []
        for start in stride(from: 0, to: packages.count, by: Self.batch) {
            let asked = packages[start..<min(start + Self.batch, packages.count)]
            let question: JSONValue = [
                "repository": .string(repository), "packages": .array(asked.map { .string($0.url) }),
            ]
            let items = try await answer(to: question, about: repository)
            guard items.count == asked.count else {
                throw SaveError(.upstreamInvalid, "the server answered for \(items.count) of \(asked.count) packages")
            }
            verdicts += zip(asked, items).map { PackageVerdict(package: $0, answer: $1) }
        }
        return verdicts
    }

    private func answer(to question: JSONValue, about repository: String) async throws -> [JSONValue] {
        var headers = HTTPHeaders()
        headers["Content-Type"] = "application/json"
        headers["Accept"] = "application/json"
        if let key { headers["Authorization"] = "Bearer \(key)" }
        let response: ClientResponse
        do {
            response = try await client.send(
                ClientRequest(
                    method: .post, url: url, headers: headers, credentials: credentials, decodes: true, maxSize: Self.maxAnswer,
                    body: question.bytes))
        } catch let error as SaveError {
            // The client's advice is about upstreams.
            let what = error.message.utf8.prefix { $0 != UInt8(ascii: ":") }
            throw SaveError(error.code, "\(url) cannot be asked: \(Substring(what)): check --server, and whether it runs")
        }
        let bytes = try await response.body.collect(limit: Int(Self.maxAnswer))
        let answer = try? JSONValue(parsing: bytes)
        guard response.status == 200 else {
            let said = answer?.object?["error"]?.object?["message"]?.string ?? response.headers["x-save-reason"]
            throw SaveError(
                .upstreamInvalid,
                "\(url) answers \(response.status) for \(repository): \(said ?? "is it a Save server?")\(Self.advice(response.status))"
            )
        }
        guard let items = answer?.object?["items"]?.array else {
            throw SaveError(.upstreamInvalid, "\(url) does not answer as Save does: is it the server's address?")
        }
        return items
    }

    private static func advice(_ status: Int) -> String {
        status == 401 ? " (credentials stand in the URL, or in SAVE_API_KEY)" : ""
    }
}

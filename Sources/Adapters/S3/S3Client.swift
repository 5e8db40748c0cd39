package import SaveCurl
package import SaveHTTP
internal import SavePlatform

/// Requests to one bucket: signed, with deadlines, and made again where that may help.
///
/// Every request here has the same effect when it is made twice. Signatures are made for each attempt, as they are good for minutes.
package final class S3Client: Sendable {
    /// A request within the bucket.
    struct Call: Sendable {
        var method: HTTPMethod
        /// nil for the bucket itself.
        var key: String?
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body: OutgoingBody?
        /// SHA-256 of the content, in hexadecimal digits.
        var payload = SignatureV4.emptyPayload
        /// Statuses besides 2xx that are an answer and no failure.
        var accepted: Set<Int> = []
        /// Whether the answer is a stored file, which comes as fast as its reader takes it.
        var isDownload = false
    }

    let configuration: S3Configuration
    private let transport: CurlClient
    private let downloads: CurlClient
    private let signer: SignatureV4
    private let clock: PlatformClock
    /// Answers in XML: a thousand keys of at most a kilobyte each, with what is said around them.
    static let maxDocument = 4 << 20

    /// - Parameter downloads: carries stored files, at the pace of those that read them, so that slow ones keep no connection from
    ///   uploads, deletions and the look at the store's health.
    package init(
        _ configuration: S3Configuration, transport: CurlClient, downloads: CurlClient, clock: PlatformClock = .system
    ) {
        self.configuration = configuration
        self.transport = transport
        self.downloads = downloads
        self.clock = clock
        signer = SignatureV4(configuration.credentials, region: configuration.region)
    }

    /// What transport of this store needs: its own hosts may be dialled wherever they are, and large files take their time.
    ///
    /// - Parameter base: what is the same for all that the server asks.
    package static func transport(
        to configuration: S3Configuration, _ base: CurlClient.Configuration = CurlClient.Configuration()
    ) throws -> CurlClient {
        var client = base
        client.outboundAllow = configuration.hosts
        client.proxy = ""
        // The last part of a large file takes a store a while to put together.
        client.headerTimeout = .seconds(30)
        return try CurlClient(client)
    }

    /// Makes a request, several times if need be.
    ///
    /// - Throws: what `S3Failure.error` says for an answer that is none of 2xx and `accepted`; `storageUnavailable` for a store that cannot
    ///   be reached.
    func send(_ call: Call) async throws -> ClientResponse {
        var attempt = 1
        let start = ContinuousClock.now
        while true {
            let failure: any Error
            do {
                let response = try await sendOnce(call)
                if (200..<300).contains(response.status) || call.accepted.contains(response.status) { return response }
                let answer = S3Failure(
                    status: response.status, body: (try? await response.body.collect(limit: Self.maxDocument)) ?? [])
                guard answer.isPassing else { throw answer.error }
                failure = answer.error
            } catch let error as SaveError where Self.isTransport(error) {
                failure = Self.unreachable(error)
            }
            guard attempt < configuration.attempts, ContinuousClock.now - start < configuration.patience else { throw failure }
            try await pause(after: attempt)
            attempt += 1
        }
    }

    /// Waits before the next attempt: longer each time, and not as long as others that failed in the same moment.
    func pause(after attempt: Int) async throws {
        try await Task.sleep(for: configuration.pause * (1 << min(attempt - 1, 6)) * Double.random(in: 0.5...1))
    }

    private func sendOnce(_ call: Call) async throws -> ClientResponse {
        let request = SignatureV4.Request(
            method: call.method.name, host: configuration.host, path: configuration.path(of: call.key), query: call.query,
            headers: call.headers)
        var headers = HTTPHeaders()
        for (name, value) in signer.signed(request, payload: call.payload, at: clock.now()) { headers.append(name, value) }
        return try await (call.isDownload ? downloads : transport).exchange(
            OutgoingRequest(
                call.method, url: "\(configuration.endpoint.scheme)://\(configuration.host)\(request.target)", headers: headers,
                body: call.body))
    }

    /// Whether the request did not get an answer, as opposed to one that says no.
    private static func isTransport(_ error: SaveError) -> Bool {
        [.upstreamUnavailable, .upstreamInvalid, .upstreamForbidden, .busy].contains(error.code)
    }

    /// The words of a transfer that failed are those of upstreams.
    static func unreachable(_ error: any Error) -> SaveError {
        SaveError(
            .storageUnavailable, "the object store of the stored files does not answer: ask again later, or check s3_endpoint",
            underlying: error)
    }
}

/// Finds out, once, where below a repository's `remote_url` the upstream keeps its index.
struct UpstreamBase: Sendable {
    private let proxy: ProxySource
    private var services: EngineServices { proxy.services }

    init(_ proxy: ProxySource) { self.proxy = proxy }

    /// The base that requests are relative to: what is stored, or what probing finds, which is then stored.
    func resolved() async throws -> String {
        if let known = proxy.settings.resolvedURL { return known }
        // The catalogue of this request may be older than the answer that another request has stored.
        if let stored = services.catalogue.current.repository(id: proxy.id)?.record.proxy,
            stored.remoteURL == proxy.settings.remoteURL, let known = stored.resolvedURL
        {
            return known
        }
        return try await services.upstream.probes.run(proxy.id) { try await probe().base }
    }

    /// What the upstream answered.
    struct Finding: Sendable {
        var base: String
        /// Each URL that was asked, and the status or error it gave.
        var attempts: [(url: String, outcome: String)]
        var succeeded: Bool
    }

    /// Asks the places where an index may be, in the format's order, and stores the first that has one.
    ///
    /// An upstream without a root index is still used, by the format's first guess, which is not stored.
    /// - Throws: `upstreamUnavailable` or `upstreamForbidden` when no server could be asked.
    func probe() async throws -> Finding {
        var finding = Finding(base: proxy.settings.remoteURL, attempts: [], succeeded: false)
        var firstGuess: String?
        var lastError: (any Error)?
        for attempt in 0..<8 {
            guard let request = try await request(attempt) else { break }
            firstGuess = firstGuess ?? request.resolvedBase
            do {
                let response = try await services.client.send(clientRequest(request))
                let other = (300..<400).contains(response.status) ? response.headers["location"].map { " to \($0)" } : nil
                finding.attempts.append((request.url, String(response.status) + (other ?? "")))
                lastError = nil
                guard response.status == 200, accepts(request, response.headers["content-type"]) else { continue }
                finding.base = try await base(request, response)
                finding.succeeded = true
                try await store(finding.base)
                return finding
            } catch let error as SaveError {
                finding.attempts.append((request.url, error.code.rawValue))
                lastError = error
                if error.code == .upstreamForbidden { throw error }
            }
        }
        if finding.attempts.isEmpty {
            // The format has no index to look for: the URL is the base.
            finding.succeeded = true
            return finding
        }
        if let lastError { throw lastError }
        finding.base = firstGuess ?? finding.base
        return finding
    }

    /// The base an answer leads to. The format may tell from the beginning of the document that it is another one.
    private func base(_ request: UpstreamRequest, _ response: ClientResponse) async throws -> String {
        var bytes: [UInt8] = []
        do {
            while Int64(bytes.count) < request.maxSize, let chunk = try await response.body.next() { bytes += chunk }
        } catch let error as SaveError where error.code == .tooLarge {
            // A root index may have 40 MB; its beginning is enough.
        }
        let document = UpstreamDocument(url: response.url, contentType: response.headers["content-type"], bytes: bytes)
        let format = proxy.repository.format
        // A document that was cut cannot always be read, and need not.
        let listing: Listing?
        do {
            listing = try await format.listing(from: document, for: .root, on: services.pool)
        } catch let error as SaveError where error.code == .formatTimeout {
            throw error
        } catch {
            listing = nil
        }
        return listing?.attributes[UpstreamRequest.resolvedBaseAttribute]?.string ?? request.resolvedBase ?? request.url
    }

    private func request(_ attempt: Int) async throws -> UpstreamRequest? {
        do {
            return try await proxy.repository.format.upstreamRequest(
                for: .probe(attempt: attempt), base: proxy.settings.remoteURL)
        } catch let error as SaveError where error.code == .unsupported {
            return nil
        }
    }

    private func clientRequest(_ request: UpstreamRequest) -> ClientRequest {
        var client = ClientRequest(
            url: request.url, credentials: proxy.credentials(for: request.url), decodes: true, maxSize: request.maxSize,
            redirects: .sameServer)
        if let accept = request.accept { client.headers.append("Accept", accept) }
        return client
    }

    /// Whether a type is one of those that were asked for.
    private func accepts(_ request: UpstreamRequest, _ contentType: String?) -> Bool {
        guard let accept = request.accept, let contentType else { return true }
        let essence = MediaType(contentType).essence
        return accept.utf8.split(separator: UInt8(ascii: ",")).contains { element in
            let range = element.drop { $0 == 0x20 }.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
            return range.elementsEqual(essence.utf8)
        }
    }

    private func store(_ base: String) async throws {
        let id = proxy.id
        let remote = proxy.settings.remoteURL
        try await services.store.write { writing in
            guard var record = try writing.repositories().first(where: { $0.id == id }), record.proxy.remoteURL == remote,
                record.proxy.resolvedURL != base
            else { return }
            record.proxy.resolvedURL = base
            _ = try writing.put(record)
        }
        try await services.catalogue.reload()
    }
}

internal import FoundationEssentials
internal import Glibc
package import SaveHTTP
internal import SavePlatform

/// The way out, on libcurl: one thread for what waits for its reader and one for what is held in memory, each with connections
/// that its transfers share.
///
/// What waits comes over HTTP/1.1, so that a slow reader holds up nobody else; the other comes over HTTP/2 where it is offered.
/// They do not share connections, because this curl takes an open HTTP/2 connection for a request that must be HTTP/1.1.
/// No cookies, no `.netrc`, no file of curl's own is read; certificates are always verified, TLS is 1.2 or later.
package final class CurlClient: HTTPClient {
    private let configuration: Configuration
    private let proxies: OutboundProxy
    private let files: CurlEngine
    private let indexes: CurlEngine

    /// Starts the client and its threads; all end with the last reference.
    ///
    /// - Throws: `invalidConfiguration` for an entry of `outbound_allow` or a proxy that is not one, and for
    ///   a `ca_file` that cannot be read.
    package init(_ configuration: Configuration = Configuration()) throws {
        self.configuration = configuration
        proxies = try OutboundProxy(
            configured: configuration.proxy, bypass: configuration.noProxy, environment: ProcessInfo.processInfo.environment)
        if let file = configuration.caFile, !FileManager.default.isReadableFile(atPath: file) {
            throw SaveError(.invalidConfiguration, "ca_file cannot be read", details: ["key": "ca_file"])
        }
        let addressGuard = try AddressGuard(allow: configuration.outboundAllow)
        files = try CurlEngine(configuration, addressGuard)
        indexes = try CurlEngine(configuration, addressGuard)
    }

    deinit {
        files.stop()
        indexes.stop()
    }

    /// Transfers under way, paused ones among them.
    package var transferCount: Int { files.runningCount + indexes.runningCount }

    package func send(_ request: ClientRequest) async throws -> ClientResponse {
        let deadline = PlatformClock.system.uptime() &+ configuration.headerTimeout.nanoseconds
        guard var url = URLReference.normalized(request.url), let own = URLOrigin(of: url) else {
            throw SaveError(.upstreamInvalid, "the upstream's URL is not an absolute http or https URL: check remote_url")
        }
        for _ in 0...configuration.maxRedirects {
            guard let origin = URLOrigin(of: url) else {
                throw SaveError(.upstreamInvalid, "the upstream's URL is malformed: check remote_url")
            }
            let plan = try TransferPlan(
                request, url: url, origin: origin, isOwnOrigin: Redirect.keepsCredentials(of: own, to: origin),
                proxy: proxies.url(for: origin),
                headerDeadline: deadline)
            let handle = (plan.waitsForReader ? files : indexes).start(plan)
            let head = try await handle.head()
            guard let location = head.redirect, request.body == nil else { return response(head, url, handle, plan) }
            let target = try Redirect.target(location, from: url)
            guard request.redirects == .anywhere || RedirectScope.isSameServer(target, as: own) else {
                return response(head, url, handle, plan)
            }
            handle.detach()
            url = target
        }
        throw SaveError(
            .upstreamInvalid, "the upstream redirects more than \(configuration.maxRedirects) times: check remote_url")
    }

    /// Sends a request of any method to one server, and answers as soon as the response's headers are there. Redirects are not
    /// followed: they are the answer.
    ///
    /// - Throws: what `send` throws. An upload fails as stalled when its server takes nothing for `stallTimeout`, and when it does
    ///   not answer the last byte within `headerTimeout`.
    package func exchange(_ request: OutgoingRequest) async throws -> ClientResponse {
        guard let origin = URLOrigin(of: request.url) else {
            throw SaveError(
                .upstreamInvalid,
                "what is to be asked for is not an absolute http or https URL: check its address in the configuration")
        }
        let plan = try TransferPlan(
            request, origin: origin, proxy: proxies.url(for: origin),
            headerDeadline: PlatformClock.system.uptime() &+ configuration.headerTimeout.nanoseconds)
        let handle = files.start(plan)
        let head = try await handle.head()
        return response(head, request.url, handle, plan)
    }

    private func response(_ head: ResponseHead, _ url: String, _ handle: ResponseHandle, _ plan: TransferPlan) -> ClientResponse {
        let hasBody = !plan.isHead && head.status != 204 && head.status != 304
        let length = hasBody ? head.announcedLength : 0
        // The client goes with its responses: dropping it in the middle of a body must not cut the body.
        let body = ByteStream(length: length) { [self] in
            defer { withExtendedLifetime(self) {} }
            return try await handle.next()
        }
        return ClientResponse(status: head.status, headers: head.headers, url: url, body: body)
    }
}

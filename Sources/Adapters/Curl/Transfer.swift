internal import CCurl
internal import SaveCompression
internal import SaveHTTP
internal import SavePlatform

/// One transfer inside curl. Lives on the curl thread and nowhere else; the mailbox is its way out.
final class Transfer {
    let id: CurlEngine.ID
    let easy: UnsafeMutableRawPointer
    let mailbox: ResponseMailbox
    let plan: TransferPlan
    private let configuration: CurlClient.Configuration
    private let addressGuard: AddressGuard
    private let target: TargetURL
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var isConfigured = true
    private var reader: HeadReader
    private(set) var head: ResponseHead?
    /// Bytes of content, decoded.
    private var received: Int64 = 0
    /// Takes off the coding of content that came with one.
    private var decoder: InflateStream?
    private var codedBytes: Int64 = 0
    private var expected: Int64?
    /// Our own reason for stopping; curl's is then of no interest.
    private var failure: SaveError?
    private var wasRefused = false
    private(set) var isPaused = false
    private var windowStart: UInt64 = 0
    private var windowBytes = 0
    /// How much of an upload curl has taken, and when it took the last of it.
    private var sent: Int64 = 0
    private var lastSent = PlatformClock.system.uptime()
    /// A redirect's own body is read so that the connection can be used again, if it is small.
    private static let maxRedirectBodyBytes: Int64 = 64 << 10

    /// Sets up a transfer; it starts when the engine adds it.
    ///
    /// - Throws: `upstreamInvalid` for a URL that is not one or is read in two ways, `upstreamForbidden` for a host that may not be asked for,
    ///   `internalFailure` when curl does not take an option.
    init(
        id: CurlEngine.ID, _ plan: TransferPlan, mailbox: ResponseMailbox, configuration: CurlClient.Configuration,
        addressGuard: AddressGuard
    ) throws {
        target = try TargetURL(plan.url)
        try target.check(plan.origin)
        if plan.proxy != nil, !addressGuard.allowsByName(target.origin.host) {
            throw AddressGuard.refusal(of: target.origin.host)
        }
        guard let easy = curl_easy_init() else { throw SaveError(.busy, "there is no memory for a transfer: ask again later") }
        self.id = id
        self.easy = easy
        self.mailbox = mailbox
        self.plan = plan
        self.configuration = configuration
        self.addressGuard = addressGuard
        reader = HeadReader(maxSize: configuration.maxHeaderSize, maxFields: configuration.maxHeaderFields)
        for field in plan.headers { fields = curl_slist_append(fields, field) ?? fields }
        setOptions(target.handle)
        // A transfer that lost an option could be one that checks no certificate.
        guard isConfigured else { throw SaveError(.internalFailure, "libcurl does not take the options of a transfer") }
        save_curl_set_callbacks(easy, onHeader, onBody, onSocket, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(fields)
    }

    private func setOptions(_ url: OpaquePointer) {
        save_curl_set_pointer(easy, CURLOPT_CURLU, UnsafeMutableRawPointer(url))
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NOSIGNAL, 1)
        // A resolver that hangs must not hold up the other transfers when this one is given up.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(clamping: configuration.connectTimeout.nanoseconds / 1_000_000))
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        set(CURLOPT_USERAGENT, "Save/\(configuration.version)")
        save_curl_set_pointer(easy, CURLOPT_HTTPHEADER, fields)
        if plan.isHead { set(CURLOPT_NOBODY, 1) }
        if let body = plan.body { setBody(body) }
        if let upload = plan.upload { setUpload(upload) }
        if let method = plan.method, !plan.isHead { set(CURLOPT_CUSTOMREQUEST, method) }
        // A paused stream holds up the others of its connection in this curl. What waits for its reader has a connection of its
        // own; pages are never paused (see `takeBody`) and share one.
        set(CURLOPT_HTTP_VERSION, plan.waitsForReader ? httpVersion11 : httpVersion2TLS)
        // A burst of pages waits for the first connection to say whether it takes them all.
        if !plan.waitsForReader { set(CURLOPT_PIPEWAIT, 1) }

        set(CURLOPT_SSLVERSION, tlsVersion12)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if let file = configuration.caFile {
            set(CURLOPT_CAINFO, file)
            set(CURLOPT_PROXY_CAINFO, file)
        }
        // Both are always set, so that curl never looks into the environment itself.
        set(CURLOPT_PROXY, plan.proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        if let credentials = plan.credentials {
            set(CURLOPT_HTTPAUTH, 1)  // CURLAUTH_BASIC, a macro with a cast.
            set(CURLOPT_USERNAME, credentials.username)
            set(CURLOPT_PASSWORD, credentials.password)
        }
    }

    /// curl keeps a copy. It asks for no leave to send a body (`Expect`), which few servers answer.
    private func setBody(_ body: [UInt8]) {
        set(CURLOPT_POST, 1)
        set(CURLOPT_POSTFIELDSIZE, body.count)
        var bytes = body
        let code = bytes.withUnsafeMutableBytes { save_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
        if code != CURLE_OK { isConfigured = false }
        leaveOutExpect()
    }

    private func setUpload(_ upload: OutgoingBody) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        if save_curl_set_upload(easy, onSend, onSeek, context, Int(upload.length)) != CURLE_OK { isConfigured = false }
        leaveOutExpect()
    }

    private func leaveOutExpect() {
        fields = curl_slist_append(fields, "Expect:") ?? fields
        save_curl_set_pointer(easy, CURLOPT_HTTPHEADER, fields)
    }

    private func set(_ option: CURLoption, _ value: Int) {
        if save_curl_set_long(easy, option, value) != CURLE_OK { isConfigured = false }
    }

    private func set(_ option: CURLoption, _ value: String) {
        if save_curl_set_text(easy, option, value) != CURLE_OK { isConfigured = false }
    }

    // MARK: - What curl asks for

    /// The next bytes of an upload; nil when they cannot be had.
    func takeUpload(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard let upload = plan.upload else { return 0 }
        let wanted = Int(clamping: min(Int64(buffer.count), upload.length - sent))
        guard wanted > 0 else { return 0 }
        let count = upload.read(sent, UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        guard count > 0 else {
            failure = SaveError(.storageUnavailable, "a file that is sent cannot be read: the server's log says why")
            return nil
        }
        sent += Int64(count)
        lastSent = PlatformClock.system.uptime()
        return count
    }

    /// Goes to a place of an upload, for a connection that takes the place of a lost one.
    func seek(to offset: Int64) -> Bool {
        guard let upload = plan.upload, (0...upload.length).contains(offset) else { return false }
        sent = offset
        return true
    }

    // MARK: - What curl reports

    func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        do {
            guard let head = try reader.read(line) else { return true }
            begin(head)
            return true
        } catch {
            failure = error as? SaveError
            return false
        }
    }

    private func begin(_ head: ResponseHead) {
        var head = head
        let hasBody = !plan.isHead && head.status != 204 && head.status != 304
        if plan.decodes, !head.codings.isEmpty {
            if hasBody { decode(head.codings) }
            head.headers["Content-Encoding"] = nil
            head.headers["Content-Length"] = nil
        } else if hasBody {
            expected = head.announcedLength
        } else {
            expected = 0
        }
        self.head = head
        restartWindow()
        // Without a tunnel, the proxy's own wish to know who asks comes as the answer (RFC 9110, 15.5.8).
        if head.status == 407, let name = proxyName {
            failure = SaveError(
                .upstreamUnavailable, "the outbound proxy \(name) \(SaveError.refusal(407, host: target.origin.host))",
                details: ["host": target.origin.host, "proxy": name])
            return
        }
        if head.redirect == nil, let expected, expected > plan.maxSize { failure = tooLarge }
        mailbox.deliver(head)
    }

    /// What is to happen with the transfer; bytes that pause it come again.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> BodyVerdict {
        guard failure == nil, let head else { return .stop }
        if let decoder, head.redirect == nil {
            guard !plan.waitsForReader || mailbox.hasRoom() else {
                isPaused = true
                return .pause
            }
            return take(bytes, from: decoder)
        }
        let (total, overflow) = received.addingReportingOverflow(Int64(bytes.count))
        guard !overflow else { return .stop }
        if head.redirect != nil {
            received = total
            return total <= Self.maxRedirectBodyBytes ? .go : .stop
        }
        guard total <= plan.maxSize else {
            failure = tooLarge
            return .stop
        }
        // A page is held in memory as a whole by its reader, and `maxSize` is the bound of both.
        guard mailbox.accept(bytes, unlimited: !plan.waitsForReader) else {
            isPaused = true
            return .pause
        }
        received = total
        windowBytes += bytes.count
        return isEnough ? .stop : .go
    }

    /// Whether all has come that was asked for, although there is more.
    private var isEnough: Bool { plan.prefix.map { received >= $0 } ?? false }

    enum BodyVerdict { case go, pause, stop }

    /// curl would take codings off as well, but takes content that is cut off in the middle of one for whole.
    private func decode(_ codings: [String]) {
        switch codings {
        case ["gzip"], ["x-gzip"]: decoder = InflateStream(.gzip)
        case ["deflate"]: decoder = InflateStream(.deflate)
        default:
            failure = SaveError(
                .upstreamInvalid,
                "\(target.origin.host) sent content in a coding that it was not asked for: check what is in front of it",
                details: ["host": target.origin.host])
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, from decoder: InflateStream) -> BodyVerdict {
        windowBytes += bytes.count
        // Bytes that turn into nothing are bounded like those that turn into much.
        codedBytes = codedBytes.addingReportingOverflow(Int64(bytes.count)).partialValue
        guard codedBytes >= 0, codedBytes <= max(plan.maxSize, 1 << 20) else {
            failure = tooLarge
            return .stop
        }
        do {
            try decoder.feed(bytes) { content in
                received += Int64(content.count)
                guard received <= plan.maxSize else {
                    failure = tooLarge
                    return false
                }
                // What one block decodes to is taken whole: the next block waits.
                return mailbox.accept(content, unlimited: true) && !isEnough
            }
        } catch {
            failure = .upstream(CURLE_BAD_CONTENT_ENCODING, host: target.origin.host)
        }
        return failure == nil && !isEnough ? .go : .stop
    }

    /// Whether the very address that curl is about to connect to may be dialled. Asking here, after the name was resolved
    /// for the last time, leaves no room for a name that changes its address between check and use.
    func permits(_ address: UnsafePointer<curl_sockaddr>) -> Bool {
        // With a proxy, the proxy is what is dialled; the administrator named it.
        if plan.proxy != nil { return true }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = save_curl_address(address, &bytes)
        if let ip = IPAddress(bytes: Array(bytes.prefix(count))), addressGuard.allows(ip, of: target.origin.host) { return true }
        wasRefused = true
        return false
    }

    // MARK: - What the engine asks

    func unpause() {
        guard isPaused else { return }
        isPaused = false
        restartWindow()
        curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    /// When to look at `overdue` next; nil while the consumer is the one to be waited for.
    var deadline: UInt64? {
        if head == nil, let upload = plan.upload {
            // However large a file is: what counts is that it goes on, and that its last byte is answered.
            return lastSent &+ (sent < upload.length ? configuration.stallTimeout : configuration.headerTimeout).nanoseconds
        }
        if head == nil || head?.redirect != nil { return plan.headerDeadline }
        return isPaused ? nil : windowStart &+ configuration.stallTimeout.nanoseconds
    }

    /// The error of a transfer whose deadline has come; nil when enough has arrived and a new deadline holds.
    func overdue() -> SaveError? {
        let host = target.origin.host
        if head == nil || head?.redirect != nil { return error(CURLE_OPERATION_TIMEDOUT) }
        let seconds = Double(configuration.stallTimeout.nanoseconds) / 1e9
        if windowBytes > 0, Double(windowBytes) >= Double(configuration.minimumRate) * seconds {
            restartWindow()
            return nil
        }
        return SaveError(
            .upstreamUnavailable, "\(host) stopped sending in the middle of its answer: ask again", details: ["host": host])
    }

    /// How the transfer ended, once curl says so.
    func result(_ code: CURLcode) -> Result<Void, any Error> {
        let host = target.origin.host
        if let failure { return .failure(failure) }
        if head?.redirect == nil, isEnough { return .success(()) }
        if code != CURLE_OK {
            return .failure(wasRefused && head == nil ? AddressGuard.refusal(of: host) : error(code))
        }
        guard head != nil else { return .failure(SaveError.upstream(CURLE_WEIRD_SERVER_REPLY, host: host)) }
        if let decoder, head?.redirect == nil, !decoder.isWhole {
            return .failure(
                SaveError(
                    .upstreamInvalid, "\(host) sent content that ends in the middle of its coding: ask again",
                    details: ["host": host])
            )
        }
        if let expected, head?.redirect == nil, received != expected {
            return .failure(SaveError.upstream(CURLE_PARTIAL_FILE, host: host))
        }
        return .success(())
    }

    private func error(_ code: CURLcode) -> SaveError {
        let host = target.origin.host
        guard let name = proxyName else { return .upstream(code, host: host) }
        let status = Int(save_curl_connect_status(easy))
        let leg = ProxyLeg(
            name: name, connectStatus: status,
            isUnconnected: head == nil && target.origin.scheme == "https" && !(200..<300).contains(status))
        return SaveError.outboundProxy(code, leg, host: host) ?? .upstream(code, host: host)
    }

    /// The proxy's host and port, without its credentials.
    private var proxyName: String? {
        plan.proxy.flatMap { URLOrigin(of: $0) }.map { origin in
            let host = origin.host.utf8.contains(UInt8(ascii: ":")) ? "[\(origin.host)]" : origin.host
            return "\(host):\(origin.port)"
        }
    }

    private func restartWindow() {
        windowStart = PlatformClock.system.uptime()
        windowBytes = 0
    }

    private var tooLarge: SaveError {
        SaveError(.tooLarge, "the upstream's answer is larger than \(plan.maxSize) bytes: check remote_url")
    }
}

// Values of C macros and of enums that the options take as `long`.
private let httpVersion11 = Int(CURL_HTTP_VERSION_1_1)
private let httpVersion2TLS = Int(CURL_HTTP_VERSION_2TLS)
private let tlsVersion12 = Int(CURL_SSLVERSION_TLSv1_2)

extension Duration {
    /// Whole nanoseconds, from zero up, saturating.
    var nanoseconds: UInt64 {
        let (seconds, atto) = components
        let (product, overflow) = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product &+ UInt64(clamping: atto / 1_000_000_000)
    }
}

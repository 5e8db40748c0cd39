internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform

/// A verification that may take minutes, as an answer that no proxy gives up: white space, which JSON allows before a
/// value (RFC 8259, 2), as long as it is under way, then the finding. One reader.
actor AuditVerification {
    private let verifier: AuditVerifier
    private let clock: PlatformClock
    private var walk: ChainWalk?
    private var isTold = false
    /// Nanoseconds between two signs of life.
    private static let interval: UInt64 = 2_000_000_000

    init(verifier: AuditVerifier, clock: PlatformClock) {
        self.verifier = verifier
        self.clock = clock
    }

    /// The finding, if it comes soon; else nil, and `next` goes on from there.
    func soon() async throws -> JSONValue? {
        guard let walk = try await move(), walk.isFinished else { return nil }
        isTold = true
        return Self.json(walk.result)
    }

    /// The next bytes; nil at the end.
    func next() async throws -> [UInt8]? {
        guard !isTold else { return nil }
        guard let walk = try await move(), walk.isFinished else { return [UInt8(ascii: "\n")] }
        isTold = true
        return Self.json(walk.result).bytes
    }

    private func move() async throws -> ChainWalk? {
        let end = clock.uptime() &+ Self.interval
        var current: ChainWalk
        if let walk { current = walk } else { current = try await verifier.begin() }
        while !current.isFinished, clock.uptime() < end { current = try await verifier.advance(current) }
        walk = current
        return current
    }

    private static func json(_ result: ChainWalk.Result) -> JSONValue {
        [
            "ok": .bool(result.problem == nil), "checked": .integer(result.checked), "anchors": .integer(result.anchors),
            "cut_after": .integer(result.cut), "broken_at": JSONValue(result.brokenAt), "problem": JSONValue(result.problem),
        ]
    }
}

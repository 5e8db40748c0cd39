internal import SavePlatform
internal import SaveStorage

/// How one secret takes another's place: when the new one ends, and how long the old one still works.
struct KeyRotation {
    /// Thirty days: who needs longer has two keys.
    static let maxOverlapSeconds: Int64 = 2_592_000
    private static let usualOverlap: Int64 = 86_400
    /// A key that was made to last longer was made to last.
    private static let century: Int64 = 3_155_760_000

    /// The old key with its new end.
    let old: KeyRecord
    /// The end of the new one.
    let expires: Timestamp?

    /// - Parameters:
    ///   - body: `overlap_seconds` and `expires_at`.
    ///   - longest: seconds that a key may last at most.
    /// - Throws: `conflict` for a key that has ended, `invalidRequest` naming `expires_at`.
    init(of key: KeyRecord, as body: JSONObject, at now: Timestamp, longest: Int64?) throws {
        guard !key.hasEnded(at: now) else { throw SaveError(.conflict, "the key has ended; make another one") }
        let overlap = body["overlap_seconds"]?.integer ?? Self.usualOverlap
        let end = now.adding(seconds: min(max(0, overlap), Self.maxOverlapSeconds))
        var old = key
        old.expires = key.expires.map { min($0, end) } ?? end
        self.old = old
        if body["expires_at"] == nil, let lifetime = Self.lifetime(of: key, longest: longest) {
            expires = now.adding(seconds: lifetime)
        } else {
            expires = try Self.expiry(body, at: now, longest: longest)
        }
    }

    /// The end that a request gives a key.
    ///
    /// - Throws: `invalidRequest` naming `expires_at`.
    static func expiry(_ body: JSONObject, at now: Timestamp, longest: Int64?) throws -> Timestamp? {
        let expires = body["expires_at"]?.string.flatMap { Timestamp(rfc3339: $0) }
        if let expires, expires <= now { throw SaveError.invalid("expires_at", "'expires_at' must be in the future") }
        if let longest, expires.map({ $0 > now.adding(seconds: longest) }) ?? true {
            throw SaveError.invalid("expires_at", "keys of this server end after \(longest) seconds at most: give 'expires_at'")
        }
        return expires
    }

    /// As long as the old key was made for. A key from before there was a limit gets the limit.
    private static func lifetime(of key: KeyRecord, longest: Int64?) -> Int64? {
        let own = key.expires.map { min($0.seconds - key.created.seconds, century) }
        return [own, longest].compactMap { $0 }.min()
    }
}

internal import SaveDigest
internal import Synchronization

/// Credentials that were verified, by a keyed hash of the header field, so that a password costs its slow hash once.
///
/// An entry says nothing by itself: who it stands for is resolved again whenever the catalogue has changed, so that a
/// disabled user, a changed password and a revoked key end with the next request.
final class CredentialCache: Sendable {
    private struct Entry {
        let proof: any CredentialProof
        var principal: Principal
        var expires: Timestamp?
        /// The catalogue that `principal` was resolved in.
        var generation: UInt64
    }

    private let entries: Mutex<RecentTable<Fingerprint, Entry>>

    init(capacity: Int) { entries = Mutex(RecentTable(capacity: capacity)) }

    /// Who a credential stands for now; nil when it is not known or no longer valid.
    func principal(
        _ fingerprint: Fingerprint, in catalogue: CatalogueSnapshot, clock: PlatformClock
    ) -> Principal? {
        entries.withLock { entries in
            guard var entry = entries[fingerprint] else { return nil }
            if let expires = entry.expires, clock.now() >= expires {
                entries[fingerprint] = nil
                return nil
            }
            if entry.generation == catalogue.generation { return entry.principal }
            guard let now = entry.proof.resolve(in: catalogue, at: clock.now()) else {
                entries[fingerprint] = nil
                return nil
            }
            entry.principal = now.principal
            entry.expires = now.expires
            entry.generation = catalogue.generation
            entries[fingerprint] = entry
            return entry.principal
        }
    }

    /// Remembers a verified credential. Returns who it stands for; nil when the catalogue has changed under it.
    func insert(
        _ fingerprint: Fingerprint, _ proof: any CredentialProof, in catalogue: CatalogueSnapshot, at now: Timestamp
    ) -> Principal? {
        guard let resolved = proof.resolve(in: catalogue, at: now) else { return nil }
        entries.withLock {
            $0[fingerprint] = Entry(
                proof: proof, principal: resolved.principal, expires: resolved.expires, generation: catalogue.generation)
        }
        return resolved.principal
    }
}

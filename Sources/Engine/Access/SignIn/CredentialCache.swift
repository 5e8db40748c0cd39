internal import SaveCaching
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// Credentials that were verified, by a keyed hash of the header field, so that a password costs its slow hash once.
///
/// An entry says nothing by itself: who it stands for is resolved again whenever the catalogue has changed, so that a
/// disabled user, a changed password and a revoked key end with the next request.
final class CredentialCache: Sendable {
    private struct Entry {
        let proof: any CredentialProof
        var authentication: Authentication
        /// The catalogue that it was resolved in.
        var generation: UInt64
    }

    private let entries: Mutex<RecentTable<Fingerprint, Entry>>

    init(capacity: Int) { entries = Mutex(RecentTable(capacity: capacity)) }

    /// The principal that a credential stands for now; nil when it is not known or no longer valid.
    func authentication(
        _ fingerprint: Fingerprint, in catalogue: CatalogueSnapshot, at now: Timestamp
    ) -> Authentication? {
        entries.withLock { entries in
            guard var entry = entries[fingerprint] else { return nil }
            if entry.generation == catalogue.generation, !entry.authentication.hasEnded(at: now) { return entry.authentication }
            guard let renewed = Authentication(entry.proof, in: catalogue, at: now) else {
                entries[fingerprint] = nil
                return nil
            }
            entry.authentication = renewed
            entry.generation = catalogue.generation
            entries[fingerprint] = entry
            return renewed
        }
    }

    /// Remembers a verified credential. Returns who it stands for; nil when the catalogue has changed under it, or it has ended.
    func insert(
        _ fingerprint: Fingerprint, _ proof: any CredentialProof, in catalogue: CatalogueSnapshot, at now: Timestamp
    ) -> Authentication? {
        guard let proven = Authentication(proof, in: catalogue, at: now) else { return nil }
        entries.withLock {
            $0[fingerprint] = Entry(proof: proof, authentication: proven, generation: catalogue.generation)
        }
        return proven
    }
}

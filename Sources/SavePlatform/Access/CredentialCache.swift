internal import SaveDigest
internal import Synchronization

/// What a verified credential rests on. The principal follows from it and the catalogue, each time anew.
enum CredentialProof: Sendable, Equatable {
    /// This user's password was checked against exactly this hash.
    case password(username: String, hash: String)
    /// This key's text has exactly this hash.
    case key(id: String, hash: [UInt8])

    /// Who that is now, and until when; nil once the account or the key is gone, disabled, changed or expired.
    func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> (principal: Principal, expires: Timestamp?)? {
        switch self {
        case .password(let username, let hash):
            guard let user = catalogue.users[username], !user.disabled, user.passwordHash == hash else { return nil }
            return (.user(id: user.id, username: user.username, role: user.role, key: nil), nil)
        case .key(let id, let hash):
            guard let key = catalogue.keys[id], key.hash == hash else { return nil }
            if let expires = key.expires, now >= expires { return nil }
            let context = KeyContext(id: key.id, scopes: key.scopes, expires: key.expires)
            if key.owner.isRobot {
                guard let robot = catalogue.robots[key.owner.name], !robot.disabled else { return nil }
                return (.robot(id: robot.id, name: robot.name, project: robot.project, key: context), key.expires)
            }
            guard let user = catalogue.users[key.owner.name], !user.disabled else { return nil }
            return (.user(id: user.id, username: user.username, role: user.role, key: context), key.expires)
        }
    }
}

/// Credentials that were verified, by a keyed hash of the header field, so that a password costs its slow hash once.
///
/// An entry says nothing by itself: who it stands for is resolved again whenever the catalogue has changed, so that a
/// disabled user, a changed password and a revoked key end with the next request.
final class CredentialCache: Sendable {
    private struct Entry {
        let proof: CredentialProof
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
        _ fingerprint: Fingerprint, _ proof: CredentialProof, in catalogue: CatalogueSnapshot, at now: Timestamp
    ) -> Principal? {
        guard let (principal, expires) = proof.resolve(in: catalogue, at: now) else { return nil }
        entries.withLock {
            $0[fingerprint] = Entry(
                proof: proof, principal: principal, expires: expires, generation: catalogue.generation)
        }
        return principal
    }
}

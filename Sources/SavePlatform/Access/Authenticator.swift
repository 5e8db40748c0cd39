internal import SaveDigest

/// Finds out who sent a request.
///
/// `cached` answers on the spot and is asked first, by the server's own thread; only a password that was not seen lately
/// needs `authenticate`, which hashes slowly.
package final class Authenticator: Sendable {
    private struct Flight: Hashable {
        let fingerprint: Fingerprint
        let client: ClientAddress
    }

    private let catalogue: Catalogue
    private let hasher: any PasswordHashing
    private let serverKey: [UInt8]
    private let fingerprints: KeyedFingerprint
    private let clock: PlatformClock
    private let cache: CredentialCache
    private let limiter: SignInLimiter
    private let failures: SignInFailures
    private let flights = SingleFlight<Flight, Principal>()

    /// - Parameters:
    ///   - serverKey: the server's own 32 bytes, under which keys are hashed.
    ///   - store: where failed sign-ins are recorded.
    package init(
        catalogue: Catalogue, hasher: any PasswordHashing, serverKey: [UInt8], clock: PlatformClock,
        store: any MetadataStore, log: Log, rules: SignInLimiter.Rules = SignInLimiter.Rules(), cacheCapacity: Int = 10_000
    ) {
        self.catalogue = catalogue
        self.hasher = hasher
        self.serverKey = serverKey
        self.clock = clock
        fingerprints = KeyedFingerprint(key: Secrets.hmacSHA256(key: serverKey, Array("save credential cache".utf8)))
        cache = CredentialCache(capacity: cacheCapacity)
        limiter = SignInLimiter(rules: rules, clock: clock)
        failures = SignInFailures(store: store, clock: clock, log: log, capacity: rules.capacity)
    }

    /// Who sent a request, where that is known without waiting: anonymous without credentials, whoever a verified
    /// credential stands for now, and the owner of an API key. nil means: ask `authenticate`.
    package func cached(_ request: HTTPRequest) -> Principal? {
        guard let field = request.headers.bytes(of: "authorization") else { return .anonymous }
        guard field.count <= SignInAttempt.longest, request.headers.count(of: "authorization") == 1 else { return nil }
        let fingerprint = fingerprint(of: field)
        let now = catalogue.current
        if let principal = cache.principal(fingerprint, in: now, clock: clock) { return principal }
        guard case .key(let candidate, let name) = SignInAttempt(field) else { return nil }
        guard let proof = proof(of: candidate, claimedBy: name, in: now) else { return nil }
        return cache.insert(fingerprint, proof, in: now, at: clock.now())
    }

    /// Who sent a request.
    ///
    /// - Throws: `unauthenticated` for credentials that are malformed, unknown, wrong, disabled or expired, all alike;
    ///   `tooManyRequests` after too many of those; `busy` when too many passwords are being checked.
    package func authenticate(_ request: HTTPRequest) async throws -> Principal {
        if let principal = cached(request) { return principal }
        let field = request.headers.bytes(of: "authorization") ?? []
        let isOne = request.headers.count(of: "authorization") == 1
        let attempt = isOne ? SignInAttempt(field) : .malformed
        // Fifty requests of one client that starts cost one hash, and one failure.
        let flight = Flight(fingerprint: fingerprint(of: field), client: request.client)
        guard case .password = attempt else { return try await check(attempt, flight.fingerprint, request) }
        return try await flights.run(flight) { [self] in try await check(attempt, flight.fingerprint, request) }
    }

    private func check(_ attempt: SignInAttempt, _ fingerprint: Fingerprint, _ request: HTTPRequest) async throws -> Principal {
        let identity = attempt.identity
        let ticket: SignInLimiter.Ticket
        do {
            ticket = try limiter.begin(identity: identity, from: request.client)
        } catch {
            await failures.record(identity: identity, .limited, request)
            throw error
        }
        do {
            if let proof = try await prove(attempt),
                let principal = cache.insert(fingerprint, proof, in: catalogue.current, at: clock.now())
            {
                limiter.end(ticket, .succeeded)
                return principal
            }
        } catch {
            limiter.end(ticket, .undecided)
            throw error
        }
        limiter.end(ticket, .failed)
        await failures.record(identity: identity, reason(for: attempt), request)
        throw SaveError(.unauthenticated, "the credentials are not valid")
    }

    private func prove(_ attempt: SignInAttempt) async throws -> CredentialProof? {
        switch attempt {
        case .malformed, .robotWithoutKey: return nil
        case .key(let candidate, let name): return proof(of: candidate, claimedBy: name, in: catalogue.current)
        case .password(let name, let password):
            let user = PrincipalName(name).flatMap { catalogue.current.users[$0.name] }
            // A disabled user costs what an unknown one costs, and both what a wrong password costs.
            let hash = user.flatMap { $0.disabled ? nil : $0.passwordHash }
            guard try await hasher.verify(password, against: hash), let user, let hash else { return nil }
            return .password(username: user.username, hash: hash)
        }
    }

    private func proof(
        of candidate: APIKey.Candidate, claimedBy name: String?, in catalogue: CatalogueSnapshot
    ) -> CredentialProof? {
        guard let key = catalogue.keys[candidate.id],
            Secrets.areEqual(key.hash, APIKey.hash(candidate.bytes, serverKey: serverKey)),
            name == nil || name.flatMap(PrincipalName.init) == key.owner
        else { return nil }
        return .key(id: key.id, hash: key.hash)
    }

    private func fingerprint(of field: ArraySlice<UInt8>) -> Fingerprint {
        fingerprints.of(field)
    }

    private func reason(for attempt: SignInAttempt) -> SignInFailures.Reason {
        let now = catalogue.current
        switch attempt {
        case .malformed: return .malformed
        case .robotWithoutKey: return .key
        case .password(let name, _):
            guard let user = PrincipalName(name).flatMap({ now.users[$0.name] }) else { return .unknownUser }
            return user.disabled ? .disabled : .password
        case .key(let candidate, let name):
            guard let proof = proof(of: candidate, claimedBy: name, in: now) else { return .key }
            if proof.resolve(in: now, at: clock.now()) != nil { return .key }
            let isExpired = now.keys[candidate.id]?.expires.map { clock.now() >= $0 } ?? false
            return isExpired ? .expired : .disabled
        }
    }
}

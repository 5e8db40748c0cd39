internal import SaveDigest
package import SaveHTTP
internal import SavePlatform
package import SaveStorage
internal import Synchronization

/// Finds out who sent a request: the one gate for every way of signing in.
///
/// What a credential is, the providers know; that a guesser waits, that a verified credential is remembered but never
/// outlives its account, that fifty first requests cost one check, and what is written down is the same for all of them.
/// `cached` answers on the spot and is asked first, by the server's own thread; only what takes time to check and was not
/// seen lately needs `authenticate`.
package final class Authenticator: RequestAuthenticating {
    private struct Flight: Hashable {
        let fingerprint: Fingerprint
        let client: ClientAddress
    }

    private let catalogue: Catalogue
    private let providers: [any SignInProviding]
    private let immediate: [any ImmediateSignInProviding]
    private let fingerprints: KeyedFingerprint
    private let clock: PlatformClock
    /// What took time to check.
    private let cache: CredentialCache
    /// What is verified at once. It has a table of its own: anybody can have as many tokens as they like, and as many spellings of a key, and must not
    /// push out what another one's password cost.
    private let quick: CredentialCache
    private let limiter: SignInLimiter
    private let failures: SignInFailures
    /// Sign-ins that were refused, since the start.
    package var failedSignIns: Int { failures.count.load(ordering: .relaxed) }
    private let uses: KeyUses
    private let flights = SingleFlight<Flight, Authentication>()

    /// - Parameters:
    ///   - providers: the ways of signing in, in the order in which they are asked.
    ///   - serverKey: the server's own 32 bytes, under which verified credentials are remembered.
    ///   - uses: where the use of keys is noted.
    ///   - trail: where failed sign-ins are recorded.
    package init(
        catalogue: Catalogue, providers: [any SignInProviding], uses: KeyUses, serverKey: [UInt8], clock: PlatformClock,
        trail: any AuditRecording, rules: SignInLimiter.Rules = SignInLimiter.Rules(), cacheCapacity: Int = 10_000
    ) {
        self.catalogue = catalogue
        self.providers = providers
        self.uses = uses
        self.clock = clock
        immediate = providers.compactMap { $0 as? any ImmediateSignInProviding }
        fingerprints = KeyedFingerprint(key: Secrets.hmacSHA256(key: serverKey, Array("save credential cache".utf8)))
        cache = CredentialCache(capacity: cacheCapacity)
        quick = CredentialCache(capacity: cacheCapacity)
        limiter = SignInLimiter(rules: rules, clock: clock)
        failures = SignInFailures(trail: trail, clock: clock, capacity: rules.capacity)
    }

    /// The sender of a request, where it is known without waiting: anonymous without credentials, the account that a verified
    /// credential stands for now, or the owner of an API key. nil means: ask `authenticate`.
    package func cached(_ request: HTTPRequest) -> Authentication? {
        let known = known(request)
        if let key = known?.principal.key { noteUse(of: key, by: request) }
        return known
    }

    package func noteUse(of key: KeyContext, by request: HTTPRequest) { uses.note(key.id, from: request.client) }

    private func known(_ request: HTTPRequest) -> Authentication? {
        guard let field = request.headers.bytes(of: "authorization") else { return .anonymous }
        guard field.count <= PresentedCredential.maxBytes, request.headers.count(of: "authorization") == 1 else { return nil }
        if PresentedCredential.isOfNobody(field) { return .anonymous }
        // What was verified where it is taken, is no credential elsewhere.
        let isBare = PresentedCredential.isBare(field)
        if isBare, !takesBareKeys(request) { return nil }
        if PresentedCredential.hasToken(field), !takesTokens(request) { return nil }
        let fingerprint = fingerprints.of(field)
        let now = catalogue.current
        for table in [quick, cache] {
            if let known = table.authentication(fingerprint, in: now, at: clock.now()) { return known }
        }
        guard let credential = PresentedCredential(field, takesBare: isBare) else { return nil }
        for provider in immediate where provider.recognizes(credential) {
            switch provider.verifyAtOnce(credential, in: now) {
            case .proven(let proof): return quick.insert(fingerprint, proof, in: now, at: clock.now())
            case .refused: return nil
            case .unknown: continue
            }
        }
        return nil
    }

    /// Whether the request is for repositories of a format whose clients send keys without a scheme.
    private func takesBareKeys(_ request: HTTPRequest) -> Bool {
        catalogue.formats.place(of: request.rawPath)?.descriptor.abilities.contains(.bareKeys) ?? false
    }

    /// Whether the request is for repositories of a format whose clients get tokens.
    private func takesTokens(_ request: HTTPRequest) -> Bool {
        guard let place = catalogue.formats.place(of: request.rawPath) else { return false }
        return place.isMounted && place.descriptor.mount?.tokenPath != nil
    }

    /// The sender of a request.
    ///
    /// - Throws: `unauthenticated` for credentials that are malformed, unknown or wrong, all alike, and for right ones that do
    ///   not sign in, saying why; `tooManyRequests` after too many of those; `busy` when too many passwords are being checked.
    package func authenticate(_ request: HTTPRequest) async throws -> Authentication {
        if let known = cached(request) { return known }
        let field = request.headers.bytes(of: "authorization") ?? []
        let fingerprint = fingerprints.of(field)
        guard request.headers.count(of: "authorization") == 1, !PresentedCredential.hasToken(field) || takesTokens(request),
            let credential = PresentedCredential(field, takesBare: takesBareKeys(request))
        else {
            return try await check(nil, fingerprint, request)
        }
        // A client that has the secret does not guess, and is told why it is of no use, however many others guess.
        if let refusal = atOnce(credential, in: catalogue.current), refusal.told != nil {
            await failures.record(identity: identity(of: credential), refusal, request)
            throw Self.error(refusal)
        }
        // Fifty requests of one client that starts cost one hash, and one failure.
        return try await flights.run(Flight(fingerprint: fingerprint, client: request.client)) { [self] in
            try await check(credential, fingerprint, request)
        }
    }

    /// Why a provider that need not wait refuses a credential; nil where none does.
    private func atOnce(_ credential: PresentedCredential, in catalogue: CatalogueSnapshot) -> SignInRefusal? {
        for provider in immediate where provider.recognizes(credential) {
            switch provider.verifyAtOnce(credential, in: catalogue) {
            case .proven: return nil
            case .refused(let refusal): return refusal
            case .unknown: continue
            }
        }
        return nil
    }

    /// What failures are counted under: what the first provider says that reads such credentials.
    private func identity(of credential: PresentedCredential?) -> String {
        credential.flatMap { credential in
            providers.first { $0.recognizes(credential) }?.identity(of: credential)
        } ?? ""
    }

    private static func error(_ refusal: SignInRefusal) -> SaveError {
        refusal.told.map { SaveError(.unauthenticated, $0) } ?? .credentialsNotValid
    }

    private func check(
        _ credential: PresentedCredential?, _ fingerprint: Fingerprint, _ request: HTTPRequest
    ) async throws -> Authentication {
        let able = credential.map { credential in providers.filter { $0.recognizes(credential) } } ?? []
        let identity = identity(of: credential)
        let ticket: SignInLimiter.Ticket
        do {
            ticket = try limiter.begin(identity: identity, from: request.client)
        } catch {
            await failures.record(identity: identity, .limited, request)
            throw error
        }
        let refusal: SignInRefusal
        do {
            switch try await verdict(of: able, on: credential) {
            case .proven(let proof):
                let table = PresentedCredential.hasToken(request.headers.bytes(of: "authorization") ?? []) ? quick : cache
                if let proven = table.insert(fingerprint, proof, in: catalogue.current, at: clock.now()) {
                    limiter.end(ticket, .succeeded)
                    if let key = proven.principal.key { noteUse(of: key, by: request) }
                    return proven
                }
                refusal = .superseded
            case .refused(let reason), .unknown(let reason): refusal = reason
            }
        } catch {
            limiter.end(ticket, .undecided)
            throw error
        }
        limiter.end(ticket, refusal.told == nil ? .failed : .undecided)
        await failures.record(identity: identity, refusal, request)
        throw Self.error(refusal)
    }

    /// What the first provider says that knows the credential; where none does, what the first one said.
    private func verdict(
        of providers: [any SignInProviding], on credential: PresentedCredential?
    ) async throws -> SignInVerdict {
        var unknown: SignInRefusal?
        guard let credential else { return .unknown(.malformed) }
        for provider in providers {
            let verdict = try await provider.verify(credential, in: catalogue.current)
            guard case .unknown(let reason) = verdict else { return verdict }
            unknown = unknown ?? reason
        }
        return .unknown(unknown ?? .malformed)
    }
}

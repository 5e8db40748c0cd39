internal import SaveCaching
internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Which ready answer a read got, so that the same read again costs one look-up.
///
/// The caller, the meaning of the path, whether the caller may read it and which form it accepts follow from a few fields of the
/// request and from the catalogue. So the key is target, scheme and these fields, hashed; and an entry ends with the catalogue that it
/// was made under, with the credential that it was authorized by, and with the answer (`AnswerMemoTests`). Conditions and ranges are
/// looked at each time.
///
/// Answers are held weakly: how much memory they take is decided where they are made.
struct AnswerMemo: Sendable {
    private final class Entry: Sendable {
        weak let answer: (any ReadyAnswer)?
        let sender: Authentication
        let generation: UInt64

        init(answer: any ReadyAnswer, sender: Authentication, generation: UInt64) {
            self.answer = answer
            self.sender = sender
            self.generation = generation
        }
    }

    private let catalogue: CurrentCatalogue
    private let counters: ChangeCounters
    private let clock: PlatformClock
    private let deciding: [StaticString]
    private let fingerprints: KeyedFingerprint
    private let entries: BoundedCache<Fingerprint, Entry>

    /// - Parameters:
    ///   - capacity: how many different requests are remembered.
    ///   - deciding: the fields by which handlers choose an answer, beside the credentials.
    init(capacity: Int, deciding: [StaticString], catalogue: CurrentCatalogue, counters: ChangeCounters, clock: PlatformClock) {
        self.catalogue = catalogue
        self.counters = counters
        self.clock = clock
        self.deciding = ["authorization"] + deciding
        // Credentials are in what is remembered: under a key of its own, so that nothing in memory tells them.
        fingerprints = KeyedFingerprint(key: (0..<32).map { _ in UInt8.random(in: .min ... .max) })
        entries = BoundedCache(limit: capacity)
    }

    /// The version of the catalogue now.
    var generation: UInt64 { catalogue.generation }

    /// What stands for a read of this target with these fields.
    func name(of request: HTTPRequest) -> Fingerprint {
        var text: [UInt8] = []
        text.reserveCapacity(512)
        text.append(contentsOf: request.target)
        text.append(request.isSecure ? 1 : 0)
        request.headers.appendFields(deciding, to: &text)
        return fingerprints.of(text[...])
    }

    /// The answer that the same request got, while it still holds, with its validity and the sender of such requests.
    func answer(
        _ name: Fingerprint
    ) -> (answer: any ReadyAnswer, validity: CacheValidity, principal: Principal)? {
        guard let entry = entries[name], entry.generation == catalogue.generation, let answer = entry.answer else { return nil }
        if entry.sender.expires != nil, entry.sender.hasEnded(at: clock.now()) { return nil }
        let validity = answer.validity
        guard validity.holds(counters: counters, clock: clock) else { return nil }
        return (answer, validity, entry.sender.principal)
    }

    /// - Parameters:
    ///   - generation: that of the catalogue before the sender was looked up.
    ///   - sender: the credential by which it was authorized.
    func remember(_ answer: any ReadyAnswer, as name: Fingerprint, generation: UInt64, sender: Authentication) {
        entries.insert(Entry(answer: answer, sender: sender, generation: generation), for: name)
    }
}

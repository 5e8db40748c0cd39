internal import SaveAccess
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// People who are signed in with a browser. The server keeps who they are; the browser keeps a random secret, of which the server
/// knows the digest alone.
///
/// A session ends by itself after a while without use, at the latest after a week; and at once when it is ended here or elsewhere,
/// when the password changes, and while the account is disabled.
struct BrowserSessions: Sendable {
    /// Seconds without use, and seconds in all.
    static let idle: Int64 = 8 * 3600
    static let longest: Int64 = 7 * 24 * 3600
    /// A use so soon after the one that was noted last is not written down.
    private static let grain: Int64 = 60
    /// Sessions of an account: one more ends the oldest.
    static let most = 50

    let store: any MetadataStore
    let catalogue: Catalogue
    let clock: PlatformClock
    private let uses = SessionUses()

    init(store: any MetadataStore, catalogue: Catalogue, clock: PlatformClock) {
        self.store = store
        self.catalogue = catalogue
        self.clock = clock
    }

    struct Session: Sendable {
        let record: SessionRecord
        let authentication: Authentication
        /// What every form of this session has to bring.
        let token: String
    }

    /// The session that a cookie stands for; nil where it stands for none any more.
    ///
    /// - Parameter isUse: whether somebody uses it, so that it lasts longer.
    func session(of cookie: SessionCookie, isUse: Bool) async throws -> Session? {
        guard let secret = cookie.secret else { return nil }
        let id = Self.id(of: secret)
        await uses.wait(for: id)
        guard let record = try await store.read({ try $0.session(id) }), let authentication = authentication(record) else {
            return nil
        }
        if isUse { noteUse(of: record) }
        return Session(record: record, authentication: authentication, token: FormToken.text(of: secret))
    }

    /// The sessions of a user that have not ended, the one that was used last first.
    func list(of username: String) async throws -> [SessionRecord] {
        try await store.read { try $0.sessions(of: username) }.filter { authentication($0) != nil }.sorted { $0.used > $1.used }
    }

    /// Begins a session for somebody who signed in with a password. An earlier one of the same browser ends with it: who knew its
    /// secret before knows nothing now.
    ///
    /// - Returns: the secret.
    /// - Throws: `forbidden` for a key, which is no password: a session would outlive it.
    func begin(for sender: Authentication, _ request: HTTPRequest, replacing earlier: [UInt8]?) async throws -> [UInt8] {
        guard case .user(_, let username, _, nil) = sender.principal, let user = catalogue.current.users[username] else {
            throw SaveError(.forbidden, "sign in with the password of a person's account: API keys and robots are for programs")
        }
        let secret = try Secrets.random(SessionCookie.secretBytes)
        let now = clock.now()
        let record = SessionRecord(
            id: Self.id(of: secret), username: username, credential: Self.credential(of: user), created: now, used: now,
            address: request.client.description, userAgent: AuditTrail.bounded(request.headers["user-agent"] ?? "", limit: 256))
        let context = AuditContext(request, sender.principal)
        try await store.write { [self] writing in
            _ = try sender.renewed(in: catalogue.current, at: now)
            try writing.deleteSessions(
                usedBefore: now.adding(seconds: -Self.idle), createdBefore: now.adding(seconds: -Self.longest))
            func end(_ old: SessionRecord, because reason: String) throws {
                guard try writing.deleteSession(old.id) else { return }
                try writing.record(Self.event("session.delete", old, ["reason": .string(reason)]), context, at: now)
            }
            if let earlier, let old = try writing.session(Self.id(of: earlier)) { try end(old, because: "replaced") }
            try writing.put(record)
            for old in try writing.sessions(of: username).filter({ $0.id != record.id }).dropLast(Self.most - 1) {
                try end(old, because: "more than \(Self.most)")
            }
            try writing.record(Self.event("session.create", record), context, at: now)
        }
        return secret
    }

    /// Ends a session of a user's own. One that has ended already is no mistake: it is what was wanted.
    func end(_ id: String, of username: String, _ context: AuditContext) async throws {
        let now = clock.now()
        try await store.write { writing in
            guard let record = try writing.session(id), record.username == username, try writing.deleteSession(id) else { return }
            try writing.record(Self.event("session.delete", record), context, at: now)
        }
    }

    private func authentication(_ record: SessionRecord) -> Authentication? {
        let end = min(record.created.adding(seconds: Self.longest), record.used.adding(seconds: Self.idle))
        let proof = SessionProof(username: record.username, credential: record.credential, end: end)
        return Authentication(proof, in: catalogue.current, at: clock.now())
    }

    /// No page waits for it, and each is shown whether it can be written or not.
    private func noteUse(of record: SessionRecord) {
        let now = clock.now()
        guard now > record.used.adding(seconds: Self.grain) else { return }
        uses.note(record.id) { [store] in
            try? await store.write { writing in
                guard var current = try writing.session(record.id) else { return }
                current.used = now
                try writing.put(current)
            }
        }
    }

    static func id(of secret: [UInt8]) -> String { Digest.hex(secret) }

    fileprivate static func credential(of user: UserRecord) -> String { Digest.hex(Array(user.passwordHash.utf8)) }

    private static func event(_ action: String, _ session: SessionRecord, _ more: JSONObject = JSONObject()) -> AuditEvent {
        var details: JSONObject = ["address": .string(session.address)]
        for member in more.members { details[member.key] = member.value }
        return AuditEvent(action, "session", "\(session.username)/\(session.id.prefix(16))", details: details)
    }
}

/// A user who signed in with the password that they still have.
private struct SessionProof: CredentialProof {
    let username: String
    let credential: String
    let end: Timestamp

    func resolve(in catalogue: CatalogueSnapshot, at now: Timestamp) -> ResolvedCredential? {
        guard let user = catalogue.users[username], !user.disabled, BrowserSessions.credential(of: user) == credential else {
            return nil
        }
        return ResolvedCredential(.user(id: user.id, username: user.username, role: user.role, key: nil), expires: end)
    }
}

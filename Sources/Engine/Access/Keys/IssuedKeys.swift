package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// Makes keys for people and ends them, each with its record in the audit trail, where that needs no REST API.
package struct IssuedKeys: Sendable {
    private let catalogue: Catalogue
    private let store: any MetadataStore
    private let clock: PlatformClock
    private let serverKey: [UInt8]
    private let longest: Int64?

    /// - Parameters:
    ///   - serverKey: the server's own 32 bytes.
    ///   - longest: seconds that a key may last at most; nil where keys need no end.
    package init(
        catalogue: Catalogue, store: any MetadataStore, clock: PlatformClock, serverKey: [UInt8], longest: Int64?
    ) {
        self.catalogue = catalogue
        self.store = store
        self.clock = clock
        self.serverKey = serverKey
        self.longest = longest
    }

    /// Makes a key, which lasts as long as keys of this server may. When this returns, it signs in.
    ///
    /// - Returns: its text, which nobody can read again.
    /// - Throws: `forbidden` for a caller that did not sign in with a password: a thief of a key must not be able to make
    ///   another that outlives it. `unauthenticated` where the account has gone meanwhile.
    package func issue(
        _ description: String, scopes: [KeyScope], for sender: Authentication, _ context: AuditContext
    ) async throws -> String {
        guard case .user(_, let username, _, nil) = sender.principal else {
            throw SaveError(.forbidden, "keys are made with a password: a key, or a robot's, is used as it is")
        }
        let now = clock.now()
        let (text, key) = try APIKey.issue(
            for: .user(username), description: description, scopes: scopes, expires: longest.map { now.adding(seconds: $0) },
            at: now, serverKey: serverKey)
        let (catalogue, clock) = (catalogue, clock)
        try await store.write { writing in
            _ = try sender.renewed(in: catalogue.current, at: clock.now())
            try writing.put(key)
            try writing.record(Self.event("key.create", key), context, at: now)
        }
        try await catalogue.reload(keys: [key.id])
        return text
    }

    /// Ends a key of its owner. When this returns, it signs nobody in.
    ///
    /// - Throws: `notFound` for what is no key of the principal's own; `forbidden` for robots, whose keys are their project's,
    ///   and for a key with scopes that would end another.
    package func end(_ text: String, _ context: AuditContext) async throws {
        guard case .user(_, let username, _, let own) = context.principal else {
            throw SaveError(.forbidden, "a robot's key is revoked by the owners of its project: ask one of them")
        }
        guard let candidate = APIKey.parse(text.utf8) else { throw Self.missing }
        guard own?.scopes.isEmpty ?? true || own?.id == candidate.id else {
            throw SaveError(.forbidden, "a key with scopes may not revoke other keys: use the password, or a key without scopes")
        }
        let now = clock.now()
        let serverKey = serverKey
        try await store.write { writing in
            guard let key = try writing.key(candidate.id), key.owner == .user(username),
                key.hash == APIKey.hash(candidate.bytes, serverKey: serverKey), try writing.deleteKey(key.id)
            else { throw Self.missing }
            try writing.record(Self.event("key.delete", key), context, at: now)
        }
        try await catalogue.reload(keys: [candidate.id])
    }

    private static let missing = SaveError(.notFound, "there is no such key: it may be revoked already")

    private static func event(_ action: String, _ key: KeyRecord) -> AuditEvent {
        let scopes = key.scopes.map { scope -> JSONValue in
            ["resource": JSONValue(scope.resource), "permissions": .array(scope.permissions.map { .string($0.rawValue) })]
        }
        return AuditEvent(
            action, "key", "\(key.owner.text)/\(key.id)",
            details: [
                "description": .string(key.description), "scopes": .array(scopes),
                "expires_at": JSONValue(key.expires?.rfc3339),
            ])
    }
}

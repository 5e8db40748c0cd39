package import SavePlatform
package import SaveStorage

/// Changes to users that need no HTTP: for the REST API, the first start, and the operator who is locked out.
package enum Accounts {
    /// The shortest password a user may choose, and the longest, in bytes.
    package static let passwordLength = 8...1024

    /// Names that stand for nobody in particular in the audit trail.
    private static let reservedNames: Set<String> = ["anonymous", "system"]

    /// All users, ordered by name.
    package static func list(in store: any MetadataStore) async throws -> [UserRecord] {
        try await store.read { try $0.users() }
    }

    /// Adds a user, with its record in the audit trail. The catalogue is the caller's to reload.
    ///
    /// - Parameter confirm: refuses what may not be done any more; called inside the transaction, since hashing takes time.
    /// - Throws: `invalidRequest` naming `username` or `password`, `conflict` for a taken name, `busy`, and what `confirm` throws.
    @discardableResult
    package static func createUser(
        _ username: String, password: [UInt8], role: SystemRole, disabled: Bool = false, hasher: any PasswordHashing,
        in store: any MetadataStore, at now: Timestamp, as context: AuditContext = .system,
        confirm: @escaping @Sendable () throws -> Void = {}
    ) async throws -> UserRecord {
        guard PrincipalName.isValidUsername(username), !reservedNames.contains(ASCII.lowercased(username)) else {
            throw SaveError.invalid(
                "username",
                "a user name is 1 to 254 letters, digits or . _ @ -, begins with a letter or digit, and is not a reserved word")
        }
        try check(password)
        let hash = try await hasher.hash(password)
        return try await store.write { writing in
            try confirm()
            // Two names that differ in their capitals only are one name to most people who read them.
            let wanted = ASCII.lowercased(username)
            guard try !writing.users().contains(where: { ASCII.lowercased($0.username) == wanted }) else {
                throw SaveError(.conflict, "there is a user '\(username)' already", details: ["field": "username"])
            }
            let user = try writing.put(
                UserRecord(
                    username: username, passwordHash: hash, role: role, disabled: disabled, created: now, updated: now))
            let details: JSONObject = ["role": .string(role.rawValue), "disabled": .bool(disabled)]
            try writing.record(AuditEvent("user.create", "user", username, details: details), context, at: now)
            return user
        }
    }

    /// Gives a user another password, with its record in the audit trail. Credentials verified with the old one end when
    /// the caller reloads the catalogue.
    ///
    /// - Parameter confirm: refuses what may not be done any more; called inside the transaction, since hashing takes time.
    /// - Throws: `notFound`, `invalidRequest` naming `password`, `busy`, and what `confirm` throws.
    package static func setPassword(
        of username: String, to password: [UInt8], hasher: any PasswordHashing, in store: any MetadataStore,
        at now: Timestamp, as context: AuditContext = .system, confirm: @escaping @Sendable () throws -> Void = {}
    ) async throws {
        try check(password)
        let hash = try await hasher.hash(password)
        try await store.write { writing in
            try confirm()
            var user = try user(username, in: writing)
            user.passwordHash = hash
            user.updated = now
            _ = try writing.put(user)
            try writing.record(AuditEvent("user.password", "user", username), context, at: now)
        }
    }

    /// A user by name.
    ///
    /// - Throws: `notFound`.
    package static func user(_ username: String, in reading: any AccountReading) throws -> UserRecord {
        guard let user = try reading.user(username) else {
            throw SaveError(.notFound, "there is no such user")
        }
        return user
    }

    /// Refuses a change after which nobody could administer the server. Called inside the change's transaction, so that
    /// two administrators cannot remove each other at the same time.
    ///
    /// - Parameters:
    ///   - after: the user as it will be; nil for one who is deleted.
    ///   - before: the user as it is. Who is no administrator that can sign in changes nothing about that.
    /// - Throws: `conflict`.
    package static func checkAdministratorRemains(
        after: UserRecord?, insteadOf before: UserRecord, in reading: any AccountReading
    ) throws {
        func administers(_ user: UserRecord) -> Bool { user.role == .admin && !user.disabled }
        guard administers(before), !(after.map(administers) ?? false) else { return }
        guard try reading.users().contains(where: { $0.id != before.id && administers($0) }) else {
            throw SaveError(.conflict, "this is the last administrator who can sign in")
        }
    }

    /// Makes sure that a password may be one.
    ///
    /// - Throws: `invalidRequest` naming `password`.
    package static func check(_ password: [UInt8]) throws {
        guard passwordLength.contains(password.count) else {
            throw SaveError.invalid(
                "password", "a password has \(passwordLength.lowerBound) to \(passwordLength.upperBound) bytes")
        }
        // A password of this form would be taken for a key at sign-in and never be checked as a password.
        guard APIKey.parse(password) == nil else {
            throw SaveError.invalid("password", "this is an API key, not a password")
        }
    }
}

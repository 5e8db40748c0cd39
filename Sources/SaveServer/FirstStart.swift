internal import FoundationEssentials
internal import Glibc
internal import SaveAccess
internal import SaveBlobs
internal import SaveDigest
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What a server without any user does: makes `admin`.
enum FirstStart {
    /// The password that the operator chose; nil where there is none.
    ///
    /// - Throws: `invalidConfiguration` for one that the REST API would not take either.
    static func givenPassword(_ environment: [String: String]) throws -> String? {
        guard let given = environment["SAVE_ADMIN_PASSWORD"], !given.isEmpty else { return nil }
        do {
            try Accounts.check(Array(given.utf8))
        } catch let error as SaveError {
            throw SaveError(
                .invalidConfiguration, "SAVE_ADMIN_PASSWORD cannot be the password of 'admin': \(error.message)",
                details: ["key": "SAVE_ADMIN_PASSWORD"])
        }
        return given
    }

    /// Makes sure, before anything is made, that a data directory that has no server's data yet could get its administrator.
    ///
    /// - Throws: `invalidConfiguration`.
    static func check(data: String, environment: [String: String]) throws {
        guard !FileManager.default.fileExists(atPath: data + "/save.db") else { return }
        _ = try givenPassword(environment)
    }

    /// Creates the administrator when there is no user at all.
    ///
    /// The password comes from `SAVE_ADMIN_PASSWORD`, else it is random and written to `initial-admin-password` in the
    /// data directory (mode 0600). It is never logged.
    /// - Returns: what to tell the operator; nil when there was nothing to do.
    static func prepare(
        store: any MetadataStore, hasher: any PasswordHashing, data: String, environment: [String: String], clock: PlatformClock
    ) async throws -> String? {
        guard try await store.read({ try $0.users().isEmpty }) else { return nil }
        let given = try givenPassword(environment)
        let password = try given ?? Hex.encode(Secrets.random(16))
        let path = data + "/initial-admin-password"
        if given == nil { try PrivateFile.write(Array((password + "\n").utf8), to: path) }
        let hash = try await hasher.hash(Array(password.utf8))
        let now = clock.now()
        try await store.write { writing in
            _ = try writing.put(UserRecord(username: "admin", passwordHash: hash, role: .admin, created: now, updated: now))
            try writing.record(
                AuditEvent("user.create", "user", "admin", details: ["role": "admin", "reason": "first start"]), .system, at: now)
        }
        return given == nil
            ? "created the user 'admin'; its password is in \(path)"
            : "created the user 'admin' with the password of SAVE_ADMIN_PASSWORD"
    }
}

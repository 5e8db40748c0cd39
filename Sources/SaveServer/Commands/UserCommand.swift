internal import Foundation
internal import SaveArgon2
internal import SavePlatform
internal import SaveSQLMetadata

/// `user`: accounts without the server, for the operator who is locked out.
enum UserCommand: Command {
    static let name = "user"
    static let summary = "add users, set passwords, list users, without the server"
    static let help = """
        save-server user list                                  [--config FILE] [--data DIR]
        save-server user add NAME [--role admin|auditor|user]  [--config FILE] [--data DIR]
        save-server user passwd NAME                           [--config FILE] [--data DIR]

        Passwords are read from standard input, one line, so that they stand in no list of processes. passwd also enables a
        disabled user. The server must not be running. Every change is in the audit trail, made by `system`.
        """
    static let options: (valued: Set<String>, flags: Set<String>) = (["--config", "--data", "--role"], [])

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let hint = "save-server user --help shows the forms"
        guard let action = arguments.positional.first else {
            throw UsageError("user needs an action: list, add or passwd", hint: hint)
        }
        let name = arguments.positional.dropFirst().first
        let stores = try Stores.open(try arguments.configuration(environment))
        do {
            switch (action, name) {
            case ("list", nil): try await list(stores)
            case ("add", let name?): try await add(name, role: arguments.values["--role"] ?? "user", stores)
            case ("passwd", let name?): try await setPassword(name, stores)
            default: throw UsageError("'user \(arguments.positional.joined(separator: " "))' makes no sense", hint: hint)
            }
        } catch {
            await stores.close()
            throw error
        }
        await stores.close()
        return 0
    }

    private static func list(_ stores: Stores) async throws {
        for user in try await stores.metadata.read({ try $0.users() }) {
            print("\(user.username)\t\(user.role.rawValue)\(user.disabled ? "\tdisabled" : "")")
        }
    }

    private static func add(_ name: String, role: String, _ stores: Stores) async throws {
        guard let role = SystemRole(rawValue: role) else {
            throw UsageError("'\(role)' is no role", hint: "roles are admin, auditor and user")
        }
        try await Accounts.createUser(
            name, password: try readPassword(), role: role, hasher: Argon2PasswordHasher(), in: stores.metadata,
            at: PlatformClock.system.now())
        print("added \(name)")
    }

    private static func setPassword(_ name: String, _ stores: Stores) async throws {
        let now = PlatformClock.system.now()
        try await Accounts.setPassword(
            of: name, to: try readPassword(), hasher: Argon2PasswordHasher(), in: stores.metadata, at: now)
        try await stores.metadata.write { writing in
            var user = try Accounts.user(name, in: writing)
            guard user.disabled else { return }
            user.disabled = false
            user.updated = now
            _ = try writing.put(user)
            try writing.record(AuditEvent("user.update", "user", name, details: ["disabled": false]), .system, at: now)
        }
        print("changed the password of \(name)")
    }

    private static func readPassword() throws -> [UInt8] {
        if isatty(0) == 1 { Log.write(Array("password: ".utf8), to: 2) }
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            throw SaveError(.invalidRequest, "no password was given on standard input")
        }
        return Array(line.utf8)
    }
}

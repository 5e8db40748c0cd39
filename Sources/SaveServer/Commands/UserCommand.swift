internal import Foundation
internal import SaveArgon2
internal import SaveBlobs
internal import SavePlatform
internal import SaveSQLMetadata

/// `user`: accounts without the server, for the operator who is locked out.
enum UserCommand: Command {
    static let name = "user"
    static let summary = "list and mend users, without the server"
    static let help = """
        save-server user list                                  [--config FILE] [--data DIR]
        save-server user add NAME [--role admin|auditor|user]  [--config FILE] [--data DIR]
        save-server user passwd NAME                           [--config FILE] [--data DIR]
        save-server user role NAME admin|auditor|user          [--config FILE] [--data DIR]
        save-server user enable NAME                           [--config FILE] [--data DIR]
        save-server user disable NAME                          [--config FILE] [--data DIR]

        Passwords are read from standard input, one line, so that they stand in no list of processes. passwd also enables a
        disabled user. The last administrator who can sign in stays one. The server must not be running; PATCH and PUT below
        /api/v1/users do the same in a running one. Every change is in the audit trail, made by `system`. The exit status is
        0 for success, 1 for a refusal, 2 for a command line that makes no sense.
        """
    static let options: (valued: Set<String>, flags: Set<String>) = (["--config", "--data", "--role"], [])

    private enum Action {
        case list
        case add(String, SystemRole)
        case setPassword(String)
        case setRole(String, SystemRole)
        case setDisabled(String, Bool)

        init(_ arguments: Arguments) throws {
            let words = arguments.positional
            let role = try arguments.values["--role"].map { try Self.role($0) }
            switch (words.first, words.count) {
            case (nil, _):
                throw UsageError("user needs an action: list, add, passwd, role, enable or disable", hint: Self.hint)
            case ("add", 2): self = .add(words[1], role ?? .user)
            case (_, _) where role != nil: throw UsageError("--role goes with add NAME", hint: Self.hint)
            case ("list", 1): self = .list
            case ("passwd", 2): self = .setPassword(words[1])
            case ("role", 3): self = .setRole(words[1], try Self.role(words[2]))
            case ("enable", 2): self = .setDisabled(words[1], false)
            case ("disable", 2): self = .setDisabled(words[1], true)
            default: throw UsageError("'user \(words.joined(separator: " "))' makes no sense", hint: Self.hint)
            }
        }

        private static let hint = "save-server user --help shows the forms"

        private static func role(_ text: String) throws -> SystemRole {
            guard let role = SystemRole(rawValue: text) else {
                throw UsageError("'\(text)' is no role", hint: "roles are admin, auditor and user")
            }
            return role
        }
    }

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let action = try Action(arguments)
        let configuration = try arguments.configuration(environment)
        let stores = try Stores.open(configuration, for: .maintenance)
        do {
            try await perform(action, in: stores.metadata)
        } catch {
            await stores.close()
            throw error
        }
        await stores.close()
        return 0
    }

    private static func perform(_ action: Action, in store: SQLMetadataStore) async throws {
        switch action {
        case .list:
            for user in try await Accounts.list(in: store) {
                print("\(user.username)\t\(user.role.rawValue)\(user.disabled ? "\tdisabled" : "")")
            }
        case .add(let name, let role):
            try await Accounts.createUser(
                name, password: try readPassword(), role: role, hasher: Argon2PasswordHasher(), in: store,
                at: PlatformClock.system.now())
            print("added \(name)")
        case .setPassword(let name):
            // Whether there is such a user is said before a password is asked for.
            _ = try await store.read { try Accounts.user(name, in: $0) }
            try await Accounts.setPassword(
                of: name, to: try readPassword(), hasher: Argon2PasswordHasher(), in: store, at: PlatformClock.system.now())
            try await change(name, in: store) { $0.disabled = false }
            print("changed the password of \(name)")
        case .setRole(let name, let role):
            try await change(name, in: store) { $0.role = role }
            print("\(name) has the role \(role.rawValue)")
        case .setDisabled(let name, let disabled):
            try await change(name, in: store) { $0.disabled = disabled }
            print("\(disabled ? "disabled" : "enabled") \(name)")
        }
    }

    private static func change(
        _ name: String, in store: SQLMetadataStore, _ body: @escaping @Sendable (inout UserRecord) -> Void
    ) async throws {
        let now = PlatformClock.system.now()
        try await store.write { writing in
            let before = try Accounts.user(name, in: writing)
            var after = before
            body(&after)
            guard after != before else { return }
            try Accounts.checkAdministratorRemains(after: after, insteadOf: before, in: writing)
            after.updated = now
            _ = try writing.put(after)
            let details: JSONObject = ["role": .string(after.role.rawValue), "disabled": .bool(after.disabled)]
            try writing.record(AuditEvent("user.update", "user", name, details: details), .system, at: now)
        }
    }

    private static func readPassword() throws -> [UInt8] {
        if isatty(0) == 1 { Log.write(Array("password: ".utf8), to: 2) }
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            throw SaveError(.invalidRequest, "no password was given on standard input")
        }
        return Array(line.utf8)
    }
}

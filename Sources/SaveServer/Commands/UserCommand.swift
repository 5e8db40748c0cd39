internal import Glibc
internal import SaveAccess
internal import SaveArgon2
internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SaveSQLMetadata
internal import SaveStorage

/// `user`: accounts without the server, for the operator who is locked out.
enum UserCommand: Command {
    static let name = "user"
    private static let user = CommandForm.Operand("NAME", .text, "the name of the user")
    private static let role = CommandForm.Operand("ROLE", .choice(["admin", "auditor", "user"]), "what the user may do")

    static let form = CommandForm(
        summary: "list and mend users, without the server",
        actions: [
            .init(name: "list", operands: [], meaning: "print every user with the role, and whether the account is disabled"),
            .init(
                name: "add", operands: [user], options: [.init("--role", role, "the role of the new user (default: user)")],
                meaning: "make a user; the password is read from standard input"),
            .init(name: "passwd", operands: [user], meaning: "give a user another password, and enable a disabled one"),
            .init(name: "role", operands: [user, role], meaning: "give a user another role"),
            .init(name: "enable", operands: [user], meaning: "let a disabled user sign in again"),
            .init(name: "disable", operands: [user], meaning: "refuse a user's sign-ins and keys"),
        ],
        options: [.config, .data],
        description: """
            Passwords are read from standard input, one line, so that they stand in no list of processes. The last administrator
            who can sign in stays one. The server must not be running; PATCH and PUT below /api/v1/users do the same in a running
            one. Every change is in the audit trail, made by `system`. The exit status is 0 for success, 1 for a refusal, 2 for a
            command line that makes no sense.
            """)

    private enum Action {
        case list
        case add(String, SystemRole)
        case setPassword(String)
        case setRole(String, SystemRole)
        case setDisabled(String, Bool)

        init(_ arguments: Arguments) throws {
            switch arguments.action {
            case "list": self = .list
            case "add":
                self = .add(try arguments.operand(0), try Self.role(arguments.values["--role"] ?? SystemRole.user.rawValue))
            case "passwd": self = .setPassword(try arguments.operand(0))
            case "role": self = .setRole(try arguments.operand(0), try Self.role(arguments.operand(1)))
            case "enable": self = .setDisabled(try arguments.operand(0), false)
            case "disable": self = .setDisabled(try arguments.operand(0), true)
            default: throw Self.unknown(arguments.action ?? "")
            }
        }

        private static func role(_ text: String) throws -> SystemRole {
            guard let role = SystemRole(rawValue: text) else { throw unknown(text) }
            return role
        }

        /// What the command's form lets nobody write.
        private static func unknown(_ word: String) -> UsageError {
            UsageError("'\(word)' makes no sense", hint: "save-server user --help shows the forms")
        }
    }

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let action = try Action(arguments)
        let configuration = try arguments.configuration(environment)
        return try await Stores.using(configuration) { stores in
            try await perform(action, in: stores.metadata)
            return 0
        }
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

import SaveAccess
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

struct AccessAccountsTests {
    private let store = InMemoryMetadataStore()
    private let hasher = PlainPasswordHasher()
    private let now = Timestamp(seconds: 1)

    @discardableResult
    private func create(_ name: String, _ password: String = "long enough", role: SystemRole = .user) async throws -> UserRecord {
        try await Accounts.createUser(name, password: Array(password.utf8), role: role, hasher: hasher, in: store, at: now)
    }

    private func field(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? SaveError)?.details["field"]
        }
    }

    @Test(arguments: [
        "", "sa$ci", "a:b", "-a", "a b", "é", "__token__", "anonymous", "System", "a.", String(repeating: "a", count: 255),
    ])
    func `names that could be taken for something else are refused`(name: String) async throws {
        #expect(await field { try await create(name) } == "username")
        #expect(try await Accounts.list(in: store).isEmpty)
    }

    @Test func `two names that differ in capitals only are one name`() async throws {
        try await create("alice")
        let error = await #expect(throws: SaveError.self) { try await create("Alice") }
        #expect(error?.code == .conflict)
    }

    @Test func `passwords have 8 to 1024 bytes and are no keys`() async throws {
        let key = try APIKey.issue(for: .user("x"), at: now, serverKey: [UInt8](repeating: 0, count: 32)).text
        for password in ["", "1234567", String(repeating: "a", count: 1025), key] {
            #expect(await field { try await create("alice", password) } == "password")
        }
        #expect(await field { try await create("alice", String(repeating: "a", count: 1024)) } == nil)
        #expect(await field { try await create("bob", "🗝️🗝️") } == nil)
    }

    @Test func `the operator's changes are in the audit trail`() async throws {
        try await create("alice", role: .admin)
        try await Accounts.setPassword(of: "alice", to: Array("another one".utf8), hasher: hasher, in: store, at: now)
        let records = try await store.read { try $0.audit(after: 0, limit: 10) }
        #expect(records.map(\.action) == ["user.create", "user.password"])
        #expect(records.allSatisfy { $0.actorKind == "system" && $0.resource == "alice" })
        #expect(!records.description.contains("another one"))
    }

    @Test func `an unknown user has no password to set`() async throws {
        let error = await #expect(throws: SaveError.self) {
            try await Accounts.setPassword(of: "nobody", to: Array("long enough".utf8), hasher: hasher, in: store, at: now)
        }
        #expect(error?.code == .notFound)
    }

    @Test func `the last administrator who can sign in stays`() async throws {
        let first = try await create("first", role: .admin)
        let second = try await create("second", role: .admin)
        func allows(_ after: UserRecord?, insteadOf before: UserRecord) async -> Bool {
            do {
                try await store.read { try Accounts.checkAdministratorRemains(after: after, insteadOf: before, in: $0) }
                return true
            } catch {
                return false
            }
        }
        #expect(await allows(nil, insteadOf: first))
        var disabled = second
        disabled.disabled = true
        try await store.write { [disabled] in _ = try $0.put(disabled) }
        var demoted = first
        demoted.role = .auditor
        #expect(await !allows(nil, insteadOf: first))
        #expect(await !allows(demoted, insteadOf: first))
        #expect(await allows(first, insteadOf: first))
        #expect(await allows(nil, insteadOf: disabled))
        #expect(await allows(second, insteadOf: disabled))
    }
}

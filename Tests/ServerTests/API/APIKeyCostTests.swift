import SaveAPI
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

/// What a change of one key reads: what it is about, however many accounts and keys there are.
struct APIKeyCostTests {
    @Test(arguments: ["/user/keys", "/robots/ci/keys"])
    func `making, rotating and revoking a key reads no list of accounts or keys`(path: String) async throws {
        let store = ListNotingStore()
        let server = try await APIServer(over: store)
        #expect(try await server.send("POST", "/robots", body: #"{"name":"ci","project":"backend"}"#).status == 201)
        let maker = path.hasPrefix("/user/") ? "dev" : "owner"
        // The noting works: what makes an account does read all of them, for the catalogue.
        #expect(store.take().contains("robots"))

        let made = try await server.send("POST", path, as: maker, body: #"{"description":"one"}"#)
        #expect(made.status == 201)
        #expect(store.take() == [])
        let id = try #require(made["id"]?.string)
        #expect(try await server.send("POST", "\(path)/\(id)/rotate", as: maker, body: "{}").status == 201)
        #expect(store.take() == [])
        #expect(try await server.send("DELETE", "\(path)/\(id)", as: maker).status == 204)
        #expect(store.take() == [])
    }

    @Test func `setting a password and giving a role look at one account`() async throws {
        let store = ListNotingStore()
        let server = try await APIServer(over: store)
        #expect(try await server.send("POST", "/robots", body: #"{"name":"ci","project":"backend"}"#).status == 201)
        store.isNotingReads.withLock { $0 = false }
        _ = store.take()
        #expect(
            try await server.send("PUT", "/users/dev/password", body: #"{"password":"correct horse battery"}"#).status == 204)
        #expect(
            try await server.send("PUT", "/projects/backend/members/sa$ci", body: #"{"role":"viewer"}"#).status == 200)
        #expect(
            try await server.send("PUT", "/projects/backend/members/nobody", body: #"{"role":"viewer"}"#).status == 200)
        #expect(store.take() == [])
    }
}

/// A store that notes which whole lists are read from it.
private final class ListNotingStore: MetadataStore {
    private let base = InMemoryMetadataStore()
    private let noted = Mutex<[String]>([])
    /// Whether reads are noted beside changes.
    let isNotingReads = Mutex(true)

    /// The lists that were read since the last time.
    func take() -> [String] {
        noted.withLock { noted in
            defer { noted = [] }
            return noted
        }
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any MetadataReading) throws -> Value) async throws -> Value {
        let isNoted = isNotingReads.withLock { $0 }
        return try await base.write { [self] writing in
            try body(isNoted ? Noting(base: writing, note: note) : writing)
        }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any MetadataWriting) throws -> Value) async throws -> Value {
        try await base.write { [self] in try body(Noting(base: $0, note: note)) }
    }

    private func note(_ list: String) { noted.withLock { $0.append(list) } }

    private struct Noting: MetadataForwarding {
        let base: any MetadataWriting
        let note: (String) -> Void

        func users() throws -> [UserRecord] {
            note("users")
            return try base.users()
        }

        func robots() throws -> [RobotRecord] {
            note("robots")
            return try base.robots()
        }

        func keys() throws -> [KeyRecord] {
            note("keys")
            return try base.keys()
        }
    }
}

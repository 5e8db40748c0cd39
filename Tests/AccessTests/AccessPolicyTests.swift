import SaveAccess
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// A format that does nothing, so that repositories can exist.
private struct EmptyFormat: RepositoryFormat {
    static let descriptor = FormatDescriptor(id: "empty", displayName: "Empty", abilities: [.hosted, .group])
    init(settings: JSONObject) throws {}
    func route(_: FormatRequest) throws -> Route { throw SaveError(.notFound, "nothing here") }
}

/// Projects `a` and `b`; hosted `a/private`, `a/public`, `b/private`; the group `a/all` over `a/public` and `b/private`.
private func catalogue(
    _ change: @escaping @Sendable (any MetadataWriting, _ a: ProjectRecord, _ b: ProjectRecord) throws -> Void = { _, _, _ in }
) async throws -> CatalogueSnapshot {
    let store = InMemoryMetadataStore()
    var formats = FormatRegistry()
    try formats.register(EmptyFormat.self)
    let now = Timestamp(seconds: 0)
    try await store.write { writing in
        let a = try writing.put(ProjectRecord(name: "a", created: now, updated: now))
        let b = try writing.put(ProjectRecord(name: "b", created: now, updated: now))
        func add(
            _ project: ProjectRecord, _ name: String, _ kind: RepositoryKind, anonymous: Bool = false, _ members: [Int64] = []
        )
            throws -> Int64
        {
            var record = RepositoryRecord(
                projectID: project.id, project: project.name, name: name, format: "empty", kind: kind, created: now, updated: now)
            record.anonymousRead = anonymous
            record.group.members = members
            return try writing.put(record).id
        }
        _ = try add(a, "private", .hosted)
        let open = try add(a, "public", .hosted, anonymous: true)
        let closed = try add(b, "private", .hosted)
        _ = try add(a, "all", .group, anonymous: true, [open, closed])
        _ = try add(a, "open", .group, anonymous: true, [open])
        try change(writing, a, b)
    }
    let catalogue = Catalogue(store: store, formats: formats, clock: ManualClock().platform)
    try await catalogue.reload()
    return catalogue.current
}

struct AccessPolicyTests {
    private let alice = Principal.user(id: 1, username: "alice", role: .user, key: nil)

    private func decide(
        _ permission: Permission, _ repository: String, _ principal: Principal, _ catalogue: CatalogueSnapshot
    ) throws -> AccessPolicy.Decision {
        let parts = repository.split(separator: "/").map(String.init)
        let found = try #require(catalogue.repository(project: parts[0], name: parts[1]))
        return AccessPolicy.decide(permission, on: found, for: principal, in: catalogue)
    }

    @Test func `anonymous reads what says so and is asked to sign in for everything else`() async throws {
        let catalogue = try await catalogue()
        #expect(try decide(.read, "a/public", .anonymous, catalogue) == .allowed)
        #expect(try decide(.read, "a/private", .anonymous, catalogue) == .unauthenticated)
        #expect(try decide(.write, "a/public", .anonymous, catalogue) == .unauthenticated)
        #expect(try decide(.read, "a/open", .anonymous, catalogue) == .allowed)
    }

    @Test func `R-55 a repository one may not read does not exist`() async throws {
        let catalogue = try await catalogue()
        for permission in Permission.allCases { #expect(try decide(permission, "a/private", alice, catalogue) == .hidden) }
        guard case .forbidden = try decide(.write, "a/public", alice, catalogue) else {
            Issue.record("a public repository can be seen, so the refusal says why")
            return
        }
    }

    @Test(
        arguments: [
            (ProjectRole.viewer, [Permission.read]), (.developer, [.read, .write]), (.owner, [.read, .write, .delete, .manage]),
        ] as [(ProjectRole, [Permission])])
    func `a role gives what it says, in its project only`(role: ProjectRole, expected: [Permission]) async throws {
        let catalogue = try await catalogue { writing, a, _ in
            try writing.put(MemberRecord(project: a.id, principal: .user("alice"), role: role))
        }
        for permission in Permission.allCases {
            #expect(try (decide(permission, "a/private", alice, catalogue) == .allowed) == expected.contains(permission))
            #expect(try decide(permission, "b/private", alice, catalogue) == .hidden)
        }
    }

    @Test func `R-53 R-82 a group is read by callers that can read every member`() async throws {
        let without = try await catalogue { writing, a, _ in
            try writing.put(MemberRecord(project: a.id, principal: .user("alice"), role: .owner))
        }
        #expect(try decide(.read, "a/all", alice, without) == .hidden)
        #expect(try decide(.read, "a/all", .anonymous, without) == .unauthenticated)
        let with = try await catalogue { writing, a, b in
            try writing.put(MemberRecord(project: a.id, principal: .user("alice"), role: .owner))
            try writing.put(MemberRecord(project: b.id, principal: .user("alice"), role: .viewer))
        }
        #expect(try decide(.read, "a/all", alice, with) == .allowed)
    }

    @Test func `an auditor reads everything and changes nothing`() async throws {
        let catalogue = try await catalogue()
        let auditor = Principal.user(id: 2, username: "eve", role: .auditor, key: nil)
        #expect(try decide(.read, "b/private", auditor, catalogue) == .allowed)
        for permission in [Permission.write, .delete, .manage] {
            guard case .forbidden = try decide(permission, "b/private", auditor, catalogue) else {
                Issue.record("\(permission) was not refused")
                continue
            }
        }
    }

    @Test func `a key does what its scopes and its owner may, both`() async throws {
        let catalogue = try await catalogue { writing, a, _ in
            try writing.put(MemberRecord(project: a.id, principal: .user("alice"), role: .developer))
        }
        func alice(_ scopes: KeyScope...) -> Principal {
            .user(id: 1, username: "alice", role: .user, key: KeyContext(id: "k", scopes: scopes))
        }
        let reader = alice(KeyScope(resource: "a/private", permissions: [.read]))
        #expect(try decide(.read, "a/private", reader, catalogue) == .allowed)
        guard case .forbidden = try decide(.write, "a/private", reader, catalogue) else {
            Issue.record("the key writes without the scope")
            return
        }
        #expect(try decide(.read, "a/public", reader, catalogue) == .hidden)
        let manager = alice(KeyScope(resource: nil, permissions: Permission.allCases))
        guard case .forbidden = try decide(.manage, "a/private", manager, catalogue) else {
            Issue.record("the key manages without its owner's permission")
            return
        }
        #expect(try decide(.write, "a/private", manager, catalogue) == .allowed)
        let writer = alice(KeyScope(resource: "a", permissions: [.write]))
        #expect(try decide(.write, "a/private", writer, catalogue) == .hidden)
    }

    @Test func `a project's own robot is nobody elsewhere`() async throws {
        let catalogue = try await catalogue { writing, a, b in
            try writing.put(MemberRecord(project: a.id, principal: .robot("ci"), role: .developer))
            try writing.put(MemberRecord(project: b.id, principal: .robot("ci"), role: .developer))
        }
        let project = try #require(catalogue.project("a"))
        let robot = Principal.robot(id: 3, name: "ci", project: project.id, key: nil)
        #expect(try decide(.write, "a/private", robot, catalogue) == .allowed)
        #expect(try decide(.read, "b/private", robot, catalogue) == .hidden)
    }

    @Test func `a robot and a user of one name are two`() async throws {
        let catalogue = try await catalogue { writing, a, _ in
            try writing.put(MemberRecord(project: a.id, principal: .robot("alice"), role: .owner))
        }
        #expect(try decide(.read, "a/private", alice, catalogue) == .hidden)
    }
}

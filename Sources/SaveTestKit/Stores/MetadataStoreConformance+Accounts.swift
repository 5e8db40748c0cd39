internal import SavePlatform
internal import SaveStorage

extension MetadataStoreConformance {
    static let accounts: [Law] = [
        Law("users come back as they were put, ordered by name") { store in
            let users = try await store.write { writing in
                var bob = try writing.put(Fixture.user("bob"))
                bob.disabled = true
                bob.role = .auditor
                bob.passwordHash = "other"
                return [try writing.put(Fixture.user("alice")), try writing.put(bob)]
            }
            try require(try await store.read { try $0.users() }, is: users, "users")
            try await require(.alreadyExists, from: "a second alice") {
                _ = try await store.write { try $0.put(Fixture.user("alice")) }
            }
        },
        Law("robots come back as they were put, ordered by name") { store in
            let robots = try await store.write { writing in
                let project = try writing.put(Fixture.project("backend")).id
                let late = try writing.put(Fixture.robot("z", project: project))
                var early = try writing.put(Fixture.robot("a"))
                early.description = "d"
                early.disabled = true
                return [try writing.put(early), late]
            }
            try require(try await store.read { try $0.robots() }, is: robots, "robots")
            try await require(.alreadyExists, from: "a second robot") {
                _ = try await store.write { try $0.put(Fixture.robot("a")) }
            }
        },
        Law("an account is found by the very bytes of its name, and by no other") { store in
            let (user, robot) = try await store.write { writing in
                _ = try writing.put(Fixture.user("Kim2"))
                _ = try writing.put(Fixture.robot("Kim2"))
                return (try writing.put(Fixture.user("Kim")), try writing.put(Fixture.robot("Kim")))
            }
            try require(try await store.read { [try $0.user("Kim")] }, is: [user], "the user")
            try require(try await store.read { [try $0.robot("Kim")] }, is: [robot], "the robot")
            // The last one begins with a Kelvin sign, which Swift takes for a K.
            let others = ["kim", "Ki", "Kim ", "", "sa$Kim", "\u{212A}im"]
            let found = try await store.read { reading in
                try others.filter { try reading.user($0) != nil || reading.robot($0) != nil }
            }
            try require(found, is: [], "accounts by other names")
        },
        Law("an account cannot be renamed: keys and memberships go by name") { store in
            let (user, robot) = try await store.write { writing in
                (try writing.put(Fixture.user("alice")), try writing.put(Fixture.robot("ci")))
            }
            try await require(.conflict, from: "renaming a user") {
                var renamed = user
                renamed.username = "bob"
                _ = try await store.write { [renamed] in try $0.put(renamed) }
            }
            try await require(.conflict, from: "renaming a robot") {
                var renamed = robot
                renamed.name = "cd"
                _ = try await store.write { [renamed] in try $0.put(renamed) }
            }
            try await require(.notFound, from: "replacing an absent user") {
                try await store.write { writing in
                    try writing.deleteUser(user.id)
                    _ = try writing.put(user)
                }
            }
        },
        Law("an account takes its keys and memberships along, and only its own") { store in
            let left = try await store.write { writing in
                let project = try writing.put(Fixture.project("backend")).id
                let user = try writing.put(Fixture.user("ci"))
                let robot = try writing.put(Fixture.robot("ci"))
                for (id, owner) in [("u", PrincipalName.user("ci")), ("r", .robot("ci"))] {
                    try writing.put(Fixture.key(id, owner))
                    try writing.put(MemberRecord(project: project, principal: owner, role: .viewer))
                }
                try writing.deleteUser(user.id)
                let afterUser = try writing.keys().map(\.id) + writing.members().map(\.principal.text)
                try writing.deleteRobot(robot.id)
                try writing.deleteRobot(robot.id)
                return [afterUser, try writing.keys().map(\.id) + writing.members().map(\.principal.text)]
            }
            try require(left, is: [["r", "sa$ci"], []], "keys and members left after each deletion")
        },
        Law("a key keeps its scopes, its hash and its end") { store in
            var key = Fixture.key("k1", .robot("ci"))
            key.hash = [0, 255, 0]
            key.description = "née"
            key.expires = Timestamp(microseconds: 5)
            key.scopes = [
                KeyScope(resource: "backend/hosted", permissions: [.write, .read]), KeyScope(resource: nil, permissions: []),
            ]
            try await store.write { [key] writing in
                try writing.put(Fixture.key("k1", .user("old")))
                try writing.put(key)
                var empty = Fixture.key("k2", .robot("ci"))
                empty.hash = []
                try writing.put(empty)
            }
            try require(try await store.read { try $0.key("k1") }, is: key, "the key")
            try require(try await store.read { try $0.key("k2")?.hash }, is: [], "an empty hash")
            try require(try await store.read { try $0.key("k3") } == nil, "an absent key is there")
        },
        Law("the last use of a key is the one that was put last, and goes with the key") { store in
            @Sendable func use(_ key: String, _ seconds: Int64, _ address: String = "192.0.2.1") -> KeyUse {
                KeyUse(key: key, time: Timestamp(seconds: seconds), address: address)
            }
            let known = try await store.write { writing in
                for (id, owner) in [("b", PrincipalName.robot("ci")), ("a", .user("alice")), ("c", .user("alice"))] {
                    try writing.put(Fixture.key(id, owner))
                }
                return try [use("b", 5), use("a", 9), use("b", 4, "2001:db8:0:0:0:0:0:1"), use("gone", 1)].map {
                    try writing.put($0)
                }
            }
            try require(known, is: [true, true, true, false], "whether there were such keys")
            let uses = [use("a", 9), use("b", 4, "2001:db8:0:0:0:0:0:1")]
            try require(try await store.read { try $0.keyUses() }, is: uses, "last uses")
            let left = try await store.write { writing in
                try writing.put(Fixture.key("a", .user("alice"), created: Timestamp(seconds: 7)))
                let replaced = try writing.keyUses().map(\.key)
                _ = try writing.deleteKey("b")
                let revoked = try writing.keyUses().map(\.key)
                let alice = try writing.put(Fixture.user("alice"))
                try writing.deleteUser(alice.id)
                return [replaced, revoked, try writing.keyUses().map(\.key)]
            }
            try require(left, is: [["a", "b"], ["a"], []], "last uses after a key was replaced, revoked, and lost its owner")
        },
        Law("sessions come back as they were put, oldest first, and go with their user") { store in
            @Sendable func session(_ id: String, _ username: String, created: Int64, used: Int64 = 9) -> SessionRecord {
                SessionRecord(
                    id: id, username: username, credential: "c\(id)", created: Timestamp(seconds: created),
                    used: Timestamp(seconds: used), address: "192.0.2.1", userAgent: "née/1")
            }
            let all = [session("b", "kim", created: 2), session("a", "kim", created: 3), session("c", "Kim", created: 1)]
            try await store.write { writing in
                _ = try writing.put(Fixture.user("Kim"))
                try writing.put(session("a", "old", created: 1))
                for session in all { try writing.put(session) }
            }
            try require(try await store.read { try $0.session("a") }, is: all[1], "a session that was replaced")
            try require(try await store.read { try $0.sessions(of: "kim") }, is: [all[0], all[1]], "sessions of one user")
            try require(try await store.read { try $0.session("A") } == nil, "another id is found")
            let left = try await store.write { writing in
                let ended = [try writing.deleteSession("b"), try writing.deleteSession("b")]
                for user in try writing.users() { try writing.deleteUser(user.id) }
                return "\(ended) \(try writing.sessions(of: "Kim").map(\.id)) \(try writing.sessions(of: "kim").map(\.id))"
            }
            try require(left, is: "[true, false] [] [\"a\"]", "sessions after one ended and a user of another name went")
        },
        Law("sessions that nobody used for long, and those that began long ago, are removed") { store in
            let left = try await store.write { writing in
                for (id, created, used) in [("a", 5, 9), ("b", 4, 9), ("c", 5, 8), ("d", 6, 10)] as [(String, Int64, Int64)] {
                    try writing.put(
                        SessionRecord(
                            id: id, username: "kim", credential: "", created: Timestamp(seconds: created),
                            used: Timestamp(seconds: used), address: "", userAgent: ""))
                }
                try writing.deleteSessions(usedBefore: Timestamp(seconds: 9), createdBefore: Timestamp(seconds: 5))
                return try writing.sessions(of: "kim").map(\.id)
            }
            try require(left, is: ["a", "d"], "sessions")
        },
        Law("keys are ordered by owner, then oldest first") { store in
            let gone = try await store.write { writing in
                try writing.put(Fixture.key("a", .user("alice"), created: Timestamp(seconds: 2)))
                try writing.put(Fixture.key("b", .user("alice"), created: Timestamp(seconds: 1)))
                try writing.put(Fixture.key("c", .robot("alice"), created: Timestamp(seconds: 0)))
                try writing.put(Fixture.key("d", .user("adam"), created: Timestamp(seconds: 9)))
                try writing.put(Fixture.key("e", .user("adam")))
                return [try writing.deleteKey("e"), try writing.deleteKey("e")]
            }
            try require(gone, is: [true, false], "what the removals answered")
            try require(try await store.read { try $0.keys().map(\.id) }, is: ["d", "b", "a", "c"], "keys")
        },
    ]
}

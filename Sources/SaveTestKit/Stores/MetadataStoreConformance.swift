internal import SavePlatform
package import SaveStorage

/// What every metadata store keeps to, one law at a time, each to be run on a fresh and empty store.
package enum MetadataStoreConformance {
    /// One law. `check` throws what a store does against it.
    package struct Law: Sendable, CustomStringConvertible {
        package let description: String
        package let check: @Sendable (any MetadataStore) async throws -> Void

        init(_ description: String, _ check: @escaping @Sendable (any MetadataStore) async throws -> Void) {
            self.description = description
            self.check = check
        }
    }

    /// All laws.
    package static let laws: [Law] =
        transactions + catalogue + policies + accounts + files + directories + packages + retiredNames + cache + audit
        + upkeep
}

/// Records to test with, all of one moment unless a test says otherwise.
enum Fixture {
    static let moment = Timestamp(microseconds: 1_700_000_000_123_456)

    static func project(_ name: String, id: Int64 = 0) -> ProjectRecord {
        ProjectRecord(id: id, name: name, description: "", created: moment, updated: moment)
    }

    static func repository(_ name: String, in project: Int64, kind: RepositoryKind = .hosted) -> RepositoryRecord {
        RepositoryRecord(projectID: project, project: "", name: name, format: "raw", kind: kind, created: moment, updated: moment)
    }

    static func user(_ name: String) -> UserRecord {
        UserRecord(username: name, passwordHash: "$argon2id$", role: .user, created: moment, updated: moment)
    }

    static func robot(_ name: String, project: Int64? = nil) -> RobotRecord {
        RobotRecord(name: name, project: project, created: moment, updated: moment)
    }

    static func key(_ id: String, _ owner: PrincipalName, created: Timestamp = moment) -> KeyRecord {
        KeyRecord(id: id, owner: owner, hash: Array(id.utf8), created: created)
    }

    static func package(_ name: String, in repository: Int64, displayName: String? = nil) -> PackageRecord {
        PackageRecord(
            repository: repository, id: PackageID(normalized: name), displayName: displayName ?? name, created: moment,
            updated: moment)
    }

    static func asset(
        _ path: String, in repository: Int64, package: String? = nil, sidecarOf: String? = nil, content: String = "x",
        size: Int64 = 1, uploadedBy: String? = "alice"
    ) throws -> StoredAsset {
        let record = AssetRecord(
            path: try AssetPath(path), package: package.map(PackageID.init(normalized:)),
            sidecarOf: try sidecarOf.map(AssetPath.init))
        return StoredAsset(
            repository: repository, record: record, blob: BlobDigest(of: Array(content.utf8)), size: size, uploadedBy: uploadedBy,
            created: moment)
    }

    static func index(_ key: String, in repository: Int64, content: String = "x") -> CachedIndex {
        CachedIndex(
            repository: repository, key: key, blob: BlobDigest(of: Array(content.utf8)), url: "https://example.test/simple/",
            contentType: nil, etag: nil, lastModified: nil, fetched: moment, verified: moment)
    }

    static func audit(
        _ sequence: Int64, time: Timestamp = moment, actor: String = "alice", action: String = "file.upload",
        type: String = "file", resource: String = "backend/hosted", outcome: AuditRecord.Outcome = .ok,
        ip: String = "192.0.2.1", details: JSONObject = JSONObject()
    ) -> AuditRecord {
        AuditRecord(
            sequence: sequence, time: time, actor: actor, actorKind: "user", action: action, resourceType: type,
            resource: resource, outcome: outcome, sourceIP: ip, userAgent: "client/1", requestID: "r\(sequence)",
            details: details, hash: "h\(sequence)", previousHash: "h\(sequence - 1)")
    }
}

extension MetadataStore {
    /// Adds a project with a repository and returns the repository's id.
    func makeRepository(_ name: String = "hosted", project: String = "backend", kind: RepositoryKind = .hosted) async throws
        -> Int64
    {
        try await write { writing in
            let existing = try writing.projects().first { $0.name == project }
            let owner = try existing ?? writing.put(Fixture.project(project))
            return try writing.put(Fixture.repository(name, in: owner.id, kind: kind)).id
        }
    }
}

/// What a closure throws on purpose.
struct Deliberate: Error {}

extension MetadataStoreConformance {
    private static let transactions: [Law] = [
        Law("what a write returned is there for the next read") { store in
            let project = try await store.write { try $0.put(Fixture.project("backend")) }
            try require(project.id != 0, "the new project has no id")
            try require(try await store.read { try $0.projects() }, is: [project], "projects")
        },
        Law("a write sees its own changes") { store in
            let count = try await store.write { writing in
                _ = try writing.put(Fixture.project("one"))
                _ = try writing.put(Fixture.project("two"))
                return try writing.projects().count
            }
            try require(count, is: 2, "projects inside the write")
        },
        Law("a write that throws changes nothing and passes its error on") { store in
            _ = try await store.write { try $0.put(Fixture.project("kept")) }
            do {
                try await store.write { writing in
                    _ = try writing.put(Fixture.project("lost"))
                    throw Deliberate()
                }
                throw LawViolation("the error of the closure got lost")
            } catch is Deliberate {}
            try require(try await store.read { try $0.projects().map(\.name) }, is: ["kept"], "projects")
        },
        Law("a write that fails does not take its neighbours with it") { store in
            let failures = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<48 {
                    group.addTask {
                        do {
                            try await store.write { writing in
                                _ = try writing.put(Fixture.project("p\(number)"))
                                if number % 3 == 0 { throw Deliberate() }
                            }
                            return false
                        } catch { return true }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            let names = try await store.read { try $0.projects().map(\.name) }
            try require(failures, is: 16, "writes that failed")
            try require(Set(names), is: Set((0..<48).filter { $0 % 3 != 0 }.map { "p\($0)" }), "projects")
        },
        Law("writes run one at a time") { store in
            let project = try await store.write { try $0.put(Fixture.project("counter")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await store.write { writing in
                            guard var project = try writing.projects().first(where: { $0.id == project.id }) else { return }
                            project.description = String((Int(project.description) ?? 0) + 1)
                            _ = try writing.put(project)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try require(try await store.read { try $0.projects().map(\.description) }, is: ["40"], "the counter")
        },
        Law("a read sees one moment") { store in
            try await store.write { writing in
                for name in ["a", "b"] { _ = try writing.put(Fixture.project(name)) }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<50 {
                        try await store.write { writing in
                            for var project in try writing.projects() {
                                project.description = "\(number)"
                                _ = try writing.put(project)
                            }
                        }
                    }
                }
                for _ in 0..<50 {
                    group.addTask {
                        let seen = try await store.read { reading in
                            let first = try reading.projects().first?.description
                            return [first, try reading.projects().last?.description]
                        }
                        try require(seen[0] == seen[1], "a read saw two moments: \(seen)")
                    }
                }
                try await group.waitForAll()
            }
        },
    ]

    private static let catalogue: [Law] = [
        Law("a taken name is alreadyExists, and changes nothing") { store in
            let id = try await store.makeRepository()
            try await require(.alreadyExists, from: "a second project") {
                _ = try await store.write { try $0.put(Fixture.project("backend")) }
            }
            try await require(.alreadyExists, from: "a second repository") { _ = try await store.makeRepository() }
            let other = try await store.makeRepository("hosted", project: "frontend")
            try require(other != id, "two repositories share an id")
            try require(try await store.read { try $0.repositories().count }, is: 2, "repositories")
        },
        Law("a repository keeps every setting") { store in
            let id = try await store.makeRepository()
            var proxy = ProxySettings()
            proxy.remoteURL = "https://example.test/ünï/"
            proxy.resolvedURL = "https://example.test/simple/"
            proxy.cacheTTL = 7
            proxy.negativeCacheTTL = 0
            proxy.remoteUsername = "u'; --"
            proxy.sealedPassword = "00ff"
            proxy.allowedFileHosts = ["files.example.test"]
            var group = GroupSettings()
            group.members = [3, 1, 2]
            group.policy = .union
            var hosted = HostedSettings()
            hosted.allowRedeploy = true
            hosted.maxFileSize = .max
            let replaced = try await store.write { [proxy, group, hosted] writing in
                guard var record = try writing.repositories().first(where: { $0.id == id }) else { throw Deliberate() }
                record.name = "renamed"
                record.kind = .group
                record.description = "line\nline \u{1F600}"
                record.online = false
                record.anonymousRead = true
                record.auditDownloads = true
                record.hosted = hosted
                record.proxy = proxy
                record.group = group
                record.settings = ["z": 1, "a": [true, nil, "x"]]
                record.updated = Timestamp(microseconds: -5)
                return try writing.put(record)
            }
            try require(try await store.read { try $0.repositories() }, is: [replaced], "repositories")
            try require(replaced.proxy == proxy && replaced.group == group && replaced.hosted == hosted, "settings changed")
            try require(replaced.settings.keys, is: ["z", "a"], "the order of the settings' keys")
        },
        Law("repositories are ordered by project and name, and know their project's name") { store in
            for (project, name) in [("b", "z"), ("a", "z"), ("b", "a")] {
                _ = try await store.makeRepository(name, project: project)
            }
            try await store.write { writing in
                guard var project = try writing.projects().first(where: { $0.name == "b" }) else { throw Deliberate() }
                project.name = "0"
                _ = try writing.put(project)
            }
            try require(
                try await store.read { try $0.repositories().map(\.coordinates) }, is: ["0/a", "0/z", "a/z"], "repositories")
        },
        Law("replacing what is not there is notFound; belonging to nothing is a conflict") { store in
            try await require(.notFound, from: "replacing an absent project") {
                _ = try await store.write { try $0.put(Fixture.project("x", id: 99)) }
            }
            try await require(.conflict, from: "a repository of no project") {
                _ = try await store.write { try $0.put(Fixture.repository("x", in: 99)) }
            }
            try await require(.conflict, from: "a member of no project") {
                try await store.write { try $0.put(MemberRecord(project: 99, principal: .user("alice"), role: .viewer)) }
            }
            try await require(.conflict, from: "a file of no repository") {
                try await store.write { try $0.put(try Fixture.asset("x", in: 99)) }
            }
            try await require(.conflict, from: "a cached index of no repository") {
                try await store.write { try $0.put(Fixture.index("x", in: 99)) }
            }
        },
        Law("a project goes only when it is empty, and takes its memberships along") { store in
            let id = try await store.makeRepository()
            let project = try await store.read { try $0.projects().first?.id ?? 0 }
            try await store.write { try $0.put(MemberRecord(project: project, principal: .user("alice"), role: .owner)) }
            try await require(.conflict, from: "deleting a project with a repository") {
                try await store.write { try $0.deleteProject(project) }
            }
            let robot = try await store.write { writing in
                try writing.deleteRepository(id)
                return try writing.put(Fixture.robot("ci", project: project))
            }
            try await require(.conflict, from: "deleting a project with a robot") {
                try await store.write { try $0.deleteProject(project) }
            }
            try await store.write { writing in
                try writing.deleteRobot(robot.id)
                try writing.deleteProject(project)
            }
            try require(try await store.read { try $0.projects().count + $0.members().count }, is: 0, "records left")
        },
        Law("ids are never used again") { store in
            var seen = Set<Int64>()
            for _ in 0..<3 {
                let id = try await store.makeRepository()
                try require(seen.insert(id).inserted, "the repository id \(id) came back")
                try await store.write { try $0.deleteRepository(id) }
            }
            for _ in 0..<2 {
                let id = try await store.write { try $0.put(Fixture.user("alice")).id }
                try require(seen.insert(id + 1000).inserted, "the user id \(id) came back")
                try await store.write { try $0.deleteUser(id) }
            }
        },
        Law("a repository takes all of its content along, and only its own") { store in
            let ids = [try await store.makeRepository("one"), try await store.makeRepository("two")]
            try await store.write { writing in
                for id in ids {
                    try writing.put(Fixture.package("p", in: id))
                    try writing.put(try Fixture.asset("p/f", in: id, package: "p"))
                    try writing.put(Fixture.index("p", in: id))
                }
                try writing.deleteRepository(ids[0])
            }
            let left = try await store.read { reading in
                try ids.map { id in
                    try reading.packages(id, after: nil, limit: 9, matching: nil).count
                        + reading.assets(id, under: "", after: nil, limit: 9).count
                        + (reading.cachedIndex(id, "p") == nil ? 0 : 1)
                }
            }
            try require(left, is: [0, 3], "records of the deleted and of the other repository")
        },
        Law("members are put, replaced and removed") { store in
            let project = try await store.write { try $0.put(Fixture.project("backend")).id }
            let gone = try await store.write { writing in
                try writing.put(MemberRecord(project: project, principal: .user("ci"), role: .viewer))
                try writing.put(MemberRecord(project: project, principal: .robot("ci"), role: .developer))
                try writing.put(MemberRecord(project: project, principal: .user("ci"), role: .owner))
                return [
                    try writing.deleteMember(project: project, .robot("ci")),
                    try writing.deleteMember(project: project, .robot("ci")),
                ]
            }
            try require(gone, is: [true, false], "what the removals answered")
            try require(
                try await store.read { try $0.members() },
                is: [MemberRecord(project: project, principal: .user("ci"), role: .owner)], "members")
        },
    ]
}

internal import SavePlatform
internal import SaveStorage

extension MetadataStoreConformance {
    static let policies: [Law] = [
        Law("a policy comes back as it was put, in the order of its priority, and is changed by its id") { store in
            let repository = try await store.makeRepository()
            let project = try await store.read { try $0.repositories()[0].projectID }
            var full = policy("full", priority: 7, scope: .repository(repository))
            full.description = "Nothing that is new.\n"
            full.isDryRun = true
            full.isEnabled = false
            full.presentation = .omit
            full.includesHosted = true
            full.match.packages = ["Acme_*", "caf\u{E9}"]
            full.match.versions = ">=1,<2"
            full.match.youngerThan = "7d"
            full.match.missingTime = .deny
            let last = policy("last", priority: 7, scope: .project(project), action: .allow)
            let first = policy("first", priority: 0, action: .warn)
            let (given, others) = try await store.write { [full] writing in
                (try writing.put(full), [try writing.put(last), try writing.put(first)])
            }
            full.id = given.id
            try require(given, is: full, "the policy as it was put")
            let read = try await store.read { try $0.policies() }
            try require(read, is: [others[1], full, others[0]], "policies")
            full.match = PolicyMatch()
            full.priority = 9
            full.isEnabled = true
            full.name = "renamed"
            let changed = try await store.write { [full] in try $0.put(full) }
            try require(changed, is: full, "the policy after a change")
            try require(try await store.read { try $0.policies() }, is: [others[1], others[0], full], "policies after a change")
            try await store.write { try $0.deletePolicy(others[1].id) }
            try require(try await store.read { try $0.policies() }, is: [others[0], full], "policies after one went")
            try await require(.notFound, from: "changing a policy that is gone") {
                _ = try await store.write { try $0.put(others[1]) }
            }
        },
        Law("a policy's name is taken in its scope alone, and a policy goes with its scope") { store in
            let ids = [try await store.makeRepository("one"), try await store.makeRepository("two", project: "other")]
            let projects = try await store.read { try $0.repositories().map(\.projectID) }
            let scopes: [PolicyRecord.Scope] = [.server, .project(projects[0]), .repository(ids[0]), .repository(ids[1])]
            let made = try await store.write { writing in
                try scopes.map { try writing.put(policy("same", scope: $0)) }
            }
            for scope in scopes {
                try await require(.alreadyExists, from: "a name that is taken in \(scope)") {
                    _ = try await store.write { try $0.put(policy("same", scope: scope)) }
                }
            }
            try await store.write { writing in
                try writing.put(FileSighting(repository: ids[0], path: try AssetPath("a"), digest: "", seen: Fixture.moment))
                try writing.deleteRepository(ids[0])
            }
            try require(try await store.read { try $0.policies().map(\.id) }, is: [0, 1, 3].map { made[$0].id }, "policies left")
            try await store.write { try $0.deleteProject(projects[0]) }
            try require(try await store.read { try $0.policies().map(\.id) }, is: [0, 3].map { made[$0].id }, "policies left")
            for scope in scopes[1...2] {
                try await require(.conflict, from: "a policy of \(scope), which is gone") {
                    _ = try await store.write { try $0.put(policy("late", scope: scope)) }
                }
            }
        },
        Law("a file is first seen once, by its path and its bytes, and bytes that come back are new again") { store in
            let id = try await store.makeRepository("one")
            let other = try await store.makeRepository("two")
            let path = try AssetPath("x/caf\u{E9}")
            let (early, late) = (Fixture.moment, Fixture.moment.adding(seconds: 5))
            try await store.write { writing in
                try writing.put(FileSighting(repository: id, path: path, digest: "aa", seen: early))
                try writing.put(FileSighting(repository: id, path: path, digest: "aa", seen: late))
                try writing.put(FileSighting(repository: other, path: path, digest: "aa", seen: late))
                try writing.put(FileSighting(repository: id, path: try AssetPath("y"), digest: "", seen: late))
            }
            let found = try await store.read { reading in
                try [
                    reading.sighting(id, path, digest: "aa"), reading.sighting(id, path, digest: ""),
                    reading.sighting(id, path, digest: "bb"), reading.sighting(other, path, digest: "aa"),
                    reading.sighting(id, try AssetPath("y"), digest: ""),
                    reading.sighting(id, try AssetPath("x/cafe\u{301}"), digest: "aa"),
                ]
            }
            try require(found, is: [early, nil, nil, late, late, nil], "times of sightings")
            try await store.write { try $0.put(FileSighting(repository: id, path: path, digest: "sha1:bb", seen: late)) }
            let replaced = try await store.read { reading in
                try [
                    reading.sighting(id, path, digest: "aa"), reading.sighting(id, path, digest: "sha1:bb"),
                    reading.sighting(other, path, digest: "aa"), reading.sighting(id, try AssetPath("y"), digest: ""),
                ]
            }
            try require(replaced, is: [nil, late, late, late], "times of sightings after other bytes came")
            try await store.write { try $0.put(FileSighting(repository: id, path: path, digest: "aa", seen: late)) }
            try require(try await store.read { try $0.sighting(id, path, digest: "aa") }, is: late, "bytes that came back")
            try await store.write { try $0.deleteRepository(id) }
            try require(
                try await store.read { try $0.sighting(id, path, digest: "aa") } == nil, "a sighting outlives its repository")
        },
        Law("what was odd about a package is kept once, with the time of the first look, until the repository goes") { store in
            let id = try await store.makeRepository("one")
            let other = try await store.makeRepository("two")
            let package = PackageID(normalized: "foo")
            func anomaly(
                _ kind: UpstreamAnomalyKind, _ subject: String, at seconds: Int64 = 0, in repository: Int64? = nil
            ) -> ObservedAnomaly {
                ObservedAnomaly(
                    repository: repository ?? id, package: package, kind: kind, subject: subject,
                    seen: Fixture.moment.adding(seconds: seconds))
            }
            let kept = [anomaly(.changedFile, "a/b"), anomaly(.changedFile, "a/c", at: 9), anomaly(.quarantine, "", at: 9)]
            let again = anomaly(.changedFile, "a/b", at: 9)
            let elsewhere = anomaly(.quarantine, "", in: other)
            let isNew = try await store.write { writing in
                try [kept[2], kept[0], again, kept[1], elsewhere].map { try writing.put($0) }
            }
            try require(isNew, is: [true, true, false, true, true], "whether anomalies are new")
            try require(try await store.read { try $0.anomalies(id, package: package) }, is: kept, "anomalies that are kept")
            let none = try await store.read { try $0.anomalies(id, package: PackageID(normalized: "bar")) }
            try require(none.isEmpty, "another package has anomalies")
            try await store.write { try $0.deleteAnomalies(id) }
            let forgotten = try await store.read {
                (try $0.anomalies(id, package: package), try $0.anomalies(other, package: package))
            }
            try require(
                forgotten.0.isEmpty && forgotten.1 == [elsewhere], "anomalies that were forgotten are there, or others are not")
            let isNewAgain = try await store.write { writing in try kept.map { try writing.put($0) } }
            try require(isNewAgain, is: [true, true, true], "whether anomalies are new that were forgotten")
            try await store.write { try $0.deleteRepository(id) }
            let left = try await store.read {
                (try $0.anomalies(id, package: package), try $0.anomalies(other, package: package))
            }
            try require(left.0.isEmpty && left.1 == [elsewhere], "anomalies outlive their repository, or go with another")
        },
        Law("a waiver comes back as it was put, is changed by its id, and goes with its project and its policy") { store in
            _ = try await store.makeRepository("one")
            _ = try await store.makeRepository("two", project: "other")
            let projects = try await store.read { try $0.repositories().map(\.projectID) }
            let policies = try await store.write { writing in try ["a", "b"].map { try writing.put(policy($0)).id } }
            var full = waiver(projects[0], policies[0])
            full.advisories = ["CVE-2026-1", "caf\u{E9}"]
            let given = try await store.write { [full] writing in
                [
                    try writing.put(full), try writing.put(waiver(projects[0], policies[1])),
                    try writing.put(waiver(projects[1], policies[1])),
                ]
            }
            full.id = given[0].id
            try require(try await store.read { try $0.waivers() }, is: [full, given[1], given[2]], "waivers")
            full.state = .granted
            full.grantedBy = "owner"
            full.until = Fixture.moment
            try require(try await store.write { [full] in try $0.put(full) }, is: full, "the waiver after a change")
            try require(try await store.read { try $0.waivers() }, is: [full, given[1], given[2]], "waivers after a change")
            try await require(.conflict, from: "a waiver of a policy that is not there") {
                _ = try await store.write { try $0.put(waiver(projects[0], 999_999)) }
            }
            try await store.write { try $0.deletePolicy(policies[0]) }
            try require(try await store.read { try $0.waivers() }, is: [given[1], given[2]], "waivers after a policy went")
            try await store.write { writing in
                try writing.deleteRepository(try writing.repositories()[0].id)
                try writing.deleteProject(projects[0])
            }
            try require(try await store.read { try $0.waivers() }, is: [given[2]], "waivers after a project went")
            try await store.write { try $0.deleteWaiver(given[2].id) }
            try require(try await store.read { try $0.waivers() }, is: [], "waivers after one was deleted")
        },
        Law("a refusal keeps its number, and goes with its repository, its policy, and the numbers up to it") { store in
            let ids = [try await store.makeRepository("one"), try await store.makeRepository("two")]
            let policies = try await store.write { writing in try ["a", "b"].map { try writing.put(policy($0)).id } }
            @Sendable func refusal(_ repository: Int64, _ policy: Int64, _ version: String, _ path: String = "") -> RefusalRecord
            {
                let subject = RefusalSubject(
                    repository: repository, policy: policy, package: "x", version: version, path: path)
                return RefusalRecord(subject: subject, refused: Fixture.moment)
            }
            let subjects = [
                refusal(ids[0], policies[0], "1"), refusal(ids[0], policies[1], "1"), refusal(ids[0], policies[0], "caf\u{E9}"),
                refusal(ids[0], policies[0], "cafe\u{301}"), refusal(ids[0], policies[0], "", "a"),
                refusal(ids[1], policies[0], "1"),
            ]
            let made = try await store.write { writing in try subjects.map { try writing.put($0) } }
            try require(Set(made.map(\.id)).count, is: subjects.count, "numbers")
            var late = subjects[0]
            late.refused = Fixture.moment.adding(seconds: 5)
            try require(try await store.write { [late] in try $0.put(late) }, is: made[0], "a refusal that was known")
            let known = try await store.read { reading in
                (
                    try reading.refusal(made[3].id), try reading.refusal(of: made[4].subject),
                    try reading.refusals(ids[0], package: "x")
                )
            }
            try require(known.0, is: made[3], "a refusal by its number")
            try require(known.1, is: made[4], "a refusal by its subject")
            try require(known.2, is: Array(made[...4]), "refusals of a package")
            try await require(.conflict, from: "a refusal of a policy that is not there") {
                _ = try await store.write { try $0.put(refusal(ids[0], 999_999, "1")) }
            }
            try await store.write { try $0.deletePolicy(policies[1]) }
            try require(try await store.read { try $0.refusal(made[1].id) } == nil, "a refusal outlives its policy")
            try await store.write { try $0.deleteRepository(ids[1]) }
            try require(try await store.read { try $0.refusal(made[5].id) } == nil, "a refusal outlives its repository")
            try await store.write { try $0.deleteRefusals(through: made[2].id) }
            let left = try await store.read { try $0.refusals(ids[0], package: "x") }
            try require(left, is: [made[3], made[4]], "refusals after the older ones went")
            let later = try await store.write { try $0.put(subjects[0]) }
            try require(later.id > made[4].id, "a number is given again")
        },
    ]

    private static func waiver(_ project: Int64, _ policy: Int64) -> WaiverRecord {
        WaiverRecord(
            project: project, policy: policy, package: "pkg:pypi/x@1.0", reason: "It is needed.\n",
            until: Fixture.moment.adding(seconds: 9), state: .requested, requestedBy: "dev", created: Fixture.moment,
            updated: Fixture.moment.adding(seconds: 1))
    }

    private static func policy(
        _ name: String, priority: Int64 = 100, scope: PolicyRecord.Scope = .server, action: PolicyRecord.Action = .deny
    ) -> PolicyRecord {
        PolicyRecord(
            name: name, scope: scope, priority: priority, action: action, created: Fixture.moment,
            updated: Fixture.moment.adding(seconds: 1))
    }
}

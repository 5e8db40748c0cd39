import EngineTestKit
import FormatPyPI
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveRepositories
import SaveStorage
import SaveTestKit
import Testing

/// Reserved names between projects: which of them a page calls owned, and which may be published (PEP 752).
@Suite struct NamespaceTests {
    /// The hosted `h` of `p`, the hosted `other` of the project `q`, and the group `g` of `p` over both, which reserves `acme-*`.
    private func made(_ format: String) async throws -> EngineFixture {
        let engine = try await EngineFixture(further: [PyPIFormat.self])
        let hosted = try await engine.add("h", .hosted) { $0.format = format }
        let now = engine.clock.platform.now()
        let other = try await engine.store.write { writing in
            let project = try writing.put(ProjectRecord(name: "q", created: now, updated: now))
            return try writing.put(
                RepositoryRecord(
                    projectID: project.id, project: "q", name: "other", format: format, kind: .hosted, created: now, updated: now)
            ).id
        }
        try await engine.catalogue.reload()
        try await engine.add("g", .group) { record in
            (record.format, record.group.members, record.group.boundMembers) = (format, [hosted, other], [other])
            record.group.reservedNames = [NamePattern(rawValue: "acme-*")]
        }
        return engine
    }

    @Test func `a new package of a name that another project reserves is refused with 409, and nothing is left`() async throws {
        let engine = try await made("line")
        let refused = await engine.put("/line/q/other/files/acme-lib/1", "one")
        #expect(refused.status == 409)
        #expect(
            try await refused.text()
                == "the name 'acme-lib' is reserved for another project, as 'acme-*': take another name, or ask an owner of this project or an administrator who may publish it\n"
        )
        #expect(try await engine.blobCount() == 0)
        #expect(try await engine.get("/line/q/other/index/acme-lib").status == 404)
        #expect(await engine.put("/line/q/other/files/acmelib/1", "one").status == 201)
        #expect(await engine.put("/line/p/h/files/acme-lib/1", "one").status == 201)
    }

    @Test func `a group binds no member whose project did not agree`() async throws {
        let engine = try await made("line")
        let group = try #require(engine.catalogue.current.repository(project: "p", name: "g")).record.id
        try await engine.change(group) { $0.group.boundMembers = [] }
        #expect(await engine.put("/line/q/other/files/acme-lib/1", "one").status == 201)
    }

    @Test func `a package that was there before the name was reserved goes on`() async throws {
        let engine = try await made("line")
        let group = try #require(engine.catalogue.current.repository(project: "p", name: "g")).record.id
        try await engine.change(group) { $0.group.reservedNames = [] }
        #expect(await engine.put("/line/q/other/files/acme-lib/1", "one").status == 201)
        try await engine.change(group) { $0.group.reservedNames = [NamePattern(rawValue: "acme-*")] }
        #expect(await engine.put("/line/q/other/files/acme-lib/2", "two").status == 201)
        #expect(await engine.put("/line/q/other/files/acme-new/1", "one").status == 409)
    }

    @Test func `a group that hosts nothing of its own, and one of the publisher's own project, refuse nobody`() async throws {
        let engine = try await made("line")
        let group = try #require(engine.catalogue.current.repository(project: "p", name: "g")).record.id
        let other = try #require(engine.catalogue.current.repository(project: "q", name: "other")).record
        try await engine.change(group) { $0.group.members = [other.id] }
        #expect(await engine.put("/line/q/other/files/acme-one/1", "one").status == 201)
        let hosted = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        try await engine.change(group) { $0.group.members = [hosted, other.id] }
        #expect(await engine.put("/line/q/other/files/acme-two/1", "one").status == 409)
        let now = engine.clock.platform.now()
        try await engine.store.write { writing in
            var own = RepositoryRecord(
                projectID: other.projectID, project: "q", name: "mine", format: "line", kind: .group, created: now, updated: now)
            (own.group.members, own.group.reservedNames) = ([other.id], [NamePattern(rawValue: "acme-*")])
            _ = try writing.put(own)
        }
        try await engine.catalogue.reload()
        #expect(await engine.put("/line/q/other/files/acme-two/1", "one").status == 201)
    }

    @Test(arguments: [GroupSettings.Policy.firstOwner, .union])
    func `a package is owned that only the reserving project hosts, and pages follow the setting`(
        _ policy: GroupSettings.Policy
    ) async throws {
        let engine = try await made("pypi")
        let group = try #require(engine.catalogue.current.repository(project: "p", name: "g")).record.id
        try await engine.change(group) { $0.group.policy = policy }
        let now = engine.clock.platform.now()
        for (project, repository, name) in [("p", "h", "acme-ours"), ("q", "other", "acme-theirs"), ("p", "h", "else")] {
            let id = try #require(engine.catalogue.current.repository(project: project, name: repository)).record.id
            let package = PackageID(normalized: name)
            let record = AssetRecord(
                path: try AssetPath("packages/\(name)/\(name)-1.0.tar.gz"), package: package, version: "1.0", size: 3,
                published: now)
            try await engine.store.write { writing in
                try writing.put(PackageRecord(repository: id, id: package, displayName: name, created: now, updated: now))
                try writing.put(
                    StoredAsset(
                        repository: id, record: record, blob: BlobDigest(of: Array(name.utf8)), size: 3, uploadedBy: "dev",
                        created: now))
            }
        }
        func page(_ name: String) async throws -> JSONObject {
            let answer = await engine.send(
                .get, "/pypi/p/g/simple/\(name)/", headers: ["Accept": "application/vnd.pypi.simple.v1+json"])
            return try #require(JSONValue(parsing: Array(try await answer.text().utf8)).object)
        }
        #expect(try await page("acme-ours")["namespaces"] == [["name": "acme", "owned": true]])
        #expect(try await page("acme-theirs")["namespaces"] == [["name": "acme", "owned": false]])
        #expect(try await page("else")["namespaces"] == .null)
        let namespace = await engine.send(.get, "/pypi/p/g/simple/namespace/acme")
        #expect(namespace.status == 200 && namespace.headers["content-type"] == "application/vnd.pypi.simple.v1+json")
        #expect(try await namespace.text().contains("\"owner\":\"p\""))
        #expect(await engine.send(.get, "/pypi/p/g/simple/namespaces").status == 200)
        #expect(await engine.send(.get, "/pypi/p/h/simple/namespaces").status == 404)
        // A group of a project that hosts nothing in it reserves for all whom it puts together.
        let other = try #require(engine.catalogue.current.repository(project: "q", name: "other")).record.id
        try await engine.change(group) { $0.group.members = [other] }
        #expect(try await page("acme-theirs")["namespaces"] == [["name": "acme", "owned": true]])
        let hosted = try #require(engine.catalogue.current.repository(project: "p", name: "h")).record.id
        try await engine.change(group) { ($0.group.members, $0.group.reservedNames) = ([hosted, other], []) }
        #expect(try await page("acme-ours")["namespaces"] == nil)
        #expect(await engine.send(.get, "/pypi/p/g/simple/namespace/acme").status == 404)
    }
}

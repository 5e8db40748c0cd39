import SaveHTTP
import SavePlatform
import SaveStorage
import Testing

@testable import SaveAPI

/// Packages with slashes in their names, of every format that has such, by the same routes as others.
@Suite struct SlashedNameTests {
    /// What hosted repositories of the world have, or get: the format, the package as a path writes it, and its key.
    private static let packages = [
        (format: "npm", path: "@acme%2Flib", key: "@acme/lib"), ("npm", "%40acme%2flib", "@acme/lib"),
        ("go", "go.test%2Fdemo", "go.test/demo"), ("oci", "team%2Fsub%2Fapp", "team/sub/app"),
        ("maven", "demo.maven:demo", "demo.maven:demo"), ("maven", "demo.maven%3Ademo", "demo.maven:demo"),
        ("cargo", "demo", "demo"), ("pypi", "demo", "demo"),
    ]

    private func world() async throws -> AccessWorld {
        let world = try await AccessWorld()
        let scoped = AccessWorld.publish("1.0.0", "@acme/lib")
        #expect(await world.send("PUT", "/npm/open/npm-hosted/@acme%2flib", as: .admin, scoped).status == 201)
        #expect(
            await world.push(AccessWorld.image("v1"), of: AccessWorld.tarball, as: "team/sub/app", to: "/oci/open/oci-hosted/"))
        return world
    }

    @Test(arguments: packages.indices)
    func `every route takes a package whose name has slashes`(index: Int) async throws {
        let (format, path, key) = Self.packages[index]
        let world = try await world()
        let base = "/repos/open/\(format)-hosted/packages/\(path)"
        let package = try await world.change("GET", base, as: .owner, "")
        #expect((package.status, package["name"]?.string) == (200, key))
        let version = try #require(package["versions"]?.array?.first?.object?["version"]?.string)
        let at = "\(base)/versions/\(ASCII.percentEncoded(version))"
        let shown = try await world.change("GET", at, as: .owner, "")
        #expect((shown.status, shown["name"]?.string) == (200, key))
        let file = try #require(shown["files"]?.array?.first?.object?["filename"]?.string)
        let explained = try await world.change("GET", base + "/explain", as: .owner, "")
        #expect((explained.status, explained["package"]?.string) == (200, key))
        for yank in [at + "/yank", "\(at)/files/\(ASCII.percentEncoded(file))/yank"] {
            #expect(try await world.change("PUT", yank, as: .owner, "{}").status == 204, "\(yank)")
            #expect(try await world.change("DELETE", yank, as: .owner, "").status == 204, "\(yank)")
        }
        #expect(try await world.change("PATCH", at, as: .viewer, #"{"attributes":{}}"#).status == 403)
        let sequence = try await world.lastSequence()
        #expect(try await world.change("DELETE", base, as: .owner, "").status == 204)
        #expect(try await world.change("GET", base, as: .owner, "").status == 404)
        let records = try await world.audit(after: sequence)
        #expect(records.map(\.resource) == ["open/\(format)-hosted/\(key)"])
        let retired = try await world.change("GET", base + "/retired-names", as: .owner, "")
        #expect(retired.status == 200)
        for name in retired.items.compactMap({ $0.object?["filename"]?.string }) {
            let released = "\(base)/retired-names/\(ASCII.percentEncoded(name))"
            #expect([204, 404].contains(try await world.change("DELETE", released, as: .owner, "").status), "\(name)")
        }
        #expect(try await world.change("GET", base + "/retired-names", as: .owner, "").items.isEmpty)
    }

    @Test(arguments: [
        ("/repos/open%2Fx/npm-hosted/packages/demo", 400), ("/repos/open/npm%2Fhosted", 400), ("/repos%2Fopen", 400),
        ("/repos/open/npm-hosted/packages/demo/versions/1%2F0", 400), ("/repos/open/npm-hosted%2Fpackages/demo", 400),
        ("/repos/open/npm-hosted/packages/demo/retired-names/a%2Fb", 400), ("/users/a%2Fb", 400),
        ("/repos/open/npm-hosted/packages/..%2F..%2Fdemo", 400), ("/repos/open/npm-hosted/packages/@acme%2F.", 400),
        ("/repos/open/npm-hosted/packages/@acme%252Flib", 400), ("/repos/open/npm-hosted/packages/@acme%2Flib%2F", 400),
        ("/repos/open/npm-hosted/packages/%2Fdemo", 404), ("/repos/open/npm-hosted/packages/@acme%2F%2Flib", 404),
        ("/repos/open/npm-hosted/packages/@acme/lib", 404), ("/repos/open/npm-hosted/packages/@acme%2Fother", 404),
        ("/repos/open/npm-hosted/packages/@acme%2Flib%2Fexplain", 404),
    ]) func `an encoded slash stands for nothing else`(path: String, status: Int) async throws {
        let world = try await world()
        #expect(try await world.change("GET", path, as: .admin, "").status == status)
        #expect(try await world.change("DELETE", path, as: .admin, "").status == status || status == 404)
        #expect(try await world.change("GET", "/repos/open/npm-hosted/packages/@acme%2Flib", as: .admin, "").status == 200)
    }

    @Test func `a package whose name has slashes answers everybody as the rows of its routes say`() async throws {
        var run = try await AccessRun()
        let values = ["name": "go-hosted", "package": "go.test%2Fdemo", "version": "v1.0.0", "filename": "v1.0.0.zip"]
        for row in APIExpectations.rows where row.request.contains("{package}") {
            // Packages of this format have no attributes to set, and none of these files was deleted.
            let isMissing = row.request.contains("retired-names/")
            let ok = row.method == "PATCH" ? 400 : isMissing ? 404 : row.ok
            let slashed = AccessRow(
                row.request, row.profile, ok: ok, body: row.body, values: values, isRecorded: row.isRecorded)
            for target in slashed.profile.targets {
                for asker in Asker.allCases {
                    let filled = run.world.fill(slashed, target, asker)
                    try await run.ask(
                        slashed.method, "/api/v1" + filled.path, asker, target, filled.body, slashed.profile, ok: ok,
                        isRecorded: slashed.isRecorded)
                }
            }
            run.compareHidden(slashed.request, slashed.profile)
        }
    }
}

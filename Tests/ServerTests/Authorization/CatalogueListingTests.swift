import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// The pages above repositories: everybody sees there what everybody may read, and nothing tells of anything else.
@Suite struct CatalogueListingTests {
    /// The names that somebody is shown, or the status of the refusal.
    private func shown(_ world: AccessWorld, _ path: String, _ asker: Asker) async throws -> (status: Int, names: [String]) {
        let answer = try await APIAnswer(await world.send("GET", path, as: asker, headers: [("Accept", "application/json")]))
        return (answer.status, answer.items.compactMap { $0.object?["name"]?.string })
    }

    @Test func `everybody sees the projects and repositories that they may read`() async throws {
        let world = try await AccessWorld()
        let kinds = ["pypi-group", "pypi-hosted", "pypi-proxy"]
        for asker in Asker.allCases {
            let refused = [.expired, .disabled].contains(asker)
            let isMember = DataPlaneExpectations.readers.refusal("private", asker) == nil
            let formats = try await shown(world, "/pypi/", asker)
            let everywhere = [.auditor, .admin, .master].contains(asker)
            var projects = isMember ? ["closed", "open"] : ["open"]
            if everywhere { projects = ["closed", "elsewhere", "open"] }
            if asker == .stranger { projects = ["elsewhere", "open"] }
            #expect(formats.status == (refused ? 401 : 200), "\(asker)")
            #expect(formats.names == (refused ? [] : projects), "\(asker)")
            let open = try await shown(world, "/pypi/open/", asker)
            #expect(open.status == (refused ? 401 : 200) && open.names == (refused ? [] : kinds), "\(asker)")
            let closed = try await shown(world, "/pypi/closed/", asker)
            #expect(closed.status == (DataPlaneExpectations.readers.refusal("private", asker) ?? 200), "\(asker)")
            #expect(closed.names == (isMember && !refused ? kinds : []), "\(asker)")
        }
    }

    @Test func `what somebody may not see is byte for byte what is not there, by every method`() async throws {
        let world = try await AccessWorld()
        for asker in [Asker.anonymous, .nobody, .stranger] {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
                for end in ["", "/"] {
                    let hidden = try await world.send(method, "/pypi/closed\(end)", as: asker).comparable()
                    let missing = try await world.send(method, "/pypi/absent\(end)", as: asker).comparable()
                    #expect(hidden == missing, "\(method) as \(asker)")
                    #expect(hidden.hasPrefix(asker == .anonymous ? "401" : "404"), "\(method) as \(asker): \(hidden)")
                }
            }
        }
        // A member of nothing that is of this format.
        #expect(try await shown(world, "/pypi/elsewhere/", .viewer).status == 404)
        #expect(try await shown(world, "/absent/", .admin).status == 404)
        #expect(try await shown(world, "/absent/", .anonymous).status == 404)
    }

    @Test func `where anonymous may read nothing, it is asked to sign in`() async throws {
        let world = try await AccessWorld()
        try await world.store.write { writing in
            for var record in try writing.repositories() {
                record.anonymousRead = false
                _ = try writing.put(record)
            }
        }
        try await world.catalogue.reload()
        #expect(try await shown(world, "/pypi/", .anonymous).status == 401)
        #expect(try await shown(world, "/pypi/", .nobody).status == 200)
        #expect(try await shown(world, "/pypi/", .nobody).names.isEmpty)
    }

    @Test func `a page is HTML or JSON as the client likes, links to what it lists, and can only be read`() async throws {
        let world = try await AccessWorld()
        _ = try await world.change("PATCH", "/repos/open/pypi-hosted", as: .admin, #"{"description":"<b>ours</b>"}"#)
        let page = await world.send("GET", "/pypi/open/", as: .nobody, headers: [("Accept", "text/html,*/*;q=0.8")])
        page.expectSafe("/pypi/open/")
        let text = try await page.comparable()
        #expect(text.contains(#"<a href="pypi-hosted/">"#) && text.contains("&lt;b&gt;ours") && !text.contains("<b>ours"))
        let json = try await APIAnswer(
            await world.send("GET", "/pypi/open/", as: .nobody, headers: [("Accept", "application/json")]))
        let hosted = try #require(json.items.first { $0.object?["name"] == "pypi-hosted" }?.object)
        #expect(hosted["url"] == "http://save.test/pypi/open/pypi-hosted/" && hosted["repository_type"] == "hosted")
        #expect(json.headers["Vary"] == "Accept, Authorization")
        #expect(await world.send("GET", "/pypi/open/", as: .nobody, headers: [("Accept", "image/png")]).status == 406)
        for (path, location) in [("/pypi", "pypi/"), ("/pypi/open", "open/")] {
            let answer = await world.send("GET", path, as: .nobody)
            #expect(answer.status == 301 && answer.headers["Location"] == location)
        }
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = await world.send(method, "/pypi/open/", as: .nobody)
            #expect(answer.status == 405 && answer.headers["Allow"] == "GET, HEAD, OPTIONS", "\(method)")
        }
    }
}

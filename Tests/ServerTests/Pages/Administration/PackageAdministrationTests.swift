internal import Foundation
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// What pages of administration do to packages, versions and files.
@Suite struct PackageAdministrationTests {
    private static let base = "/ui/admin/repositories/closed/pypi-hosted"
    private static let page = base + "/packages?package=demo"
    private let world: AccessWorld
    private let visitor: Visitor

    init() async throws {
        world = try await AccessWorld()
        visitor = Visitor(world)
        try await visitor.signIn("owner")
    }

    private func send(_ what: String, _ more: [(String, String)] = [], id: String = UUID().uuidString) async throws -> APIAnswer {
        try await visitor.post("\(Self.base)/\(what)", [("package", "demo"), ("form_id", id)] + more)
    }

    private func api(_ path: String) async throws -> JSONObject {
        let answer = try await world.change("GET", "/repos/closed/pypi-hosted/packages/demo\(path)", as: .owner, "")
        return try JSONValue(parsing: Array(answer.text.utf8)).object ?? JSONObject()
    }

    @Test func `a version is yanked with a reason, offered again, and deleted once it was typed`() async throws {
        let version = [("version", "1.0")]
        #expect(try await send("packages/yank", version + [("reason", "it leaks")]).status == 303)
        #expect(try await api("/versions/1.0")["yanked_reason"] == "it leaks")
        let yanked = try await visitor.get(Self.page).text
        #expect(yanked.contains("Offer again") && yanked.contains("it leaks"))
        #expect(try await send("packages/unyank", version).status == 303)
        #expect(try await visitor.get(Self.page).text.contains(">Yank<"))
        #expect(try await visitor.get(Self.page + "&version=1.0").text.contains("Type 1.0 to delete it"))
        #expect(try await send("packages/delete-version", version + [("confirm", "1")]).status == 400)
        #expect(try await api("")["versions"]?.array?.count == 1)
        let deleted = try await send("packages/delete-version", version + [("confirm", "1.0")])
        #expect(deleted.status == 303)
        // The package went with its last file; the names of its files did not.
        let left = try await visitor.get(try #require(deleted.headers["Location"]))
        #expect(left.status == 200 && left.text.contains("It is deleted.") && left.text.contains("No file of it is left here."))
        #expect(left.text.contains(AccessWorld.wheel.filename) && left.text.contains(AccessWorld.retired.filename))
        let absent = try await visitor.get(Self.base + "/packages?package=never")
        #expect(absent.status == 404)
    }

    @Test func `one file of a version is yanked, offered again and deleted, and its name is released`() async throws {
        let (wheel, sdist) = (AccessWorld.wheel.filename, "demo-1.0-py2-none-any.whl")
        let form = AccessWorld.form(FixtureWheel(name: "demo", version: "1.0", tag: "py2-none-any"), name: "demo")
        let published = await world.send("POST", "/pypi/closed/pypi-hosted/", as: .admin, form.body, type: form.type)
        #expect(published.status == 200)
        let file = [("version", "1.0"), ("file", wheel)]
        #expect(try await send("files/yank", file + [("reason", "broken")]).status == 303)
        func yanked() async throws -> [String] {
            try await api("/versions/1.0")["files"]?.array?.compactMap(\.object).filter { $0["yanked"] == true }.compactMap {
                $0["filename"]?.string
            } ?? []
        }
        #expect(try await yanked() == [wheel])
        let page = try await visitor.get(Self.page + "&version=1.0").text
        #expect(page.contains("Offer again: \(wheel)") && page.contains("Yank: \(sdist)"))
        #expect(try await send("files/unyank", file).status == 303)
        #expect(try await yanked().isEmpty)
        let own = try await visitor.get(Self.page + "&version=1.0&file=\(wheel)").text
        #expect(own.contains("Type \(wheel) to delete it") && own.contains("sha256"))
        #expect(try await send("files/delete", file + [("confirm", sdist)]).status == 400)
        #expect(try await send("files/delete", file + [("confirm", wheel)]).status == 303)
        #expect(try await api("/versions/1.0")["files"]?.array?.count == 1)
        #expect(try await visitor.get(Self.page).text.contains("Release the name \(wheel)"))
        #expect(try await send("packages/release-name", [("file", wheel)]).status == 303)
        #expect(try await !visitor.get(Self.page).text.contains("Release the name \(wheel)"))
    }

    @Test func `a package gets a status and attributes, what was taken out is gone, and a version says more than its files`()
        async throws
    {
        #expect(try await send("packages/status", [("status", "quarantined"), ("reason", "somebody else's")]).status == 303)
        #expect(try await api("")["attributes"]?.object?["project-status"]?.object?["status"] == "quarantined")
        let text = try await visitor.get(Self.page).text
        #expect(text.contains("value=\"quarantined\" selected") && text.contains("value=\"somebody else&#39;s\""))
        let known = "[\"project-status\"]"
        #expect(
            try await send("packages/attributes", [("attributes", "{\"max-file-size\": 1000}"), ("known", known)]).status == 303)
        #expect(try await api("")["attributes"]?.object == ["max-file-size": 1000])
        #expect(try await send("packages/status", [("status", "active"), ("reason", "")]).status == 303)
        let wrong = try await send("packages/attributes", [("attributes", "{\"colour\": 1}"), ("known", "[\"max-file-size\"]")])
        #expect(wrong.status == 400 && wrong.text.contains("has no attribute") && wrong.text.contains("aria-invalid"))
        #expect(try await api("")["attributes"]?.object == ["max-file-size": 1000])
        let python = [("version", "1.0"), ("attributes", "{\"requires-python\": \">=3.12\"}")]
        #expect(try await send("packages/attributes", python).status == 303)
        let files = try await api("/versions/1.0")["files"]?.array?.compactMap(\.object) ?? []
        #expect(files.first?["attributes"]?.object?["requires-python"] == ">=3.12")
    }

    @Test func `a change of attributes that were changed meanwhile is refused`() async throws {
        let tag = try await visitor.hidden("tag", on: Self.page).replacing("&quot;", with: "\"")
        #expect(!tag.isEmpty)
        world.clock.advance(seconds: 1)
        #expect(try await send("packages/status", [("status", "archived")]).status == 303)
        let late = try await send("packages/status", [("status", "deprecated"), ("tag", tag)])
        #expect(late.status == 412)
        #expect(try await api("")["attributes"]?.object?["project-status"]?.object?["status"] == "archived")
    }

    @Test func `the page of a package leads those who may to what can be done with it`() async throws {
        let link = "/ui/admin/repositories/closed/pypi-hosted/packages?package=demo"
        for (name, may) in [("owner", true), ("admin", true), ("viewer", false), ("developer", false), ("auditor", false)] {
            let reader = Visitor(world)
            try await reader.signIn(name)
            for repository in ["pypi-hosted", "pypi-group"] {
                let text = try await reader.get("/ui/pypi/closed/\(repository)/demo/").text
                #expect(text.contains("href=\"\(link)\">Manage<") == may, "\(name)")
            }
            let version = try await reader.get("/ui/pypi/closed/pypi-hosted/demo/1.0/").text
            #expect(version.contains("href=\"\(link)&amp;version=1.0\">Manage<") == may, "\(name)")
        }
    }

    @Test func `formats without attributes have none to set, and a group is changed in its members`() async throws {
        let npm = try await visitor.get("/ui/admin/repositories/closed/npm-hosted/packages?package=demo").text
        #expect(npm.contains(">Yank<") && npm.contains("Delete the package") && !npm.contains("Attributes"))
        let group = try await visitor.get("/ui/admin/repositories/closed/pypi-group/packages?package=demo").text
        #expect(group.contains("Nothing is changed in a group.") && group.contains("href=\"\(Self.page)\">closed/pypi-hosted<"))
        #expect(!group.contains(">Yank<") && !group.contains("Delete the package"))
    }
}

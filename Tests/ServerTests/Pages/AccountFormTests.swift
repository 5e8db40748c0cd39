internal import Foundation
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// What people do with their own account, and what becomes of a choice that the REST API asks for.
@Suite struct AccountFormTests {
    private func visitor(_ world: AccessWorld, _ name: String = "owner") async throws -> Visitor {
        let visitor = Visitor(world)
        try await visitor.signIn(name)
        return visitor
    }

    @Test func `lifetimes that the server refuses are not offered, and those that are offered are taken`() async throws {
        let day: Int64 = 86_400
        for (limit, offered) in [
            (nil, ["30", "90", "365", ""]), (1000 * day, ["30", "90", "365", "longest"]), (90 * day, ["30", "90"]),
            (40 * day, ["30", "longest"]), (12 * 3600, ["longest"]),
        ] as [(Int64?, [String])] {
            let world = try await AccessWorld(maxKeyLifetime: limit)
            let visitor = try await visitor(world)
            func choices(_ page: String) async throws -> [String] {
                let text = try await visitor.get(page).text
                let select = text.components(separatedBy: "name=\"days\"").last?.components(separatedBy: "</select>").first ?? ""
                return select.matches(of: /option value="([^"]*)"/).map { String($0.output.1) }
            }
            #expect(try await choices("/ui/account") == offered)
            let robots = try await choices("/ui/admin/robots/bot-closed")
            #expect(robots.contains("") == (limit == nil) && robots.filter { $0 != "1825" } == offered)
            for value in offered {
                let fields = [("description", "x"), ("reach", "read:"), ("days", value), ("form_id", "own \(value)")]
                #expect(try await visitor.post("/ui/account/keys", fields).status == 201, "\(limit ?? 0) \(value)")
                let robot = [("description", "x"), ("may", ""), ("days", value), ("form_id", "robot \(value)")]
                #expect(try await visitor.post("/ui/admin/robots/bot-closed/keys", robot).status == 201, "\(limit ?? 0) \(value)")
            }
            for value in ["30", "90", "365", "", "longest", "7"] where !offered.contains(value) {
                let fields = [("description", "x"), ("reach", "read:"), ("days", value), ("form_id", "not \(value)")]
                #expect(try await visitor.post("/ui/account/keys", fields).status == 400, "\(limit ?? 0) \(value)")
            }
        }
        let text = try await visitor(try await AccessWorld(maxKeyLifetime: 12 * 3600)).get("/ui/account").text
        #expect(text.contains("12 hours, the longest that this server allows"))
    }

    @Test func `a person replaces a key of their own, which is shown once, and nobody else does`() async throws {
        let world = try await AccessWorld()
        let (owner, stranger) = (try await visitor(world), try await visitor(world, "stranger"))
        let path = "/ui/account/keys/\(world.key(of: "owner"))/rotate"
        let before = try await world.store.read { try $0.keys().count }
        #expect(try await stranger.post(path, [("form_id", "1")]).status == 404)
        #expect(try await world.store.read { try $0.keys().count } == before)
        let made = try await owner.post(path, [("form_id", "1")])
        #expect(made.status == 201 && made.text.contains("sav_") && made.text.contains("takes the place of the other"))
        #expect(try await world.store.read { try $0.keys().count } == before + 1)
        let again = try await owner.post(path, [("form_id", "1")])
        #expect(again.status == 409 && !again.text.contains("sav_"))
    }

    @Test func `times are told as a browser was told to, and what is no language or zone is not kept`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world)
        func set(_ form: String, _ language: String, _ zone: String) async throws -> APIAnswer {
            try await visitor.post(
                "/ui/account/times", [("form", form), ("language", language), ("zone", zone), ("form_id", "1")])
        }
        #expect(try await visitor.get("/ui/").text.contains("<html lang=\"en\">"))
        #expect(try await set("exact", "de-CH", "Europe/Zurich").status == 303)
        let told = "<html lang=\"en\" data-times=\"exact\" data-language=\"de-CH\" data-zone=\"Europe/Zurich\">"
        for page in ["/ui/", "/ui/account", "/ui/pypi/open/pypi-hosted/demo/"] {
            #expect(try await visitor.get(page).text.contains(told), "\(page)")
        }
        #expect(visitor.attributes["save-times"]?.contains("HttpOnly") == true)
        for (form, language, zone, field) in [
            ("soon", "", "", "form"), ("ago", "de;x", "", "language"), ("ago", "d", "", "language"), ("ago", "", "a b", "zone"),
            ("ago", "", "\"><script>", "zone"),
        ] {
            let refused = try await set(form, language, zone)
            #expect(refused.status == 400 && refused.text.contains("id=\"times-\(field)-fault\""), "\(form) \(language) \(zone)")
        }
        #expect(try await visitor.get("/ui/").text.contains(told))
        visitor.take(visitor.cookies.merging(["save-times": "exact.\"><b>.UTC"]) { $1 })
        #expect(try await visitor.get("/ui/").text.contains("<html lang=\"en\">"))
        #expect(try await set("ago", "", "").status == 303)
        #expect(try await visitor.get("/ui/").text.contains("<html lang=\"en\">"))
    }

    @Test func `a deletion that needs a choice asks for it at the field, in the words of the form`() async throws {
        let world = try await AccessWorld()
        let visitor = try await visitor(world)
        func delete(_ name: String, _ more: [(String, String)] = []) async throws -> APIAnswer {
            try await visitor.post(
                "/ui/admin/repositories/closed/\(name)/delete", [("confirm", name), ("form_id", "\(name) \(more.count)")] + more)
        }
        let files = try await delete("pypi-hosted")
        #expect(files.status == 409 && files.text.contains("id=\"delete-force-fault\""), "\(files.text)")
        let names = try await delete("pypi-hosted", [("force", "on")])
        #expect(names.status == 409 && names.text.contains("id=\"delete-names-fault\""))
        #expect(names.text.contains("closed/pypi-group: choose what becomes of them"))
        let proxy = try await delete("pypi-proxy")
        #expect(proxy.status == 409 && proxy.text.contains("id=\"delete-force-fault\""))
        for answer in [files, names, proxy] { #expect(!answer.text.contains("?names") && !answer.text.contains("?force")) }
        // A group in a group.
        let outer =
            #"{"project":"closed","name":"outer","format":"pypi","repository_type":"group","members":["closed/pypi-group","closed/pypi-proxy"]}"#
        #expect(try await world.change("POST", "/repos", as: .owner, outer).status == 201)
        let inner = try await delete("pypi-group", [("force", "on")])
        #expect(inner.status == 409 && inner.text.contains("id=\"delete-names-fault\"") && !inner.text.contains("?names"))
        #expect(inner.text.contains("closed/outer: choose what becomes of them"))
        #expect(try await delete("pypi-group", [("force", "on"), ("names", "reserve")]).status == 303)
    }
}

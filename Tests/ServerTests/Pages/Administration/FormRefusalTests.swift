internal import Foundation
@testable import SaveAPI
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import SaveUI
import Testing

/// Forms that are refused leave a record, whether the page refuses them or the REST API.
@Suite struct FormRefusalTests {
    private func visitor(_ world: AccessWorld, _ name: String) async throws -> Visitor {
        let visitor = Visitor(world)
        try await visitor.signIn(name)
        return visitor
    }

    private func records(_ world: AccessWorld, _ since: Int64) async throws -> [String] {
        try await world.audit(after: since).filter { $0.action != "session.create" }.map {
            "\($0.actor) \($0.action) \($0.outcome) \($0.details["error"]?.string ?? "")"
        }
    }

    @Test func `whatever form of administration somebody sends who manages nothing, there is one record of a denial`()
        async throws
    {
        let world = try await AccessWorld()
        let nobody = try await visitor(world, "nobody")
        let token = try await nobody.hidden("form_token", on: "/ui/account")
        for route in PageRoute.all where route.method == .post && route.pattern.hasPrefix("/admin") {
            let since = try await world.lastSequence()
            let path = "/ui" + route.pattern.replacing("{", with: "").replacing("}", with: "")
            let isFile = route.pattern.hasSuffix("/import")
            let form =
                "--b\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n\(token)\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nx\r\n--b--\r\n"
            let answer =
                isFile
                ? try await nobody.send("POST", path, form, type: "multipart/form-data; boundary=b")
                : try await nobody.post(path, [("form_id", "1")], token: token)
            #expect(answer.status == 403, "\(path)")
            let action = try #require(route.action, "\(path) leaves no record")
            #expect(try await records(world, since) == ["nobody \(action) denied forbidden"], "\(path)")
        }
    }

    @Test func `actions of forms are those of the REST API`() {
        let known = Set(RouteTable.complete.routes.compactMap(\.action) + ["session.delete"])
        for route in PageRoute.all {
            if let action = route.action { #expect(known.contains(action) && route.method == .post, "\(route.pattern)") }
        }
        let silent = PageRoute.all.filter { $0.method == .post && $0.action == nil }.map(\.pattern)
        #expect(silent == ["/login", "/logout", "/account/times"])
    }

    @Test func `what the REST API refuses has one record, and what a page refuses says what it was about`() async throws {
        let world = try await AccessWorld()
        let stranger = try await visitor(world, "stranger")
        let since = try await world.lastSequence()
        #expect(try await stranger.post("/ui/admin/projects/closed", [("description", "x"), ("form_id", "1")]).status == 404)
        #expect(try await records(world, since) == ["stranger project.update denied not_found"])
        // The page looks for the repository before it asks.
        let before = try await world.lastSequence()
        let page = "/ui/admin/repositories/closed/pypi-hosted"
        #expect(try await stranger.post(page, [("description", "x"), ("form_id", "2")]).status == 404)
        let denied = try await world.audit(after: before)
        #expect(denied.map(\.action) == ["repository.update"] && denied.map(\.outcome) == [.denied])
        #expect(denied.map(\.resource) == ["closed/pypi-hosted"] && denied.map(\.resourceType) == ["repository"])
        // A mistake is a failure, and no denial.
        let owner = try await visitor(world, "owner")
        let third = try await world.lastSequence()
        #expect(try await owner.post(page + "/delete", [("confirm", "other"), ("form_id", "3")]).status == 400)
        #expect(try await records(world, third) == ["owner repository.delete failed invalid_request"])
        // A form of another session.
        let fourth = try await world.lastSequence()
        #expect(try await owner.post(page, [("description", "x"), ("form_id", "4")], token: "wrong").status == 403)
        #expect(try await records(world, fourth) == ["owner repository.update denied forbidden"])
    }

    @Test func `what was done has its own record and none of a refusal`() async throws {
        let world = try await AccessWorld()
        let owner = try await visitor(world, "owner")
        let since = try await world.lastSequence()
        #expect(try await owner.post("/ui/admin/projects/closed", [("description", "x"), ("form_id", "1")]).status == 303)
        #expect(try await records(world, since) == ["owner project.update ok "])
    }
}

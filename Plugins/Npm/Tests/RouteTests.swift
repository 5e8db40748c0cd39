import SavePlatform
import Testing

@testable import FormatNpm

@Suite struct RouteTests {
    private let acme = PackageID(normalized: "@acme/left-pad")

    private func route(_ method: HTTPMethod = .get, _ path: String) throws -> Route {
        let segments = path.split(separator: "/").map { String($0) }
        return try NpmFormat(settings: [:]).route(
            FormatRequest(method: method, path: RequestPath(segments: segments, endsInSlash: path.hasSuffix("/"))))
    }

    @Test func `packages, versions, tags and files are where npm looks for them`() throws {
        let file = try AssetPath("@acme/left-pad/-/left-pad-1.0.0.tgz")
        #expect(try route(.get, "@acme/left-pad") == .index(.package(acme), offers: [Packument.full, Packument.abbreviated]))
        #expect(
            try route(.get, "left-pad/1.0.0")
                == .index(.custom("version/1.0.0", package: PackageID(normalized: "left-pad")), offers: [.json]))
        #expect(
            try route(.get, "-/package/@acme/left-pad/dist-tags") == .index(.custom("dist-tags", package: acme), offers: [.json]))
        #expect(try route(.get, "@acme/left-pad/-/left-pad-1.0.0.tgz") == .asset(file, package: acme))
        #expect(try route(.get, "@acme/left-pad/-/@acme/left-pad-1.0.0.tgz") == .asset(file, package: acme))
        #expect(try route(.put, "@acme/left-pad") == .upload(UploadPlan(package: acme, purpose: "publish", status: 201)))
        #expect(try route(.put, "@acme/left-pad/-rev/1-a") == .unpublish(UploadPlan(package: acme, purpose: "revise 1-a")))
        #expect(try route(.delete, "@acme/left-pad/-rev/1-a") == .unpublish(UploadPlan(package: acme, purpose: "unpublish 1-a")))
        #expect(
            try route(.delete, "@acme/left-pad/-/left-pad-1.0.0.tgz/-rev/1-a")
                == .unpublish(UploadPlan(package: acme, purpose: "remove-file left-pad-1.0.0.tgz")))
        #expect(
            try route(.put, "-/package/@acme/left-pad/dist-tags/next")
                == .upload(UploadPlan(package: acme, purpose: "tag next", status: 201)))
        #expect(
            try route(.delete, "-/package/@acme/left-pad/dist-tags/next")
                == .upload(UploadPlan(package: acme, purpose: "untag next")))
        #expect(try route(.get, "-/whoami") == .identity(member: "username"))
        #expect(try route(.delete, "@acme/left-pad/-/left-pad-1.0.0.tgz") == .delete(file))
    }

    @Test(arguments: [
        "-/unknown", "@acme", "left-pad/-/other-1.0.0.tgz", "left-pad/-/left-pad-1.0.tgz", "left-pad/-/left-pad-.tgz",
        "left-pad/-/left-pad-1.0.0.zip", "left-pad/1.0.0/x", "left-pad/-/left-pad-1.0.0.tgz/rev/1", "-/package/x/dist-tags/a/b",
        "@acme/left-pad/-/@other/left-pad-1.0.0.tgz", ".hidden",
        "-/package/x/y",
    ])
    func `what npm does not have is not found`(_ path: String) {
        let error = #expect(throws: SaveError.self) { try route(.get, path) }
        #expect(error?.code == .notFound || error?.code == .packageNotFound)
    }

    @Test func `another method says which there are`() {
        let error = #expect(throws: SaveError.self) { try route(.post, "left-pad") }
        #expect(error?.code == .methodNotAllowed && error?.details["allow"] == "GET, HEAD, PUT")
    }
}

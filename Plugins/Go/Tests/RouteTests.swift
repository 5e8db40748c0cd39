import SavePlatform
import Testing

@testable import FormatGo

@Suite struct RouteTests {
    private func route(_ method: HTTPMethod, _ path: String) throws -> Route {
        try GoFormat(settings: [:]).route(FormatRequest(method: method, path: RequestPath(decoding: Array(path.utf8)[...])))
    }

    private func refusal(_ method: HTTPMethod, _ path: String) -> SaveError.Code? {
        do {
            _ = try route(method, path)
            return nil
        } catch { return (error as? SaveError)?.code }
    }

    @Test func `each path of the protocol has its meaning`() throws {
        let package = PackageID(normalized: "example.com/Acme/lib")
        let below = "/example.com/!acme/lib"
        #expect(try route(.get, "\(below)/@v/list") == .index(.package(package), offers: [MediaType.text.given]))
        #expect(
            try route(.head, "\(below)/@latest") == .index(.custom("latest", package: package), offers: [MediaType.json.given]))
        let info = IndexKey.custom("info/v1.0.0-RC1", package: package)
        #expect(try route(.get, "\(below)/@v/v1.0.0-!r!c1.info") == .index(info, offers: [MediaType.json.given]))
        let zip = try AssetPath("example.com/!acme/lib/@v/v1.0.0.zip")
        #expect(
            try route(.get, "\(below)/@v/v1.0.0.mod")
                == .asset(try AssetPath("example.com/!acme/lib/@v/v1.0.0.mod"), package: package))
        #expect(try route(.get, "\(below)/@v/v1.0.0.zip") == .asset(zip, package: package))
        #expect(try route(.put, "\(below)/@v/v1.0.0.zip") == .upload(UploadPlan(path: zip, package: package, status: 201)))
        #expect(try route(.delete, "\(below)/@v/v1.0.0.zip") == .delete(zip))
        #expect(try route(.get, "/") == .index(.root, offers: [.text]))
    }

    @Test(arguments: [
        "/example.com/a/@v/v1.0.zip", "/example.com/a/@v/1.0.0.zip", "/example.com/a/@v/v2.0.0.zip",
        "/example.com/a/v2/@v/v1.0.0.zip",
        "/example.com/a/@v/v1.0.0+build.zip", "/example.com/Acme/@v/v1.0.0.zip", "/example.com/!Acme/@v/v1.0.0.zip",
        "/example/a/@v/v1.0.0.zip", "/example.com/a/v1/@v/v1.0.0.zip", "/Example.com/@v/v1.0.0.zip",
    ]) func `a version that no module can have is missing, and is told what is wrong when it is published`(path: String) {
        #expect(refusal(.get, path) == .packageNotFound)
        #expect(refusal(.put, path) == .invalidRequest)
    }

    @Test(arguments: [
        "/example.com/a/@v/master.info", "/example.com/a/@v/abcdef.info", "/example.com/a", "/example.com/a/@v/v1.0.0.txt",
        "/example.com/a/@v/", "/@v/list", "/@latest", "/sumdb/sum.example.com/supported", "/sumdb/sum.example.com/latest",
        "/sumdb/sum.example.com/lookup/example.com/a@v1.0.0",
    ]) func `what is not served is missing, so that the go command can go on`(path: String) {
        #expect([.notFound, .packageNotFound].contains(refusal(.get, path)))
    }

    @Test func `only zips are published and deleted`() {
        for path in [
            "/example.com/a/@v/v1.0.0.mod", "/example.com/a/@v/v1.0.0.info", "/example.com/a/@v/list", "/example.com/a/@latest",
        ] {
            #expect(refusal(.put, path) == .methodNotAllowed)
            #expect(refusal(.delete, path) == .methodNotAllowed)
        }
    }
}

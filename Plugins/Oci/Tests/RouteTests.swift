import SavePlatform
import SaveTestKit
import Testing

@testable import FormatOci

@Suite struct RouteTests {
    private let digest = "sha256:" + String(repeating: "0a", count: 32)
    private let app = PackageID(normalized: "team/app")

    private func route(_ method: HTTPMethod, _ target: String) throws -> Route {
        let parts = Array(target.utf8).split(separator: UInt8(ascii: "?"), maxSplits: 1)
        return try OciFormat(settings: [:]).route(
            FormatRequest(
                method: method, path: RequestPath(decoding: parts[0]), query: QueryItems(decoding: parts.dropFirst().first)))
    }

    @Test func `what is read is a file by its digest, and an index by a tag`() throws {
        let blob = try AssetPath("team/app/blobs/\(digest)")
        let manifest = try AssetPath("team/app/manifests/\(digest)")
        #expect(try route(.get, "/team/app/blobs/\(digest)") == .asset(blob, package: app))
        #expect(try route(.head, "/team/app/manifests/\(digest)") == .asset(manifest, package: app))
        let json = MediaType.json.given
        #expect(try route(.get, "/team/app/manifests/v1") == .index(.custom("manifest/v1", package: app), offers: [json]))
        #expect(
            try route(.get, "/team/app/tags/list?n=2&last=a") == .index(.custom("tags?2/a", package: app), offers: [json]))
        #expect(
            try route(.get, "/team/app/referrers/\(digest)?artifactType=a%2Fb")
                == .index(.custom("referrers/\(digest)?a/b", package: app), offers: [Referrers.type.given]))
    }

    @Test func `a blob comes in one request or in several`() throws {
        let blob = try AssetPath("team/app/blobs/\(digest)")
        let uploads = try AssetPath("team/app/blobs/uploads")
        let plan = UploadPlan(path: blob, package: app, purpose: "blob", status: 201, location: blob)
        #expect(try route(.post, "/team/app/blobs/uploads/?digest=\(digest)") == .upload(plan))
        let step = { UploadStep($0, place: uploads, idField: "Docker-Upload-UUID") }
        #expect(try route(.post, "/team/app/blobs/uploads/") == .session(step(.open)))
        let mount = UploadStep(
            .open, place: uploads, idField: "Docker-Upload-UUID", copying: "/v2/oci/p/r/other/blobs/\(digest)", as: plan)
        #expect(try route(.post, "/team/app/blobs/uploads/?mount=\(digest)&from=oci/p/r/other") == .session(mount))
        for query in ["mount=\(digest)", "mount=\(digest)&from=../x", "mount=x&from=oci/p/r/other", "from=oci/p/r/other"] {
            #expect(try route(.post, "/team/app/blobs/uploads/?\(query)") == .session(step(.open)))
        }
        #expect(try route(.patch, "/team/app/blobs/uploads/x") == .session(step(.append(session: "x"))))
        #expect(try route(.get, "/team/app/blobs/uploads/x") == .session(step(.status(session: "x"))))
        #expect(try route(.delete, "/team/app/blobs/uploads/x") == .session(step(.abandon(session: "x"))))
        var end = plan
        end.session = "x"
        #expect(try route(.put, "/team/app/blobs/uploads/x?digest=\(digest)") == .upload(end))
    }

    @Test(arguments: [
        ("/team/app/blobs/sha256:totallywrong", "DIGEST_INVALID", 400), ("/Team/app/tags/list", "NAME_INVALID", 404),
        ("/team/app/manifests/.x", "MANIFEST_UNKNOWN", 404), ("/team/app/manifests/md5:x", "DIGEST_INVALID", 400),
        ("/team/app", "NAME_UNKNOWN", 404), ("/team/app/tags", "NAME_UNKNOWN", 404), ("/tags/list", "NAME_INVALID", 404),
    ])
    func `what no path has is refused in the words of the specification`(path: String, code: String, status: Int) {
        let error = #expect(throws: SaveError.self) { try route(.get, path) }
        #expect(error?.details["code"] == code)
        #expect((error?.code == .invalidRequest) == (status == 400))
    }

    @Test(arguments: ["n=-1", "n=x", "n=+1", "last=a/b", "n=99999999999999999999"])
    func `a page of tags that cannot be is refused`(query: String) {
        #expect(throws: SaveError.self) { try route(.get, "/team/app/tags/list?\(query)") }
    }
}

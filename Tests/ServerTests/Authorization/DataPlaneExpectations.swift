import SaveDigest
import SavePlatform
import SaveStorage
import SaveTestKit

/// What everybody gets for every kind of request that a format knows, on every kind of repository.
enum DataPlaneExpectations {
    static let readers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    ok        ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        private   401       404    ok     ok        ok    404      ok      ok    ok    ok    ok     401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    static let uploaders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       403    403    ok        ok    403      403     ok    ok    ok    403    401     401
        private   401       404    403    ok        ok    404      403     ok    ok    ok    403    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    static let deleters = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       403    403    403       ok    403      403     ok    ok    403   403    401     401
        private   401       404    403    403       ok    404      403     ok    ok    403   403    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)

    /// A question about who asks has no answer for nobody.
    static let named = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        private   401       404    ok     ok        ok    404      ok      ok    ok    ok    ok     401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)

    /// A document that a format declares public; that there is such a repository is no secret then.
    static let everybody = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    ok        ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        private   ok        ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)

    /// The kinds of route. A new case of `Route` does not compile until it is named here, and then has no row yet.
    enum Kind: String, CaseIterable {
        case index, asset, checksum, upload, session, unpublish, delete, deleteAll, redirect, identity, lookup, staticDocument

        init(_ route: Route) {
            switch route {
            case .index: self = .index
            case .asset: self = .asset
            case .checksum: self = .checksum
            case .upload: self = .upload
            case .session: self = .session
            case .unpublish: self = .unpublish
            case .delete: self = .delete
            case .deleteAll: self = .deleteAll
            case .redirect: self = .redirect
            case .identity: self = .identity
            case .lookup: self = .lookup
            case .staticDocument: self = .staticDocument
            }
        }
    }

    /// One kind of request of a format.
    struct Request {
        let format: String
        let kind: Kind
        let method: String
        /// Below the repository.
        let path: String
        let profile: AccessProfile
        /// The status of callers that may, by the repository's kind.
        let ok: [RepositoryKind: Int]

        init(_ format: String, _ kind: Kind, _ text: String, _ profile: AccessProfile, _ hosted: Int, _ proxy: Int, _ group: Int)
        {
            self.format = format
            self.kind = kind
            method = String(text.prefix { $0 != " " })
            path = String(text.dropFirst(method.count + 1))
            self.profile = profile
            ok = [.hosted: hosted, .proxy: proxy, .group: group]
        }

        /// Whether the trail tells of it when it goes well: beginning an upload publishes nothing yet.
        var isRecorded: Bool { kind != .session && kind != .lookup }
    }

    private static let missing = "/uploads/" + String(repeating: "0", count: 32)
    private static let file = "/files/" + Digest.hex(AccessWorld.tarball)
    private static let wheel = AccessWorld.wheel.filename
    private static let blob = "/demo/blobs/sha256:" + Digest.hex(AccessWorld.tarball)
    private static let manifest = "/demo/manifests/sha256:" + Digest.hex(AccessWorld.image("v1"))

    /// The last three: what who may gets of a hosted repository, a proxy and a group.
    static let requests: [Request] = [
        Request("pypi", .redirect, "GET /", readers, 302, 302, 302),
        Request("pypi", .redirect, "GET /simple/Demo", readers, 301, 301, 301),
        Request("pypi", .redirect, "GET //simple/demo/", readers, 301, 301, 301),
        Request("pypi", .redirect, "GET /Demo/", readers, 302, 302, 302),
        Request("pypi", .redirect, "GET /demo/1.0/", readers, 302, 302, 302),
        Request("pypi", .index, "GET /simple/", readers, 200, 200, 200),
        Request("pypi", .index, "GET /simple/demo/", readers, 200, 200, 200),
        Request("pypi", .index, "HEAD /simple/demo/", readers, 200, 200, 200),
        Request("pypi", .index, "GET /simple/none/", readers, 404, 404, 404),
        Request("pypi", .index, "GET /pypi/demo/json", readers, 200, 200, 200),
        Request("pypi", .index, "GET /integrity/demo/1.0/\(wheel)/provenance", readers, 404, 404, 404),
        Request("pypi", .asset, "GET /packages/demo/\(wheel)", readers, 200, 200, 200),
        Request("pypi", .asset, "HEAD /packages/demo/\(wheel)", readers, 200, 200, 200),
        Request("pypi", .asset, "GET /packages/demo/\(wheel).metadata", readers, 200, 200, 200),
        Request("pypi", .upload, "POST /", uploaders, 200, 405, 405),
        Request("pypi", .upload, "PUT /packages/demo/\(AccessWorld.newWheel.filename)", uploaders, 201, 405, 405),
        Request("pypi", .delete, "DELETE /packages/demo/\(wheel)", deleters, 204, 405, 405),

        Request("raw", .redirect, "GET ", readers, 301, 301, 301),
        Request("raw", .index, "GET /a/", readers, 200, 404, 200),
        Request("raw", .asset, "GET /a/b.txt", readers, 200, 200, 200),
        Request("raw", .asset, "HEAD /a/b.txt", readers, 200, 200, 200),
        Request("raw", .upload, "PUT /a/new.txt", uploaders, 201, 405, 405),
        Request("raw", .delete, "DELETE /a/b.txt", deleters, 204, 405, 405),
        Request("raw", .deleteAll, "DELETE /a/?recursive=true", deleters, 204, 405, 405),

        Request("maven", .index, "GET /demo/maven/", readers, 200, 404, 200),
        Request("maven", .index, "GET /demo/maven/demo/maven-metadata.xml", readers, 200, 200, 200),
        Request("maven", .index, "GET /demo/maven/demo/maven-metadata.xml.sha1", readers, 200, 200, 200),
        Request("maven", .index, "GET /demo/maven/demo/1.1-SNAPSHOT/maven-metadata.xml", readers, 200, 200, 200),
        Request("maven", .index, "GET /test/none/maven-metadata.xml", readers, 404, 404, 404),
        Request("maven", .redirect, "GET ", readers, 301, 301, 301),
        Request("maven", .asset, "GET /demo/maven/demo/1.0/demo-1.0.pom", readers, 200, 200, 200),
        Request("maven", .asset, "HEAD /demo/maven/demo/1.0/demo-1.0.pom", readers, 200, 200, 200),
        Request("maven", .checksum, "GET /demo/maven/demo/1.0/demo-1.0.pom.sha1", readers, 200, 200, 200),
        Request("maven", .checksum, "HEAD /demo/maven/demo/1.0/demo-1.0.pom.md5", readers, 200, 200, 200),
        Request("maven", .upload, "PUT /demo/maven/demo/1.1/demo-1.1.pom", uploaders, 201, 405, 405),
        Request("maven", .delete, "DELETE /demo/maven/demo/1.0/demo-1.0.pom", deleters, 204, 405, 405),
        Request("maven", .deleteAll, "DELETE /demo/maven/demo/?recursive=true", deleters, 204, 405, 405),

        Request("go", .index, "GET /go.test/demo/@v/list", readers, 200, 200, 200),
        Request("go", .index, "HEAD /go.test/demo/@v/list", readers, 200, 200, 200),
        Request("go", .index, "GET /go.test/demo/@latest", readers, 200, 200, 200),
        Request("go", .index, "GET /go.test/none/@v/list", readers, 404, 404, 404),
        Request("go", .index, "GET /go.test/demo/@v/v1.0.0.info", readers, 200, 200, 200),
        Request("go", .asset, "GET /go.test/demo/@v/v1.0.0.mod", readers, 200, 200, 200),
        Request("go", .asset, "GET /go.test/demo/@v/v1.0.0.zip", readers, 200, 200, 200),
        Request("go", .asset, "HEAD /go.test/demo/@v/v1.0.0.zip", readers, 200, 200, 200),
        Request("go", .upload, "PUT /go.test/demo/@v/v1.1.0.zip", uploaders, 201, 405, 405),
        Request("go", .delete, "DELETE /go.test/demo/@v/v1.0.0.zip", deleters, 204, 405, 405),

        Request("oci", .index, "GET /demo/manifests/v1", readers, 200, 200, 200),
        Request("oci", .index, "HEAD /demo/manifests/v1", readers, 200, 200, 200),
        Request("oci", .index, "GET /demo/manifests/none", readers, 404, 404, 404),
        Request("oci", .index, "GET /demo/tags/list", readers, 200, 200, 200),
        Request("oci", .index, "GET /demo/referrers/sha256:\(Digest.hex(AccessWorld.tarball))", readers, 200, 200, 200),
        Request("oci", .asset, "GET \(manifest)", readers, 200, 200, 200),
        Request("oci", .asset, "GET \(blob)", readers, 200, 200, 200),
        Request("oci", .asset, "HEAD \(blob)", readers, 200, 200, 200),
        Request("oci", .upload, "PUT /demo/manifests/v2", uploaders, 201, 405, 405),
        Request("oci", .upload, "PUT /demo/blobs\(missing)", uploaders, 404, 405, 405),
        Request("oci", .session, "POST /demo/blobs/uploads/", uploaders, 202, 405, 405),
        Request("oci", .session, "GET /demo/blobs\(missing)", uploaders, 404, 405, 405),
        Request("oci", .session, "PATCH /demo/blobs\(missing)", uploaders, 404, 405, 405),
        Request("oci", .session, "DELETE /demo/blobs\(missing)", uploaders, 404, 405, 405),
        Request("oci", .unpublish, "DELETE /demo/manifests/v1", deleters, 202, 405, 405),
        Request("oci", .unpublish, "DELETE \(manifest)", deleters, 202, 405, 405),

        Request("npm", .index, "GET /demo", readers, 200, 200, 200),
        Request("npm", .index, "HEAD /demo", readers, 200, 200, 200),
        Request("npm", .index, "GET /demo/latest", readers, 200, 200, 200),
        Request("npm", .index, "GET /@none%2fnone", readers, 404, 404, 404),
        Request("npm", .index, "GET /-/v1/search?text=demo", readers, 200, 200, 200),
        Request("npm", .asset, "GET /demo/-/demo-1.0.0.tgz", readers, 200, 200, 200),
        Request("npm", .identity, "GET /-/whoami", named, 200, 200, 200),
        Request("npm", .staticDocument, "GET /-/ping", readers, 200, 200, 200),
        Request("npm", .lookup, "POST /-/npm/v1/security/advisories/bulk", readers, 200, 200, 200),
        Request("npm", .upload, "PUT /demo", uploaders, 201, 405, 405),
        Request("npm", .upload, "PUT /-/package/demo/dist-tags/next", uploaders, 200, 405, 405),
        Request("npm", .unpublish, "DELETE /demo/-/demo-1.0.0.tgz/-rev/1", deleters, 200, 405, 405),
        Request("npm", .delete, "DELETE /demo/-/demo-1.0.0.tgz", deleters, 204, 405, 405),

        Request("cargo", .redirect, "GET ", readers, 302, 302, 302),
        Request("cargo", .index, "GET /config.json", readers, 200, 200, 200),
        Request("cargo", .index, "GET /me", readers, 200, 200, 200),
        Request("cargo", .index, "GET /de/mo/demo", readers, 200, 200, 200),
        Request("cargo", .index, "HEAD /de/mo/demo", readers, 200, 200, 200),
        Request("cargo", .index, "GET /no/ne/none", readers, 404, 404, 404),
        Request("cargo", .index, "GET /api/v1/crates?q=demo&per_page=10", readers, 200, 200, 200),
        Request("cargo", .index, "GET /api/v1/crates/demo/owners", readers, 200, 200, 200),
        Request("cargo", .asset, "GET /api/v1/crates/demo/1.0.0/download", readers, 200, 200, 200),
        Request("cargo", .upload, "PUT /api/v1/crates/new", uploaders, 200, 405, 405),
        Request("cargo", .upload, "DELETE /api/v1/crates/demo/1.0.0/yank", uploaders, 200, 405, 405),
        Request("cargo", .delete, "DELETE /api/v1/crates/demo/1.0.0/download", deleters, 204, 405, 405),

        Request("parcels", .index, "GET /config.json", everybody, 200, 200, 200),
        Request("parcels", .index, "HEAD /config.json", everybody, 200, 200, 200),
        Request("parcels", .asset, "GET /files/demo/1.0", readers, 404, 400, 404),
        Request("parcels", .upload, "PUT /new", uploaders, 400, 405, 405),
        Request("chunks", .asset, "GET \(file)", readers, 200, 200, 200),
        Request("chunks", .asset, "HEAD \(file)", readers, 200, 200, 200),
        Request("chunks", .upload, "PUT /files/\(Digest.hex(Array("new".utf8)))", uploaders, 201, 405, 405),
        Request("chunks", .upload, "PUT \(missing)", uploaders, 404, 405, 405),
        Request("chunks", .session, "POST /uploads/", uploaders, 202, 405, 405),
        Request("chunks", .session, "GET \(missing)", uploaders, 404, 405, 405),
        Request("chunks", .session, "PATCH \(missing)", uploaders, 404, 405, 405),
        Request("chunks", .session, "DELETE \(missing)", uploaders, 404, 405, 405),
        Request("chunks", .delete, "DELETE \(file)", deleters, 202, 405, 405),

        Request("notices", .redirect, "GET ", readers, 301, 301, 301),
        Request("notices", .staticDocument, "GET /about", readers, 200, 200, 200),
        Request("notices", .asset, "GET /a/b.txt", readers, 200, 200, 200),
        Request("notices", .asset, "HEAD /a/b.txt", readers, 200, 200, 200),
        Request("notices", .upload, "PUT /new.txt", uploaders, 201, 405, 405),
        Request("notices", .delete, "DELETE /a/b.txt", deleters, 204, 405, 405),
    ]
}

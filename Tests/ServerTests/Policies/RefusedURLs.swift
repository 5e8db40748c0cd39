import SaveDigest
import SavePlatform
import SaveTestKit

/// Where one file of each format may be asked for, and what is answered once a policy refuses it. Written by hand: what the code
/// says of itself is not asked.
enum RefusedURLs {
    /// What is at a path.
    enum Content {
        /// The file, or something that is read out of it or said of it: refused.
        case file
        /// A page, which is never refused for a file that it lists.
        case page
        /// The way to another path.
        case redirect
        /// Nothing about the file.
        case other
    }

    /// What a kind of route can lead to. A new case of `Route` does not compile in `DataPlaneExpectations.Kind`, and then here.
    static func contents(of kind: DataPlaneExpectations.Kind) -> [Content] {
        switch kind {
        case .asset, .checksum: [.file]
        // What is said of a file may be negotiated as a page is.
        case .index: [.page, .file]
        case .redirect: [.redirect]
        case .identity, .staticDocument, .lookup: [.other]
        // Nothing is read by them.
        case .upload, .session, .unpublish, .delete, .deleteAll: []
        }
    }

    struct Row {
        let format: String
        let kind: DataPlaneExpectations.Kind
        let content: Content
        /// Below the repository.
        let path: String
        let places: Set<RefusedPlace>
        init(
            _ format: String, _ kind: DataPlaneExpectations.Kind, _ content: Content, _ path: String,
            _ places: Set<RefusedPlace> = Set(RefusedPlace.allCases)
        ) {
            self.format = format
            self.kind = kind
            self.content = content
            self.path = path
            self.places = places
        }
    }

    /// Readings of a repository, each as the beginning of a path below it. Every row is asked for in each.
    ///
    /// The time is a minute after that at which the tests begin. Upstreams are not searched as of a time.
    static func views(of row: Row, _ place: RefusedPlace) -> [String] {
        (row.path.contains("/search") || row.path.contains("/crates?q=")) && !place.isHosted
            ? [""] : ["", "/+at/2027-01-15T08:01:00Z"]
    }

    private static let wheel = RefusedFile.wheel.filename
    private static let commit = RefusedFile.goCommit
    private static let digest = Digest.hex(RefusedFile.bytes)
    private static let hosted: Set<RefusedPlace> = [.hosted, .groupOfHosted]
    private static let proxied: Set<RefusedPlace> = [.proxy, .groupOfProxy, .groupOfGroup]

    static let rows: [Row] = [
        Row("pypi", .asset, .file, "/packages/stolen-keys/\(wheel)"),
        Row("pypi", .asset, .file, "/packages/stolen-keys/\(wheel).metadata"),
        Row("pypi", .index, .file, "/integrity/stolen-keys/1.0/\(wheel)/provenance", hosted),
        Row("pypi", .index, .page, "/simple/"),
        Row("pypi", .index, .page, "/simple/stolen-keys/"),
        Row("pypi", .index, .page, "/+simple/stolen-keys/"),
        Row("pypi", .index, .page, "/simple/stolen-keys/?format=application/vnd.pypi.simple.v1%2Bjson"),
        Row("pypi", .index, .page, "/simple/stolen-keys/?format=application/vnd.pypi.simple.v1%2Bhtml"),
        Row("pypi", .index, .page, "/pypi/stolen-keys/json"),
        Row("pypi", .index, .page, "/pypi/stolen-keys/1.0/json"),
        Row("pypi", .redirect, .redirect, "/"),
        Row("pypi", .redirect, .redirect, "/simple/Stolen-Keys"),
        Row("pypi", .redirect, .redirect, "//simple/stolen-keys/"),
        Row("pypi", .redirect, .redirect, "/Stolen-Keys/"),
        Row("pypi", .redirect, .redirect, "/stolen-keys/1.0/"),

        Row("npm", .asset, .file, "/stolen-keys/-/stolen-keys-1.0.0.tgz"),
        Row("npm", .asset, .file, "/@acme/stolen-keys/-/stolen-keys-1.0.0.tgz"),
        Row("npm", .asset, .file, "/@acme%2fstolen-keys/-/stolen-keys-1.0.0.tgz"),
        Row("npm", .asset, .file, "/@acme/stolen-keys/-/@acme/stolen-keys-1.0.0.tgz"),
        // As lock files have it that were made with another registry.
        Row("npm", .asset, .file, "/repository/all/stolen-keys/-/stolen-keys-1.0.0.tgz"),
        Row("npm", .asset, .file, "/api/npm/old/@acme/stolen-keys/-/stolen-keys-1.0.0.tgz"),
        Row("npm", .asset, .file, "/-/npm/v1/attestations/stolen-keys@1.0.0"),
        Row("npm", .asset, .file, "/-/npm/v1/attestations/@acme%2fstolen-keys@1.0.0"),
        Row("npm", .asset, .file, "/api/npm/old/-/npm/v1/attestations/@acme%2fstolen-keys@1.0.0"),
        Row("npm", .index, .page, "/stolen-keys"),
        Row("npm", .index, .page, "/@acme%2fstolen-keys"),
        Row("npm", .index, .page, "/@acme/stolen-keys"),
        Row("npm", .index, .page, "/stolen-keys/latest"),
        Row("npm", .index, .page, "/stolen-keys/1.0.0"),
        Row("npm", .index, .page, "/-/package/@acme%2fstolen-keys/dist-tags"),
        Row("npm", .index, .page, "/-/v1/search?text=stolen-keys"),
        Row("npm", .identity, .other, "/-/whoami"),
        Row("npm", .staticDocument, .other, "/-/ping"),
        Row("npm", .lookup, .other, "/-/npm/v1/security/advisories/bulk"),

        Row("go", .asset, .file, "/go.test/stolen-keys/@v/v1.0.0.zip"),
        Row("go", .asset, .file, "/go.test/stolen-keys/@v/v1.0.0.mod"),
        Row("go", .index, .file, "/go.test/stolen-keys/@v/v1.0.0.info"),
        // Where no version is left, it says why.
        Row("go", .index, .file, "/go.test/stolen-keys/@latest"),
        Row("go", .index, .page, "/go.test/stolen-keys/@v/list"),
        Row("go", .index, .page, "/", [.hosted]),
        // What no list has.
        Row("go", .asset, .file, "/go.test/stolen-keys/@v/\(commit).zip", proxied),
        Row("go", .asset, .file, "/go.test/stolen-keys/@v/\(commit).mod", proxied),
        Row("go", .index, .file, "/go.test/stolen-keys/@v/\(commit).info", proxied),
        Row("go", .index, .file, "/go.test/stolen-keys/@v/main.info", proxied),

        Row("maven", .asset, .file, "/stolen-keys/maven/stolen-keys/1.0/stolen-keys-1.0.jar"),
        Row("maven", .asset, .file, "/stolen-keys/maven/stolen-keys/1.0/stolen-keys-1.0.pom"),
        Row("maven", .checksum, .file, "/stolen-keys/maven/stolen-keys/1.0/stolen-keys-1.0.pom.sha1"),
        Row("maven", .checksum, .file, "/stolen-keys/maven/stolen-keys/1.0/stolen-keys-1.0.jar.sha1"),
        Row("maven", .asset, .file, "/stolen-keys/maven/stolen-keys/1.1-SNAPSHOT/stolen-keys-1.1-SNAPSHOT.jar"),
        // Where no version is left, it says why.
        Row("maven", .index, .file, "/stolen-keys/maven/stolen-keys/maven-metadata.xml"),
        Row("maven", .index, .file, "/stolen-keys/maven/stolen-keys/maven-metadata.xml.sha1"),
        Row("maven", .index, .file, "/stolen-keys/maven/stolen-keys/1.1-SNAPSHOT/maven-metadata.xml"),
        Row("maven", .index, .page, "/stolen-keys/maven/", hosted),
        Row("maven", .redirect, .redirect, ""),

        Row("oci", .asset, .file, "/stolen-keys/blobs/sha256:\(digest)"),
        Row("oci", .asset, .file, "/stolen-keys/manifests/sha256:\(Digest.hex(RefusedFile.image))"),
        Row("oci", .index, .file, "/stolen-keys/manifests/v1"),
        Row("oci", .index, .page, "/stolen-keys/tags/list"),
        Row("oci", .index, .page, "/stolen-keys/referrers/sha256:\(digest)"),
        Row("oci", .index, .page, "/", [.hosted]),

        Row("raw", .asset, .file, "/a/stolen-keys.txt"),
        Row("raw", .index, .page, "/a/", hosted),
        Row("raw", .redirect, .redirect, ""),

        Row("cargo", .asset, .file, "/api/v1/crates/stolen-keys/1.0.0/download"),
        Row("cargo", .asset, .file, "/api/v1/crates/Stolen_Keys/1.0.0/download"),
        Row("cargo", .index, .page, "/st/ol/stolen-keys"),
        Row("cargo", .index, .page, "/st/ol/stolen_keys"),
        Row("cargo", .index, .page, "/api/v1/crates?q=stolen-keys&per_page=10"),
        Row("cargo", .index, .page, "/api/v1/crates/stolen-keys/owners"),
        Row("cargo", .index, .page, "/config.json"),
        Row("cargo", .index, .page, "/me"),
        Row("cargo", .redirect, .redirect, ""),

        Row("chunks", .asset, .file, "/files/\(digest)"),

        Row("notices", .asset, .file, "/a/stolen-keys.txt"),
        Row("notices", .staticDocument, .other, "/about"),
        Row("notices", .redirect, .redirect, ""),

        Row("parcels", .asset, .file, "/files/stolen-keys/1.0", hosted),
        Row("parcels", .index, .page, "/index/stolen-keys", hosted),
        Row("parcels", .index, .page, "/config.json"),
    ]

    /// The row's path below a repository, in one view.
    static func target(_ row: Row, _ place: RefusedPlace, segment: String, view: String = "") -> String {
        "/\(segment)/open/\(row.format)-\(place.repository)\(view)\(row.path)"
    }
}

/// Where the file is, and through which repository it is asked for.
enum RefusedPlace: String, CaseIterable, Sendable {
    case hosted, groupOfHosted, proxy, groupOfProxy, groupOfGroup

    var isHosted: Bool { self == .hosted || self == .groupOfHosted }

    /// The name of the repository, behind that of its format.
    var repository: String {
        switch self {
        case .hosted: "hosted"
        case .proxy: "proxy"
        case .groupOfHosted, .groupOfProxy: "group"
        case .groupOfGroup: "all"
        }
    }
}

/// The file, in each format.
enum RefusedFile {
    static let wheel = FixtureWheel(name: "stolen-keys", version: "1.0")
    static let bytes = Array("bytes that a policy refuses".utf8)
    static let provenance = Array("{\"version\":1,\"attestation_bundles\":[]}".utf8)
    static let attestations = Array("{\"attestations\":[{\"bundle\":\"told by nobody\"}]}".utf8)

    static let goCommit = "v0.0.0-20200102030405-abcdefabcdef"
    static let goZip = AccessWorld.goZip("stolen-keys", "v1.0.0")
    static let image = AccessWorld.image("v1", of: bytes)
    static let goInfo = Array(#"{"Version":"\#(goCommit)"}"#.utf8)
    static let goMod = Array("module go.test/stolen-keys\n".utf8)

    static func tarball(_ name: String) -> [UInt8] {
        FixtureTar([.init("package/package.json", "{\"name\":\"\(name)\",\"version\":\"1.0.0\"}")]).bytes
    }
    static let npmNames = ["stolen-keys", "@acme/stolen-keys"]
}

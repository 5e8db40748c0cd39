import SavePlatform

@testable import FormatMaven

let acme = PackageID(normalized: "com.acme:lib")

/// The meaning of a request to a repository.
func route(_ method: HTTPMethod, _ path: String, query: String? = nil) throws -> Route {
    let request = FormatRequest(
        method: method, path: try RequestPath(decoding: Array(path.utf8)[...]),
        query: try QueryItems(decoding: query.map { Array($0.utf8)[...] }))
    return try MavenFormat(settings: [:]).route(request)
}

func record(_ path: String, published: String? = nil, refused: String? = nil) throws -> AssetRecord {
    let path = try AssetPath(path)
    var record =
        MavenPath(path).map {
            AssetRecord(path: path, package: $0.package.id, version: $0.version)
        } ?? AssetRecord(path: path)
    record.published = published.flatMap(Timestamp.init(rfc3339:))
    record.withdrawn = refused.map(Withdrawal.init(reason:))
    return record
}

func text(_ index: IndexKey, _ listing: Listing, as type: MediaType = MavenRoutes.xml) throws -> String {
    let document = try MavenFormat(settings: [:]).render(
        index, as: type, from: listing, context: RenderContext(basePath: "/maven/p/r/"))
    return String(decoding: document.bytes, as: UTF8.self)
}

func read(_ text: String, _ index: IndexKey) throws -> Listing {
    try MavenFormat(settings: [:]).listing(
        from: UpstreamDocument(
            url: "http://up.example.com/x/maven-metadata.xml", contentType: "application/xml", bytes: Array(text.utf8)),
        for: index)
}

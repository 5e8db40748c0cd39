internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The pages above repositories: `/<format>/` lists projects and `/<format>/<project>/` repositories, those that the caller may
/// read. What the caller may not know of looks like what is not there.
///
/// Also what mounts say by themselves: at `/v2/`, say.
struct RootHandler: RootHandling {
    /// What the path of a list names.
    private struct Place {
        let format: String
        let project: String?
        let endsInSlash: Bool
    }

    let resolver: RequestResolver
    /// The address that clients use, where the operator says so.
    let publicAddress: PublicAddress?

    func answer(_ request: HTTPRequest, from sender: Authentication) throws -> HTTPResponse? {
        guard let place = resolver.formats.place(of: request.rawPath) else { return nil }
        if place.isMounted {
            guard let found = place.descriptor.mount?.document(at: place.rest) else { return nil }
            return try answer(found.document, needsName: found.needsName, request, sender.principal)
        }
        return try list(at: request.rawPath).map { try answer($0, request, sender.principal, resolver.catalogue.snapshot) }
    }

    /// What a mount answers by itself: to anyone, or to a caller who is signed in.
    private func answer(
        _ document: Document, needsName: Bool, _ request: HTTPRequest, _ principal: Principal
    ) throws -> HTTPResponse {
        guard request.method.isRead else {
            throw SaveError(
                .methodNotAllowed, "this can only be read: use GET, HEAD or OPTIONS", details: ["allow": "GET, HEAD, OPTIONS"])
        }
        guard !needsName || principal.name != nil else { throw SaveError.signInFirst }
        var answer = HTTPResponse(document)
        if needsName { answer.headers["Cache-Control"] = "no-store" }
        return answer
    }

    /// The list that a path names; nil for every other path.
    private func list(at raw: ArraySlice<UInt8>) -> Place? {
        guard let path = try? resolver.path(raw), (1...2).contains(path.segments.count), let format = path.segments.first
        else { return nil }
        return Place(format: format, project: path.segments.dropFirst().first, endsInSlash: path.endsInSlash)
    }

    /// - Throws: `unauthenticated` for anonymous where nothing is public, whatever there is; `notFound` for a
    ///   project in which the caller may read nothing; `methodNotAllowed`; `notAcceptable`.
    private func answer(
        _ place: Place, _ request: HTTPRequest, _ principal: Principal, _ catalogue: CatalogueSnapshot
    ) throws -> HTTPResponse {
        let found = catalogue.repositories.filter { repository in
            repository.record.format == place.format && (place.project ?? repository.record.project) == repository.record.project
                && AccessPolicy.decide(.read, on: repository, for: principal, in: catalogue) == .allowed
        }
        if found.isEmpty {
            if case .anonymous = principal { throw SaveError.signInFirst }
            if place.project != nil { throw SaveError.nothingHere }
        }
        guard request.method.isRead else {
            throw SaveError(
                .methodNotAllowed, "this only lists repositories; send to one of them, /\(place.format)/<project>/<repository>/",
                details: ["allow": "GET, HEAD, OPTIONS"])
        }
        // Links on the page begin at the slash.
        guard place.endsInSlash else {
            return HTTPResponse(
                status: 301, headers: ["Location": "\(place.project ?? place.format)/", "Cache-Control": "no-cache"])
        }
        guard let type = ContentNegotiation.choose([.html, .json], accept: request.headers["accept"]) else {
            throw SaveError(.notAcceptable, "this page comes as text/html and application/json; Accept names neither")
        }
        let base = "/\(place.format)/" + (place.project.map { "\($0)/" } ?? "")
        let rows = place.project == nil ? Self.projects(found) : Self.repositories(found)
        var answer =
            type.essence == MediaType.json.essence ? json(rows, at: base, request) : Self.html(rows, title: "Index of \(base)")
        answer.headers.append("Cache-Control", "private, no-cache")
        answer.headers.append("Vary", "Accept, Authorization")
        return answer
    }

    private typealias Row = (name: String, members: JSONObject)

    private static func projects(_ found: [Repository]) -> [Row] {
        let counts = Dictionary(grouping: found, by: \.record.project).mapValues { Int64($0.count) }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, ["repositories": .integer($0.value)]) }
    }

    private static func repositories(_ found: [Repository]) -> [Row] {
        found.map(\.record).sorted { $0.name < $1.name }.map { record in
            let members: JSONObject = [
                "repository_type": .string(record.kind.rawValue), "description": .string(record.description),
            ]
            return (record.name, members)
        }
    }

    private func json(_ rows: [Row], at base: String, _ request: HTTPRequest) -> HTTPResponse {
        let address = (publicAddress?.text ?? request.origin ?? "") + base
        let items = rows.map { row in
            JSONValue.object(
                JSONObject(
                    [("name", .string(row.name)), ("url", .string("\(address)\(row.name)/"))]
                        + row.members.members.map { ($0.key, $0.value) }))
        }
        return .json(200, ["items": .array(items), "next": nil])
    }

    private static func html(_ rows: [Row], title: String) -> HTTPResponse {
        let links = rows.map { row in
            let about = row.members["description"]?.string ?? ""
            return "<li><a href=\"\(row.name)/\">\(row.name)/</a> \(ASCII.htmlEscaped(about))</li>\n"
        }
        let text =
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n"
            + "<meta name=\"color-scheme\" content=\"light dark\"><title>\(title)</title></head>\n<body>\n"
            + "<h1>\(title)</h1>\n<ul>\n\(links.joined())</ul>\n</body>\n</html>\n"
        return HTTPResponse(
            status: 200,
            headers: ["Content-Type": MediaType.html.value, "Content-Security-Policy": HTTPResponse.inertPolicy],
            body: .bytes(Array(text.utf8)))
    }
}

extension SaveError {
    /// A path too short to name a repository, below which the caller may read nothing.
    static let nothingHere = SaveError(.notFound, "there is nothing here that you may read: check the URL, or sign in")
}

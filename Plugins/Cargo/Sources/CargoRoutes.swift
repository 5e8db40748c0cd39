internal import SavePlatform
internal import SaveVersions

/// What a request to a Cargo registry means.
struct CargoRoutes {
    static let configuration = IndexKey.document("config.json")
    static let me = IndexKey.document("me")
    static let owners = "owners"

    private let request: FormatRequest

    init(_ request: FormatRequest) { self.request = request }

    /// - Throws: `notFound`, `packageNotFound`, `methodNotAllowed`, `invalidRequest`.
    func route() throws -> Route {
        let segments = request.path.segments
        switch segments {
        case []: return try request.reading(.redirect(to: "config.json", permanent: false))
        case ["config.json"]: return try request.reading(.index(Self.configuration, offers: [MediaType.json.given]))
        case ["me"]: return try request.reading(.index(Self.me, offers: [MediaType.text.given]))
        default: break
        }
        if segments.starts(with: ["api", "v1", "crates"]) { return try routeOfAPI(Array(segments.dropFirst(3))) }
        guard let name = segments.last.flatMap(CrateName.init), name.indexPath == segments else {
            throw segments.count > 1 && segments.count < 4 ? Self.noCrate : Self.unknown
        }
        return try request.reading(.index(.package(name.package), offers: [MediaType.text.given]))
    }

    /// - Parameter segments: of the path below `/api/v1/crates`.
    private func routeOfAPI(_ segments: [String]) throws -> Route {
        if segments.isEmpty {
            return try request.reading(.index(.search(CargoFormat.search(request.query)), offers: [MediaType.json.given]))
        }
        if segments == ["new"] {
            guard request.method == .put else { throw SaveError.methodNotAllowed("PUT") }
            return .upload(UploadPlan())
        }
        guard let name = CrateName(segments[0]), segments.count > 1 else { throw Self.noCrate }
        switch (segments.last, segments.count) {
        case ("owners", 2): return try routeOfOwners(name)
        case ("download", 3): return try routeOfFile(name, try version(segments[1]))
        case ("yank", 3):
            guard request.method == .delete else { throw SaveError.methodNotAllowed("DELETE") }
            return .upload(Yanking(name: name, version: try version(segments[1]), isYanked: true).plan)
        case ("unyank", 3):
            guard request.method == .put else { throw SaveError.methodNotAllowed("PUT") }
            return .upload(Yanking(name: name, version: try version(segments[1]), isYanked: false).plan)
        default: throw Self.unknown
        }
    }

    private func routeOfFile(_ name: CrateName, _ version: String) throws -> Route {
        let file = try name.file(version)
        switch request.method {
        case .get, .head: return .asset(file, package: name.package)
        case .delete: return .delete(file)
        default: throw SaveError.methodNotAllowed("GET, HEAD, DELETE")
        }
    }

    private func routeOfOwners(_ name: CrateName) throws -> Route {
        switch request.method {
        case .get, .head: return .index(.custom(Self.owners, package: name.package), offers: [MediaType.json.given])
        case .put, .delete:
            throw SaveError(
                .invalidRequest,
                "who may publish is decided by the members of the project, not by cargo owner: its owners change them at /api/v1/projects/{project}/members"
            )
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT, DELETE")
        }
    }

    private func version(_ text: String) throws -> String {
        guard SemanticVersion(crate: text) != nil else {
            throw SaveError(.packageNotFound, "there is no such version: check the number")
        }
        return text
    }

    static let noCrate = SaveError(.packageNotFound, "there is no such crate: check the name")
    private static let unknown = SaveError(.notFound, "a Cargo registry has no such path: check the URL of the index")
}

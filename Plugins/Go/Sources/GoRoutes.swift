internal import SavePlatform

/// What a request to a Go repository means (Go Modules Reference, "GOPROXY protocol").
struct GoRoutes {
    /// The index of a module's newest version.
    static let latest = "latest"
    /// What the name of a version's index begins with.
    static let infoPrefix = "info/"

    private let request: FormatRequest

    init(_ request: FormatRequest) { self.request = request }

    /// - Throws: `notFound`, `packageNotFound`, `methodNotAllowed`, `invalidRequest` for a publish that has no place.
    func route() throws -> Route {
        let segments = request.path.segments
        guard let last = segments.last else { return try request.reading(.index(.root, offers: [.text])) }
        if segments[0] == "sumdb" { throw Self.noChecksumDatabase }
        if last == "@latest" {
            let module = try module(segments.dropLast())
            return try request.reading(.index(.custom(Self.latest, package: module.package), offers: [MediaType.json.given]))
        }
        guard segments.count > 2, segments[segments.count - 2] == "@v" else { throw Self.unknown }
        let module = try module(segments.dropLast(2))
        if last == "list" { return try request.reading(.index(.package(module.package), offers: [MediaType.text.given])) }
        guard let (name, kind) = ModuleFile.parts(of: last) else { throw Self.unknown }
        return try route(ModuleFile(module, try version(name, of: module), kind))
    }

    private func route(_ file: ModuleFile) throws -> Route {
        let package = file.module.package
        switch file.kind {
        case .info:
            let index = IndexKey.custom(Self.infoPrefix + file.version.text, package: package)
            return try request.reading(.index(index, offers: [MediaType.json.given]))
        case .mod: return try request.reading(.asset(try file.path(.mod), package: package))
        case .zip:
            let path = try file.path(.zip)
            switch request.method {
            case .get, .head: return .asset(path, package: package)
            case .put: return .upload(UploadPlan(path: path, package: package, status: 201))
            case .delete: return .delete(path)
            default: throw SaveError.methodNotAllowed("DELETE, GET, HEAD, PUT")
            }
        }
    }

    private func module(_ segments: ArraySlice<String>) throws -> ModulePath {
        if let module = ModulePath(escaped: segments) { return module }
        let why = "no module has such a path: it begins with a host's name, and a capital is written as ! and the small letter"
        guard request.method.isRead else { throw SaveError.invalid("module", "module: \(why)") }
        throw SaveError(.packageNotFound, why)
    }

    private func version(_ name: String, of module: ModulePath) throws -> ModuleVersion {
        if let version = ModuleVersion(escaped: name), module.takes(version) { return version }
        guard request.method.isRead else {
            throw SaveError.invalid(
                "version",
                "version: must be whole, such as v1.2.3, and of the major version that the module's path ends in")
        }
        throw SaveError(
            .packageNotFound, "this is no version of the module: branches, commits and parts of versions cannot be asked for here"
        )
    }

    private static let unknown = SaveError(
        .notFound,
        "a Go repository has no such path: modules are at <module>/@v/list, <module>/@latest and <module>/@v/<version>.zip")
    private static let noChecksumDatabase = SaveError(
        .notFound, "checksum databases are not passed through: the go command asks them itself, unless GONOSUMDB names the module"
    )
}

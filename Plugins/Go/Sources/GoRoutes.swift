internal import SavePlatform

/// What a request to a Go repository means (Go Modules Reference, "GOPROXY protocol").
struct GoRoutes {
    /// The index of a module's newest version.
    static let latest = "latest"
    /// What the name of a version's index begins with.
    static let infoPrefix = "info/"
    /// What the name of the index begins with that says which version a branch, a commit or a part of a version is.
    static let queryPrefix = "query:"

    private let request: FormatRequest
    /// The checksum databases that are passed through.
    private let databases: Set<String>

    init(_ request: FormatRequest, databases: Set<String> = []) {
        self.request = request
        self.databases = databases
    }

    /// - Throws: `notFound`, `packageNotFound`, `methodNotAllowed`, `invalidRequest` for a publish that has no place.
    func route() throws -> Route {
        let segments = request.path.segments
        guard let last = segments.last else { return try request.reading(.index(.root, offers: [.text])) }
        if segments[0] == "sumdb" { return try routeOfDatabase(segments.dropFirst()) }
        if last == "@latest" {
            let module = try module(segments.dropLast())
            return try request.reading(.index(.custom(Self.latest, package: module.package), offers: [MediaType.json.given]))
        }
        guard segments.count > 2, segments[segments.count - 2] == "@v" else { throw Self.unknown }
        let module = try module(segments.dropLast(2))
        if last == "list" { return try request.reading(.index(.package(module.package), offers: [MediaType.text.given])) }
        guard let (name, kind) = ModuleFile.parts(of: last) else { throw Self.unknown }
        if kind == .info, request.method.isRead, !isVersion(name, of: module), let query = Self.query(name) {
            return .index(.custom(Self.queryPrefix + query, package: module.package), offers: [MediaType.json.given])
        }
        return try route(ModuleFile(module, try version(name, of: module), kind))
    }

    private func routeOfDatabase(_ segments: ArraySlice<String>) throws -> Route {
        guard let name = segments.first, databases.contains(name) else { throw Self.noChecksumDatabase }
        guard let index = ChecksumDatabase.index(name, segments.dropFirst()) else { throw ChecksumDatabase.missing }
        let type: MediaType = segments.dropFirst().first == "tile" ? .bytes : .text
        return try request.reading(.index(index, offers: [type.given]))
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

    private func isVersion(_ name: String, of module: ModulePath) -> Bool {
        ModuleVersion(escaped: name).map(module.takes) ?? false
    }

    /// What the go command may ask for in place of a version; nil for what it asks nobody for (`golang.org/x/mod/module`, `EscapeVersion`).
    private static func query(_ name: String) -> String? {
        guard let query = CaseEscape.unescaped(name), PathElement.isOfFile(query.utf8), query.utf8.count <= maxQueryBytes,
            !query.utf8.contains(UInt8(ascii: "!"))
        else { return nil }
        return query
    }

    /// Bytes; Git takes no longer name of a branch on common file systems.
    private static let maxQueryBytes = 255

    private func version(_ name: String, of module: ModulePath) throws -> ModuleVersion {
        if let version = ModuleVersion(escaped: name), module.takes(version) { return version }
        guard request.method.isRead else {
            throw SaveError.invalid(
                "version",
                "version: must be whole, such as v1.2.3, and of the major version that the module's path ends in")
        }
        throw SaveError(
            .packageNotFound, "this is no version of the module: it must be whole, and of the major version that the path ends in"
        )
    }

    private static let unknown = SaveError(
        .notFound,
        "a Go repository has no such path: modules are at <module>/@v/list, <module>/@latest and <module>/@v/<version>.zip")
    private static let noChecksumDatabase = SaveError(
        .notFound,
        "this checksum database is not passed through: the go command asks it itself, unless GONOSUMDB names the module"
    )
}

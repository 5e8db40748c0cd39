internal import SavePlatform

/// What a request to an npm repository means.
struct NpmRoutes {
    static let versionPrefix = "version/"
    static let tags = "dist-tags"

    private let request: FormatRequest

    init(_ request: FormatRequest) { self.request = request }

    /// - Throws: `notFound`, `packageNotFound`, `methodNotAllowed`.
    func route() throws -> Route {
        let segments = request.path.segments
        if segments.isEmpty { return try reading(.index(.root, offers: [.json])) }
        if segments[0] == "-" { return try routeOfServer(Array(segments.dropFirst())) }
        let (name, rest) = try name(segments[...])
        switch (rest.first, rest.count) {
        case (nil, _): return try routeOfPackage(name)
        case ("-", 2), ("-", 3): return try routeOfFile(name, rest)
        case (let version?, 1):
            return try reading(.index(.custom(Self.versionPrefix + version, package: name.package), offers: [.json]))
        default: throw Self.unknown
        }
    }

    private func routeOfPackage(_ name: PackageName) throws -> Route {
        switch request.method {
        case .get, .head: return .index(.package(name.package), offers: [Packument.full, Packument.abbreviated])
        case .put: return .upload(UploadPlan(path: try AssetPath(name.text), status: 201))
        default: throw notAllowed("GET, HEAD, PUT")
        }
    }

    /// `@acme/left-pad/-/left-pad-1.0.0.tgz`, which some clients write with the scope before the file's name once more.
    private func routeOfFile(_ name: PackageName, _ rest: ArraySlice<String>) throws -> Route {
        let file = rest[rest.endIndex - 1]
        guard rest.count == 2 || rest[rest.startIndex + 1] == name.scope, isFile(file, of: name) else { throw Self.unknown }
        let path = try AssetPath("\(name.text)/-/\(file)")
        switch request.method {
        case .get, .head: return .asset(path, package: name.package)
        case .delete: return .delete(path)
        default: throw notAllowed("GET, HEAD, DELETE")
        }
    }

    private func isFile(_ file: String, of name: PackageName) -> Bool {
        let (start, end) = ("\(name.base)-", ".tgz")
        guard file.utf8.starts(with: start.utf8), file.utf8.count > start.utf8.count + end.utf8.count,
            file.utf8.suffix(end.utf8.count).elementsEqual(end.utf8)
        else { return false }
        return SemanticVersion(String(Substring(file.utf8.dropFirst(start.utf8.count).dropLast(end.utf8.count)))) != nil
    }

    /// What is about the registry and no single package's page: `/-/ping`, `/-/package/{package}/dist-tags`.
    private func routeOfServer(_ segments: [String]) throws -> Route {
        switch segments.first {
        case "ping" where segments.count == 1: return try reading(.index(.custom("ping", package: nil), offers: [.json]))
        case "package":
            let (name, rest) = try name(segments.dropFirst())
            guard rest.elementsEqual([Self.tags]) else { throw Self.unknown }
            return try reading(.index(.custom(Self.tags, package: name.package), offers: [.json]))
        default: throw Self.unknown
        }
    }

    private func name(_ segments: ArraySlice<String>) throws -> (PackageName, ArraySlice<String>) {
        guard let first = segments.first else { throw Self.unknown }
        let isScoped = first.utf8.first == UInt8(ascii: "@")
        let base = isScoped ? segments.dropFirst().first : first
        guard let base, let name = PackageName(scope: isScoped ? first : nil, base: base) else {
            throw SaveError(.packageNotFound, "there is no such package")
        }
        return (name, segments.dropFirst(isScoped ? 2 : 1))
    }

    private func reading(_ route: Route) throws -> Route {
        guard request.method.isRead else { throw notAllowed("GET, HEAD") }
        return route
    }

    private func notAllowed(_ methods: String) -> SaveError {
        SaveError(.methodNotAllowed, "this URL answers \(methods) only", details: ["allow": methods])
    }

    private static let unknown = SaveError(.notFound, "an npm repository has no such path")
}

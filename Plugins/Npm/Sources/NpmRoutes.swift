internal import SavePlatform
internal import SaveVersions

/// What a request to an npm repository means.
struct NpmRoutes {
    static let versionPrefix = "version/"
    /// The index of the keys by which a registry signs.
    static let keysIndex = IndexKey.custom("keys", package: nil)
    /// Where attestations are, below the repository.
    static let attestationsPath = "-/npm/v1/attestations"

    private let request: FormatRequest

    init(_ request: FormatRequest) { self.request = request }

    /// - Throws: `notFound`, `packageNotFound`, `methodNotAllowed`.
    func route() throws -> Route {
        let segments = request.path.segments
        do {
            return try route(segments)
        } catch let error as SaveError where request.method.isRead && [.notFound, .packageNotFound].contains(error.code) {
            guard let route = try routeWithoutPrefix(segments) else { throw error }
            return route
        }
    }

    /// npm puts its registry before the *path* of a URL that another registry gave: of lock files, with `replace-registry-host`, and of
    /// attestations always. What such a path ends in is what it is about, below whatever it was there.
    private func routeWithoutPrefix(_ segments: [String]) throws -> Route? {
        for start in segments.indices.dropFirst() {
            let rest = segments[start...]
            if rest.starts(with: ["-", "npm", "v1", "attestations"]) { return try attestations(Array(rest.dropFirst(4))) }
            if let (name, file) = try? name(rest), file.first == "-", let route = try? routeOfFile(name, file) { return route }
        }
        return nil
    }

    private func route(_ segments: [String]) throws -> Route {
        if segments.isEmpty { return try reading(.index(.root, offers: [.json])) }
        if segments[0] == "-" { return try routeOfServer(Array(segments.dropFirst())) }
        let (name, rest) = try name(segments[...])
        switch (rest.first, rest.count) {
        case (nil, _): return try routeOfPackage(name)
        case ("-rev", 2): return try routeOfRevision(name, rest[rest.startIndex + 1])
        case ("-", 2), ("-", 3): return try routeOfFile(name, rest)
        case ("-", 4), ("-", 5): return try routeOfFileRevision(name, rest)
        case (let version?, 1):
            return try reading(.index(.custom(Self.versionPrefix + version, package: name.package), offers: [.json]))
        default: throw Self.unknown
        }
    }

    private func routeOfPackage(_ name: PackageName) throws -> Route {
        switch request.method {
        case .get, .head: return .index(.package(name.package), offers: [Packument.full, Packument.abbreviated])
        case .put: return .upload(UploadPlan(package: name.package, purpose: Purpose.publish.text, status: 201))
        default: throw SaveError.methodNotAllowed("GET, HEAD, PUT")
        }
    }

    /// `/{package}/-rev/{revision}`: what `npm unpublish` puts, and deletes.
    private func routeOfRevision(_ name: PackageName, _ revision: String) throws -> Route {
        switch request.method {
        case .put: return .unpublish(UploadPlan(package: name.package, purpose: Purpose.revise(revision).text))
        case .delete: return .unpublish(UploadPlan(package: name.package, purpose: Purpose.unpublish(revision).text))
        default: throw SaveError.methodNotAllowed("DELETE, PUT")
        }
    }

    /// `/{package}/-/{file}/-rev/{revision}`: the last step of `npm unpublish`, when the version has gone already.
    private func routeOfFileRevision(_ name: PackageName, _ rest: ArraySlice<String>) throws -> Route {
        let file = rest.dropLast(2)
        guard rest[rest.endIndex - 2] == "-rev", let path = file.last, file.count == 2 || file.dropFirst().first == name.scope,
            isFile(path, of: name)
        else { throw Self.unknown }
        guard request.method == .delete else { throw SaveError.methodNotAllowed("DELETE") }
        return .unpublish(UploadPlan(package: name.package, purpose: Purpose.removeFile(path).text))
    }

    /// `@acme/left-pad/-/left-pad-1.0.0.tgz`, which some clients write with the scope before the file's name once more.
    private func routeOfFile(_ name: PackageName, _ rest: ArraySlice<String>) throws -> Route {
        let file = rest[rest.endIndex - 1]
        guard rest.count == 2 || rest.count == 3 && rest[rest.startIndex + 1] == name.scope, isFile(file, of: name) else {
            throw Self.unknown
        }
        let path = try AssetPath("\(name.text)/-/\(file)")
        switch request.method {
        case .get, .head: return .asset(path, package: name.package)
        case .delete: return .delete(path)
        default: throw SaveError.methodNotAllowed("GET, HEAD, DELETE")
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
        case "ping" where segments.count == 1: return try reading(.staticDocument(Document(type: .json, bytes: Array("{}".utf8))))
        case "whoami" where segments.count == 1: return try reading(.identity(member: "username"))
        case "v1" where segments.count == 2 && segments[1] == "search":
            return try reading(.index(.search(NpmFormat.search(request.query)), offers: [.json]))
        case "npm" where segments.dropFirst().starts(with: ["v1", "attestations"]):
            return try reading(attestations(Array(segments.dropFirst(3))))
        case "npm" where segments.elementsEqual(["npm", "v1", "keys"]):
            return try reading(.index(Self.keysIndex, offers: [.json]))
        case "npm" where segments.starts(with: ["npm", "v1", "security"]): return try routeOfAudit(Array(segments.dropFirst(3)))
        case "package":
            let (name, rest) = try name(segments.dropFirst())
            if let question = rest.first, rest.count == 1, ["access", "collaborators", "visibility"].contains(question) {
                throw ElsewhereCommands.access
            }
            guard rest.first == Packument.tagsKey, rest.count <= 2 else { throw Self.unknown }
            guard rest.count == 2, let tag = rest.last else {
                return try reading(.index(.custom(Packument.tagsKey, package: name.package), offers: [.json]))
            }
            return try routeOfTag(name, tag)
        default: throw ElsewhereCommands.refusal(of: segments) ?? Self.unknown
        }
    }

    /// `{package}@{version}`.
    private func attestations(_ segments: [String]) throws -> Route {
        let subject = segments.joined(separator: "/").utf8
        guard let at = subject.lastIndex(of: UInt8(ascii: "@")), let name = PackageName(String(Substring(subject[..<at]))),
            let version = SemanticVersion(String(Substring(subject[at...].dropFirst())))
        else { throw Self.unknown }
        return .asset(try Provenance.path(of: name, version), package: name.package)
    }

    /// What `npm audit` and its like ask.
    private func routeOfAudit(_ segments: [String]) throws -> Route {
        guard let audit = Audit(segments) else { throw Self.unknown }
        guard request.method == .post else { throw SaveError.methodNotAllowed("POST") }
        return .lookup(audit.rawValue)
    }

    private func routeOfTag(_ name: PackageName, _ tag: String) throws -> Route {
        switch request.method {
        case .put, .post: return .upload(UploadPlan(package: name.package, purpose: Purpose.tag(tag).text, status: 201))
        case .delete: return .upload(UploadPlan(package: name.package, purpose: Purpose.untag(tag).text))
        default: throw SaveError.methodNotAllowed("DELETE, POST, PUT")
        }
    }

    private func name(_ segments: ArraySlice<String>) throws -> (PackageName, ArraySlice<String>) {
        guard let first = segments.first else { throw Self.unknown }
        let isScoped = first.utf8.first == UInt8(ascii: "@")
        let base = isScoped ? segments.dropFirst().first : first
        guard let base, let name = PackageName(scope: isScoped ? first : nil, base: base) else {
            throw SaveError(.packageNotFound, "there is no such package: check the name")
        }
        return (name, segments.dropFirst(isScoped ? 2 : 1))
    }

    private func reading(_ route: Route) throws -> Route {
        try request.reading(route)
    }

    private static let unknown = SaveError(.notFound, "an npm repository has no such path: check the URL, and the version of npm")
}

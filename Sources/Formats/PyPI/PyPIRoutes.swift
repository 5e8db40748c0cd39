internal import SavePlatform

/// The URL space of a repository.
enum PyPIRoutes {
    static func route(_ request: FormatRequest) throws -> Route {
        let segments = request.path.segments
        switch segments.first {
        case nil: return try root(request)
        // hatch takes every server for devpi and looks for duplicates below `+simple/`.
        case "simple", "+simple":
            if let namespaces = namespaces(request.path) {
                return try request.reading(.index(namespaces, offers: [SimpleType.json, .json]))
            }
            guard segments.count <= 2 else {
                throw SaveError(.notFound, "there is no such page: check the URL; packages are listed below simple/")
            }
            return try segments.count == 1 ? projects(request) : project(segments[1], request)
        case PyPIPaths.prefix where request.method == .put: return try put(request)
        case "pypi": return try legacy(request)
        case PyPIPaths.integrity: return try provenance(request)
        case PyPIPaths.prefix:
            guard segments.count == 3, !request.path.endsInSlash else {
                throw SaveError(.notFound, "there is no such page: check the URL; packages are listed below simple/")
            }
            return try file(segments[2], folder: segments[1], request)
        default: return try page(of: segments, request)
        }
    }

    /// PEP 752: `namespaces`, where the page of a project of that name would have a slash behind it, and `namespace/<namespace>`.
    private static func namespaces(_ path: RequestPath) -> IndexKey? {
        let segments = path.segments
        if segments.count == 2, segments[1].utf8.elementsEqual("namespaces".utf8), !path.endsInSlash { return Namespaces.list }
        guard segments.count == 3, segments[1].utf8.elementsEqual("namespace".utf8) else { return nil }
        return ProjectName.normalized(segments[2]).map { Namespaces.detail($0.name) }
    }

    /// `<project>/` and `<project>/<version>/`: what hatch prints after publishing, and what pip asks for below an index URL
    /// that lacks its `simple/`. Both lead to the project's page.
    private static func page(of segments: [String], _ request: FormatRequest) throws -> Route {
        guard segments.count <= 2, let package = ProjectName.normalized(segments[0]),
            segments.count == 1 || Version(segments[1]) != nil
        else { throw SaveError(.notFound, "there is no such page: check the URL; packages are listed below simple/") }
        let up = String(repeating: "../", count: segments.count - (request.path.endsInSlash ? 0 : 1))
        return try request.reading(.redirect(to: "\(up)simple/\(package.name)/", permanent: false))
    }

    private static func root(_ request: FormatRequest) throws -> Route {
        switch request.method {
        case .get, .head: return .redirect(to: "simple/", permanent: false)
        // Some tools write what they want into the form, some behind the URL, as the first index took it.
        case .post: return .upload(UploadPlan(path: nil, purpose: request.query[":action"], status: 200))
        default: throw SaveError.methodNotAllowed("GET, HEAD, POST")
        }
    }

    private static func projects(_ request: FormatRequest) throws -> Route {
        guard request.path.endsInSlash else {
            return try request.reading(.redirect(to: "\(request.path.segments[0])/", permanent: true))
        }
        return try request.reading(.index(.root, offers: SimpleType.offers(request.query)))
    }

    private static func project(_ name: String, _ request: FormatRequest) throws -> Route {
        // Before anything else: what cannot be a name is never looked up, locally or upstream.
        guard let package = ProjectName.normalized(name) else {
            throw SaveError(.packageNotFound, "there is no such package: check the name")
        }
        guard package.name == name, request.path.endsInSlash else {
            let up = request.path.endsInSlash ? "../" : ""
            return try request.reading(.redirect(to: "\(up)\(package.name)/", permanent: true))
        }
        return try request.reading(.index(.package(package), offers: SimpleType.offers(request.query)))
    }

    private static func file(_ name: String, folder: String, _ request: FormatRequest) throws -> Route {
        let ending = PyPIPaths.sidecarEnding.utf8
        let isSidecar = name.utf8.count > ending.count && name.utf8.suffix(ending.count).elementsEqual(ending)
        let filename = isSidecar ? String(Substring(name.utf8.dropLast(ending.count))) : name
        // One package, one folder: another spelling must not lead around rules that are set for the package.
        guard let package = ProjectName.normalized(folder), package.name == folder,
            DistributionFilename(filename, of: package) != nil
        else { throw SaveError(.assetNotFound, "there is no such file: check the name") }
        let path = try PyPIPaths.file(name, of: package)
        switch request.method {
        case .get, .head: return .asset(path, package: package)
        case .delete where !isSidecar: return .delete(path)
        default: throw SaveError.methodNotAllowed(isSidecar ? "GET, HEAD" : "GET, HEAD, PUT, DELETE")
        }
    }

    /// A file by itself, with its package's folder or without.
    private static func put(_ request: FormatRequest) throws -> Route {
        let segments = request.path.segments
        guard segments.count == 2 || segments.count == 3, !request.path.endsInSlash else {
            throw SaveError(
                .notFound, "nothing is put here: put a file to \(PyPIPaths.prefix)/<file> or \(PyPIPaths.prefix)/<project>/<file>"
            )
        }
        return .upload(UploadPlan(path: try AssetPath(segments.joined(separator: "/")), status: 201))
    }

    /// `pypi/<name>/json` and `pypi/<name>/<version>/json`.
    private static func legacy(_ request: FormatRequest) throws -> Route {
        let segments = request.path.segments
        // Where mirrors and old tools ask by XML-RPC for lists, searches and changes.
        if request.method == .post, segments.count == 1 {
            throw SaveError(
                .unsupported,
                "XML-RPC is not offered: read simple/ for the list of projects, and pypi/<name>/json for one of them")
        }
        guard segments.count == 3 || segments.count == 4, segments.last?.utf8.elementsEqual("json".utf8) == true,
            let package = ProjectName.normalized(segments[1])
        else { throw SaveError(.notFound, "there is no such page: check the URL; packages are listed below simple/") }
        let version = segments.count == 4 ? segments[2] : nil
        guard package.name == segments[1], !request.path.endsInSlash else {
            let up = (request.path.endsInSlash ? "../" : "") + (version == nil ? "../" : "../../")
            let rest = version.map { "\(ASCII.percentEncoded($0))/json" } ?? "json"
            return try request.reading(.redirect(to: "\(up)\(package.name)/\(rest)", permanent: true))
        }
        return try request.reading(.index(LegacyJSON.index(package, version: version), offers: [.json]))
    }

    /// PEP 740: `integrity/<project>/<version>/<file>/provenance`.
    private static func provenance(_ request: FormatRequest) throws -> Route {
        let segments = request.path.segments
        guard segments.count == 5, segments[4].utf8.elementsEqual("provenance".utf8), !request.path.endsInSlash,
            let package = ProjectName.normalized(segments[1])
        else {
            throw SaveError(.assetNotFound, "there is no provenance of such a file: the file's page names those that are there")
        }
        // What names no file of the version has no provenance, and says so in the type that provenance is asked for in.
        let version = DistributionFilename(segments[3], of: package)?.parsedVersion
        let filename = version != nil && Version(segments[2]) == version ? segments[3] : ""
        return try request.reading(.index(Provenance.index(package, filename: filename), offers: [PyPIPaths.provenanceType]))
    }
}

internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What in a repository a page or a form of administration is about: a package, a version of it, or a file. Their names have many parts, so
/// that they stand in the query, and in fields of forms.
struct PackagePlace: Sendable {
    let project: String
    let repository: String
    let package: String
    let version: String
    let file: String

    init(_ call: PageCall) {
        func named(_ name: String) -> String { call[name].isEmpty ? call.asked(name) ?? "" : call[name] }
        project = call.path[2]
        repository = call.path[3]
        package = named("package")
        version = named("version")
        file = named("file")
    }

    // MARK: - In the REST API

    var packagePath: [String] { ["repos", project, repository, "packages", package] }
    var versionPath: [String] { packagePath + ["versions", version] }
    var filePath: [String] { versionPath + ["files", file] }

    // MARK: - Among pages

    func listURL(_ call: PageCall) -> String { call.links.administration("repositories", project, repository, "packages") }

    func url(_ call: PageCall) -> String { url(call, [("package", package)]) }

    func url(_ call: PageCall, version: String) -> String { url(call, [("package", package), ("version", version)]) }

    func url(_ call: PageCall, file: String) -> String {
        url(call, [("package", package), ("version", version), ("file", file)])
    }

    private func url(_ call: PageCall, _ query: [(String, String)]) -> String {
        call.links.administration("repositories", project, repository, "packages", query: query)
    }

    /// Where a form goes.
    func action(_ call: PageCall, _ what: String, _ name: String) -> String {
        call.links.administration("repositories", project, repository, what, name)
    }

    /// What a form says of what it is about.
    func hidden(version: String? = nil, file: String? = nil) -> [(name: String, value: String)] {
        [("package", package), ("version", version ?? self.version), ("file", file ?? self.file)].filter { !$0.1.isEmpty }.map {
            (name: $0.0, value: $0.1)
        }
    }

    /// The way to it from the list of repositories.
    func crumbs(_ call: PageCall) -> [(text: String, url: String)] {
        var crumbs = [
            (text: project, url: call.links.administration("projects", project)),
            (text: repository, url: call.links.administration("repositories", project, repository)),
        ]
        if !package.isEmpty { crumbs.append((text: "Packages", url: listURL(call))) }
        if !version.isEmpty { crumbs.append((text: package, url: url(call))) }
        if !file.isEmpty { crumbs.append((text: version, url: url(call, version: version))) }
        return crumbs
    }

    // MARK: - What its viewer may do

    /// - Throws: `repositoryNotFound`, `forbidden`.
    func repository(_ call: PageCall) throws -> Repository {
        try call.viewer.managedRepository(project: project, name: repository)
    }

    /// A group has nothing of its own.
    func mayDelete(_ call: PageCall, _ repository: Repository) -> Bool {
        repository.record.kind != .group && call.viewer.may(.delete, repository)
    }

    func mayYank(_ call: PageCall, _ repository: Repository) -> Bool {
        repository.record.kind == .hosted && call.viewer.may(.delete, repository)
    }

    func mayManage(_ call: PageCall, _ repository: Repository) -> Bool {
        repository.record.kind == .hosted && call.viewer.may(.manage, repository)
    }
}

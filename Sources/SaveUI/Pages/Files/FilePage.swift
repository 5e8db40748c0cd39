internal import SaveAccess
internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// A file or a directory of a repository without packages.
enum FilePage {
    static func answer(_ repository: Repository, _ call: PageCall) async throws -> PageAnswer {
        let text = call.path.dropFirst(3).joined(separator: "/")
        guard let path = try? AssetPath(text) else { throw missing }
        let leaves = call.viewer.leaves(of: repository)
        let found = try await call.context.store.read { reading in
            for leaf in leaves {
                if let asset = try reading.asset(leaf.record.id, path) {
                    return (leaf: leaf, asset: asset) as (Repository, StoredAsset)?
                }
            }
            return nil
        }
        guard let (leaf, asset) = found else { return try await directory(text, repository, call) }
        let file = ShownFile(repository: repository, holder: leaf, asset: asset)
        switch call.asked("content") {
        case nil: return try await file.page(call)
        case "image": return try await file.image(call)
        case "download": return try await file.download(call)
        default: throw SaveError(.notFound, "there is no such part of this page")
        }
    }

    private static let missing = SaveError(.notFound, "there is no such file or directory here: check the path")

    private static func directory(_ path: String, _ repository: Repository, _ call: PageCall) async throws -> PageAnswer {
        let table = try await DirectoryTable(repository, directory: path + "/").html(call)
        guard let table else { throw missing }
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
        return PageAnswer(
            "\(name)/ in \(repository.record.coordinates)", section: .repositories,
            main: """
                \(FileCrumbs.html(path, in: repository, call))
                <div class="head"><h1>\(name)/</h1></div>
                \(table)
                """)
    }
}

/// The way from the repository to a file, each directory with its page.
enum FileCrumbs {
    static func html(_ path: String, in repository: Repository, _ call: PageCall) -> HTML {
        var links: [HTML] = []
        var place = ""
        for part in path.utf8.split(separator: UInt8(ascii: "/")).dropLast() {
            let name = String(Substring(part))
            place += place.isEmpty ? name : "/" + name
            links.append("<a href=\"\(call.links.package(place, in: repository))\">\(name)</a>")
        }
        let record = repository.record
        let files = call.links.repository(repository, [("tab", "packages")])
        let all: [HTML] = ["<a href=\"\(files)\">\(record.name)</a>"] + links
        return """
            <p class="crumbs"><a href="\(call.links.home)">Repositories</a> / \(record.project) / \(HTML.joined(all, by: " / "))</p>
            """
    }
}

/// What is directly in a directory.
struct DirectoryTable {
    private static let rows = 100
    private let repository: Repository
    /// With a slash at its end; empty for the top.
    private let directory: String

    init(_ repository: Repository, directory: String) {
        self.repository = repository
        self.directory = directory
    }

    /// - Returns: nil where there is nothing, so that there is no such directory.
    func html(_ call: PageCall) async throws -> HTML? {
        let (directory, after) = (directory, call.asked("after"))
        let sources = call.viewer.leaves(of: repository).map(\.record.id)
        let list = try await call.context.store.read {
            try DirectoryListing(of: directory, in: sources, after: after, limit: Self.rows, $0)
        }
        guard !list.entries.isEmpty || after != nil else { return nil }
        let rows = list.entries.map { entry -> [HTML] in
            let link = call.links.package(directory + entry.name, in: repository)
            guard let asset = entry.asset else { return ["<a href=\"\(link)\">\(entry.name)/</a>", "", "", ""] }
            return [
                "<a href=\"\(link)\">\(entry.name)</a>", "\(Figures.size(asset.size))", Parts.time(asset.created, now: call.now),
                call.session == nil ? "" : "\(asset.uploadedBy ?? "")",
            ]
        }
        let first: HTML = after == nil ? "" : "<a href=\"\(place(call, nil))\">First page</a>"
        let next: HTML = list.next.map { "<a rel=\"next\" href=\"\(place(call, $0))\">Next page</a>" } ?? ""
        let pages: HTML = first.isEmpty && next.isEmpty ? "" : "<nav class=\"pages\" aria-label=\"Pages\">\(first)\(next)</nav>"
        return "\(Parts.table(["Name", "Size#", "Since", "By"], id: "packages", rows))\(pages)"
    }

    private func place(_ call: PageCall, _ after: String?) -> String {
        let query = after.map { [("after", $0)] } ?? []
        return directory.isEmpty
            ? call.links.repository(repository, [("tab", "packages")] + query)
            : call.links.package(directory, in: repository, query)
    }
}

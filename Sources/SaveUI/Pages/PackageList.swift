internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What is in a repository, page by page: packages, or files where a format has no packages.
struct PackageList {
    private static let rows = 50
    private let repository: Repository
    private let hasPackages: Bool

    init(_ repository: Repository) {
        self.repository = repository
        hasPackages = repository.naming != nil
    }

    static func title(of repository: Repository) -> String { repository.naming == nil ? "Files" : "Packages" }

    func section(_ call: PageCall) async throws -> HTML {
        let text = call.asked("q")
        if !hasPackages, text == nil {
            let table = try await DirectoryTable(repository, directory: "").html(call)
            return "\(filter(nil, call))\(table ?? empty(nil, call))"
        }
        var query: [(String, String)] = [("limit", String(Self.rows))]
        if let text { query.append((hasPackages ? "q" : "prefix", text)) }
        if let after = call.asked("after") { query.append(("after", after)) }
        let record = repository.record
        let list = try await call.ask(
            APIQuestion(.get, ["repos", record.project, record.name, hasPackages ? "packages" : "files"], query: query))
        let items = list["items"]?.array?.compactMap(\.object) ?? []
        return """
            \(filter(text, call))
            \(items.isEmpty ? empty(text, call) : table(items, call))
            \(pages(after: list["next"]?.string, text, call))
            """
    }

    private func filter(_ text: String?, _ call: PageCall) -> HTML {
        let label = hasPackages ? "A part of the name" : "The beginning of the path"
        return """
            <form class="filter" action="\(call.links.repository(repository))"><input type="hidden" name="tab" value="packages">\
            <input type="search" name="q" value="\(text ?? "")" placeholder="\(label)" aria-label="\(label)" data-filters="packages">\
            <button>Filter</button></form>
            """
    }

    private func table(_ items: [JSONObject], _ call: PageCall) -> HTML {
        guard hasPackages else { return files(items, call) }
        let rows = items.map { item -> [HTML] in
            let name = item["display_name"]?.string ?? ""
            let key = item["name"]?.string ?? ""
            return [
                "<a href=\"\(call.links.package(key, in: repository))\">\(name)</a>",
                Parts.time(item["created_at"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now),
                Parts.time(item["updated_at"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now),
            ]
        }
        return Parts.table(["Package", "First seen", "Last change"], id: "packages", rows)
    }

    private func files(_ items: [JSONObject], _ call: PageCall) -> HTML {
        let rows = items.map { item -> [HTML] in
            let path = item["path"]?.string ?? ""
            return [
                link(path, call), "\(Figures.size(item["size"]?.integer))",
                Parts.time(item["created_at"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: call.now),
                call.session == nil ? "" : "\(item["uploaded_by"]?.string ?? "")",
            ]
        }
        return Parts.table(["Path", "Size#", "Since", "By"], id: "packages", rows)
    }

    private func link(_ path: String, _ call: PageCall) -> HTML {
        "<a href=\"\(call.links.package(path, in: repository))\">\(path)</a>"
    }

    private func empty(_ text: String?, _ call: PageCall) -> HTML {
        let what = hasPackages ? "package" : "file"
        if call.asked("after") != nil { return "<p>There is nothing behind this.</p>" }
        if text != nil { return "<p>There is no \(what) of that name here. A proxy lists what was asked for through it.</p>" }
        switch repository.record.kind {
        case .hosted:
            return
                "<p>Nothing was published here yet. <a href=\"\(call.links.repository(repository))\">Set a client up</a>, and publish the first \(what).</p>"
        case .proxy: return "<p>Nothing was asked for through this proxy yet: what a client installs shows here.</p>"
        case .group: return "<p>No member has anything yet.</p>"
        }
    }

    private func pages(after next: String?, _ text: String?, _ call: PageCall) -> HTML {
        let filter = [("tab", "packages")] + (text.map { [("q", $0)] } ?? [])
        let first: HTML =
            call.asked("after") == nil ? "" : "<a href=\"\(call.links.repository(repository, filter))\">First page</a>"
        let more: HTML =
            next.map { "<a rel=\"next\" href=\"\(call.links.repository(repository, filter + [("after", $0)]))\">Next page</a>" }
            ?? ""
        guard !first.isEmpty || !more.isEmpty else { return "" }
        return "<nav class=\"pages\" aria-label=\"Pages\">\(first)\(more)</nav>"
    }
}

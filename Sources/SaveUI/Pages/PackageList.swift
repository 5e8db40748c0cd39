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
        if hasPackages, let text { return try await matching(text, call) }
        var query: [(String, String)] = [("limit", String(Self.rows))]
        if let text { query.append(("prefix", text)) }
        if let after = call.asked("after") { query.append(("after", after)) }
        let record = repository.record
        let list = try await call.ask(
            APIQuestion(.get, ["repos", record.project, record.name, hasPackages ? "packages" : "files"], query: query))
        let items = list["items"]?.array?.compactMap(\.object) ?? []
        return """
            \(filter(text, call))
            \(items.isEmpty ? empty(text, call) : table(items, call))
            \(pages(list["next"]?.string.map { ("after", $0) }, text, call))
            """
    }

    /// Names that begin with a text come first, page by page; behind the last of them those that contain it, as far as there is time to look,
    /// and from there on with the next page.
    private func matching(_ text: String, _ call: PageCall) async throws -> HTML {
        let mayGoOn = NameSearch.patience(call)
        let search = NameSearch(places: call.viewer.leaves(of: repository).map(\.record.id), text: text)
        let after = call.asked("after").map { PackageID(normalized: $0) }
        let from = call.asked("from").map { PackageID(normalized: $0) }
        var items: [PackageRecord] = []
        var next: (String, String)?
        if from == nil {
            items = try await call.context.store.read { try search.beginning(after: after, limit: Self.rows + 1, in: $0) }
            if items.count > Self.rows {
                items.removeLast()
                next = items.last.map { ("after", $0.id.name) }
            }
        }
        if next == nil {
            let (more, looked) = try await search.containing(
                after: from, limit: Self.rows, in: call.context.store, while: mayGoOn)
            items += more
            next = looked.map { ("from", $0.name) }
        }
        let found: HTML =
            !items.isEmpty
            ? table(items.map { Row(key: $0.id.name, name: $0.displayName, created: $0.created, updated: $0.updated) }, call)
            : next == nil ? empty(text, call) : "<p>No name that was looked at so far contains this. There are more.</p>"
        return "\(filter(text, call))\(found)\(pages(next, text, call))"
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
        let time: (JSONValue?) -> Timestamp? = { $0?.string.flatMap { Timestamp(rfc3339: $0) } }
        return table(
            items.map {
                Row(
                    key: $0["name"]?.string ?? "", name: $0["display_name"]?.string ?? "", created: time($0["created_at"]),
                    updated: time($0["updated_at"]))
            }, call)
    }

    private struct Row {
        let key: String
        /// As its publisher writes it.
        let name: String
        let created: Timestamp?
        let updated: Timestamp?
    }

    private func table(_ rows: [Row], _ call: PageCall) -> HTML {
        let rows = rows.map { row -> [HTML] in
            [
                "<a href=\"\(call.links.package(row.key, in: repository))\">\(row.name)</a>",
                Parts.time(row.created, now: call.now),
                Parts.time(row.updated, now: call.now),
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
        if isFurther(call) { return "<p>There is nothing behind this.</p>" }
        if text != nil { return "<p>There is no \(what) of that name here. A proxy lists what was asked for through it.</p>" }
        switch repository.record.kind {
        case .hosted:
            return
                "<p>Nothing was published here yet. <a href=\"\(call.links.repository(repository))\">Set a client up</a>, and publish the first \(what).</p>"
        case .proxy: return "<p>Nothing was asked for through this proxy yet: what a client installs shows here.</p>"
        case .group: return "<p>No member has anything yet.</p>"
        }
    }

    private func isFurther(_ call: PageCall) -> Bool { call.asked("after") != nil || call.asked("from") != nil }

    /// - Parameter next: what the address of the next page has more; nil where this is the last.
    private func pages(_ next: (String, String)?, _ text: String?, _ call: PageCall) -> HTML {
        let filter = [("tab", "packages")] + (text.map { [("q", $0)] } ?? [])
        let first: HTML = isFurther(call) ? "<a href=\"\(call.links.repository(repository, filter))\">First page</a>" : ""
        let more: HTML =
            next.map { "<a rel=\"next\" href=\"\(call.links.repository(repository, filter + [$0]))\">Next page</a>" } ?? ""
        guard !first.isEmpty || !more.isEmpty else { return "" }
        return "<nav class=\"pages\" aria-label=\"Pages\">\(first)\(more)</nav>"
    }
}

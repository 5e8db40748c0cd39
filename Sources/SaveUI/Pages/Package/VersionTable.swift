internal import SaveHTTP
internal import SavePlatform

/// The versions of a package, the newest first.
struct VersionTable {
    let view: PackageView

    func html(_ call: PageCall) -> HTML {
        let all = view.facts.versions
        guard !all.isEmpty else { return "<p>No version is known here.</p>" }
        let start = call.asked("from").flatMap(Int.init).map { min(max($0, 0), all.count) } ?? 0
        let shown = all[start...].prefix(PackagePage.rows)
        let rows = shown.map { version -> [HTML] in
            [
                "<a href=\"\(call.links.package(view.facts.name, version: version.version, in: view.repository))\">\(version.version)</a>",
                Parts.time(version.published, now: call.now), view.state(of: version), "\(version.files.count)",
                "\(Figures.size(version.size))",
            ]
        }
        let newer: HTML = start == 0 ? "" : "<a rel=\"prev\" href=\"\(page(max(0, start - PackagePage.rows), call))\">Newer</a>"
        let older: HTML = shown.endIndex >= all.count ? "" : "<a rel=\"next\" href=\"\(page(shown.endIndex, call))\">Older</a>"
        let pages: HTML =
            newer.isEmpty && older.isEmpty ? "" : "<nav class=\"pages\" aria-label=\"Pages\">\(newer)\(older)</nav>"
        return "\(Parts.table(["Version", "Published", "State", "Files#", "Size#"], rows))\(pages)"
    }

    private func page(_ start: Int, _ call: PageCall) -> String {
        view.link(call, further: start == 0 ? [] : [("from", String(start))])
    }
}

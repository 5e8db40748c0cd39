internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// The packages that a release needs, each with the way to its own page.
struct DependencySection {
    let view: PackageView
    private static let rows = 300

    func html(_ call: PageCall) async -> HTML {
        guard let release = view.release else { return "<p>Nothing is known here of what it needs.</p>" }
        let all = release.description.dependencies
        guard !all.isEmpty else {
            return release.description.isPartial
                ? "<p>What \(release.version) needs is not known here yet: its metadata were not asked for.</p>"
                : "<p>\(release.version) needs no other package.</p>"
        }
        let shown = Array(all.prefix(Self.rows))
        let names = shown.map(\.name)
        // A format that fails has no such packages.
        let known = (try? await view.repository.naming?.ask { format in names.map { format.package(named: $0)?.name } }) ?? []
        let rows = shown.enumerated().map { place, dependency -> [HTML] in
            let key = known.indices.contains(place) ? known[place] : nil
            let name: HTML =
                key.map { "<a href=\"\(call.links.package($0, in: view.repository))\">\(dependency.name)</a>" }
                ?? "\(dependency.name)"
            return [name, "<code>\(dependency.versions)</code>", "\(dependency.group.isEmpty ? "always" : dependency.group)"]
        }
        let rest: HTML = all.count > Self.rows ? "<p>\(Figures.count(all.count - Self.rows)) more are in its metadata.</p>" : ""
        return "<p>What \(release.version) says that it needs.</p>\(Parts.table(["Package", "Versions", "When"], rows))\(rest)"
    }
}

internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// What the authors of a release tell of it.
struct ReadmeSection {
    let view: PackageView

    func html(_ call: PageCall) async throws -> HTML {
        guard let release = view.release else { return "<p>\(nothing)</p>" }
        let ask = view.link(call, [("refresh", "true")])
        let fetch: HTML = call.session == nil ? "" : "<p><a class=\"button\" href=\"\(ask)\">Fetch it now</a></p>"
        if let failure = release.failure {
            return Parts.notice(
                .warn, "<p>What \(release.version) says of itself is not to be had.</p><p>\(FailurePage.sentence(failure))</p>")
        }
        guard let readme = release.description.readme else {
            if release.description.isPartial {
                return "<p>What \(release.version) says of itself is not here yet: no client has asked for it.</p>\(fetch)"
            }
            return "<p>The publisher of \(release.version) wrote no README.</p>"
        }
        let newest = view.shown ?? view.facts.newest
        let isOlder = newest.map { !ASCII.isEqual($0.version, release.version) } ?? false
        let note: HTML =
            isOlder
            ? "\(Parts.notice(.plain, "<p>This is the README of \(release.version). That of \(newest?.version ?? "") is not here yet.</p>\(fetch)"))"
            : ""
        return "\(note)\(try await call.context.readmes.html(readme))"
    }

    private var nothing: String {
        if view.shown?.isRefused ?? view.facts.versions.contains(where: \.isRefused) {
            return "What a rule keeps from clients is not shown either."
        }
        return view.facts.versions.isEmpty ? "No version is known here." : "No README is here."
    }
}

internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// The facts beside a package: where it is from, how it stands, and what its authors say in a few words.
struct PackageSide {
    let view: PackageView

    func facts(_ call: PageCall) -> [(name: String, value: HTML)] {
        let facts = view.facts
        var list: [(name: String, value: HTML)] = []
        let version = view.shown ?? facts.newest
        if let version {
            let link = call.links.package(facts.name, version: version.version, in: view.repository)
            if view.shown == nil { list.append(("Newest", "<a href=\"\(link)\">\(version.version)</a>")) }
            let publisher = call.session == nil ? nil : version.files.compactMap(\.publisher).first
            list.append(
                ("Published", "\(Parts.time(version.published, now: call.now))\(publisher.map { " by \($0)" as HTML })"))
        }
        let sources = facts.members.filter { $0.state == "answers" }.map { member -> HTML in
            guard let source = call.viewer.repository(coordinates: member.repository) else { return "\(member.repository)" }
            return "<a href=\"\(call.links.repository(source))\">\(member.repository)</a>"
        }
        if !sources.isEmpty { list.append(("Comes from", .joined(sources, by: ", "))) }
        if let version {
            list.append(("State", view.badge(of: version)))
            list.append(("Files", "\(Figures.several(version.files.count, "file")), \(Figures.size(version.size))"))
        }
        if view.shown == nil { list.append(("Versions", "\(Figures.count(facts.versions.count))")) }
        return list + said
    }

    /// What the release says of itself, as text; addresses of the web are links.
    private var said: [(name: String, value: HTML)] {
        (view.release?.description.facts ?? []).prefix(30).map { fact in
            let text =
                fact.value.utf8.count > 300 ? String(decoding: fact.value.utf8.prefix(300), as: UTF8.self) + "…" : fact.value
            return (String(decoding: fact.name.utf8.prefix(60), as: UTF8.self), LinkedText.html(text))
        }
    }
}

internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What of a package can be withdrawn, offered again, said and deleted: the packages of a repository, and one of them.
enum PackageAdministration {
    static func page(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        let repository = try place.repository(call)
        if place.package.isEmpty { return try await list(repository, place, call) }
        if place.version.isEmpty { return try await package(repository, place, call) }
        if place.file.isEmpty { return try await VersionAdministration.page(repository, place, call) }
        return try await FileAdministration.page(repository, place, call)
    }

    private static func list(_ repository: Repository, _ place: PackagePlace, _ call: PageCall) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let path = ["repos", place.project, place.repository, "packages"]
        let (items, next) = try await call.list(path, keyset.query() + call.kept("q"))
        let hasPackages = repository.naming != nil
        let rows = items.compactMap { item -> [HTML]? in
            guard let name = item["name"]?.string else { return nil }
            let url =
                hasPackages
                ? call.links.administration(
                    "repositories", place.project, place.repository, "packages", query: [("package", name)])
                : call.links.package(name, in: repository)
            return [
                "<a href=\"\(url)\">\(hasPackages ? item["display_name"]?.string ?? name : name)</a>",
                Parts.time(item.time("updated_at"), now: call.now),
            ]
        }
        let empty: HTML =
            call.asked("q") != nil
            ? "<p class=\"faint\">No package has that in its name. <a href=\"\(place.listURL(call))\">Show all</a></p>"
            : "<p class=\"faint\">There is none yet. <a href=\"\(call.links.repository(repository))\">Set up a client</a> to fill it.</p>"
        let table = Parts.table([hasPackages ? "Package" : "File", "Changed"], rows)
        return AdministrationPage.answer(
            "Packages", in: .repositories, call, crumbs: place.crumbs(call),
            main: """
                \(ListFilter.html(place.listURL(call), call, label: "Find a package by a part of its name"))
                \(rows.isEmpty ? empty : table)
                \(keyset.links(next: next, place.listURL(call), kept: call.kept("q")))
                """)
    }

    // MARK: - One of them

    private static func package(_ repository: Repository, _ place: PackagePlace, _ call: PageCall) async throws -> PageAnswer {
        let retired =
            repository.record.kind == .hosted
            ? try await RetiredNames.html(place, call, mayRelease: place.mayManage(call, repository)) : ""
        let reply: APIReply
        do {
            reply = try await call.reply(to: APIQuestion(.get, place.packagePath))
        } catch let error as SaveError where error.code == .packageNotFound && (!retired.isEmpty || call.asked("done") != nil) {
            return gone(place, retired, call)
        }
        let package = reply.body.object ?? JSONObject()
        let title = package["display_name"]?.string ?? place.package
        let own: HTML =
            place.mayManage(call, repository)
            ? try await PackageAttributes.html(of: package, tag: reply.tag, in: repository, place, call) : ""
        return AdministrationPage.answer(
            title, in: .repositories, call, crumbs: place.crumbs(call),
            main: """
                <p><a href="\(call.links.package(place.package, in: repository))">Open the package</a></p>
                \(members(of: repository, place, call))
                \(try versions(package, repository, place, call))
                \(own)
                \(retired)
                \(try place.mayDelete(call, repository) ? deletion(title, repository, place, call) : "")
                """)
    }

    /// A package goes with its last file.
    private static func gone(_ place: PackagePlace, _ retired: HTML, _ call: PageCall) -> PageAnswer {
        AdministrationPage.answer(
            place.package, in: .repositories, call, crumbs: place.crumbs(call),
            main: "<p>No file of it is left here. <a href=\"\(place.listURL(call))\">All packages</a></p>\(retired)")
    }

    /// A group has nothing of its own: what it shows is changed where it is.
    private static func members(of repository: Repository, _ place: PackagePlace, _ call: PageCall) -> HTML {
        guard repository.record.kind == .group else { return "" }
        let links = call.viewer.leaves(of: repository).filter { call.viewer.manages($0) }.map { member -> HTML in
            let record = member.record
            let url = call.links.administration(
                "repositories", record.project, record.name, "packages", query: [("package", place.package)])
            return "<a href=\"\(url)\">\(record.coordinates)</a>"
        }
        let where_: HTML = links.isEmpty ? "" : " That is done in the member that has it: \(.joined(links, by: ", "))."
        return Parts.notice(.plain, "<p>Nothing is changed in a group.\(where_)</p>")
    }

    private static func versions(
        _ package: JSONObject, _ repository: Repository, _ place: PackagePlace, _ call: PageCall
    ) throws -> HTML {
        let mayYank = place.mayYank(call, repository)
        let rows = try (package["versions"]?.array?.compactMap(\.object) ?? []).map { version -> [HTML] in
            let name = version.text("version")
            return [
                "<a href=\"\(place.url(call, version: name))\">\(name)</a> \(YankState.html(version))",
                Parts.time(version.time("created_at"), now: call.now),
                "\(version["files"]?.integer ?? 0)", "\(Figures.size(version["size"]?.integer))",
                try mayYank ? VersionAdministration.button(version, place, call) : "",
            ]
        }
        return Parts.table(["Version", "Since", "Files#", "Size#", mayYank ? "Change#" : ""], id: "versions", rows)
    }

    private static func deletion(
        _ title: String, _ repository: Repository, _ place: PackagePlace, _ call: PageCall
    ) throws -> HTML {
        let form = AdministrationForm(
            "delete", place.action(call, "packages", "delete"),
            [FormField("confirm", "Type \(title) to delete all of it", required: true)], "Delete the package", tone: .danger,
            hidden: place.hidden() + [("title", title)])
        let note: HTML =
            repository.record.kind == .hosted
            ? "<p>The names of its files are not given to other files afterwards.</p>"
            : "<p>It is fetched from the upstream again where somebody asks for it.</p>"
        return "<h2>Delete the package</h2>\(note)\(try form.html(call))"
    }

    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(call, form: "delete", to: place.listURL(call), done: .deleted, page: page) {
            try Submission.requireName($0["title"].isEmpty ? place.package : $0["title"], $0)
            return APIQuestion(.delete, place.packagePath)
        }
    }
}

/// Whether a version or a file is withdrawn, and why.
enum YankState {
    static func html(_ item: JSONObject) -> HTML {
        guard item.flag("yanked") else { return "" }
        return "\(Parts.badge("yanked", .warn)) <span class=\"small\">\(item.text("yanked_reason"))</span>"
    }

    /// The form that withdraws, with its reason; or the button that takes that back.
    ///
    /// - Parameters:
    ///   - name: of what it is about, as people say it.
    ///   - actions: where the two go.
    static func form(
        _ item: JSONObject, _ name: String, _ actions: (yank: String, unyank: String), _ hidden: [(name: String, value: String)],
        _ call: PageCall
    ) throws -> HTML {
        if item.flag("yanked") {
            return """
                <h2>Offer it again</h2>
                <div class="buttons">\(try AdministrationForm.button("Offer \(name) again", actions.unyank, hidden: hidden, call))</div>
                """
        }
        let form = AdministrationForm(
            "yank", actions.yank, [FormField("reason", "Why", hint: "Clients tell those who use it. Empty for no reason.")],
            "Yank \(name)", tone: .plain, hidden: hidden)
        return
            "<h2>Yank it</h2><p>Clients that ask for exactly it still get it; no other installs it any more.</p>\(try form.html(call))"
    }
}

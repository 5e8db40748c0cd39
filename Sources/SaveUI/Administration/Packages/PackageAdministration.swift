internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What of a package can be withdrawn, offered again and deleted. Packages and files have names of many parts, so they stand in the query.
enum PackageAdministration {
    private struct Place {
        let project: String
        let repository: String
        let package: String

        init(_ call: PageCall) {
            project = call.path[2]
            repository = call.path[3]
            package = call.asked("package") ?? call["package"]
        }

        var path: [String] { ["repos", project, repository, "packages", package] }

        func url(_ call: PageCall, version: String? = nil) -> String {
            call.links.administration(
                "repositories", project, repository, "packages",
                query: package.isEmpty ? [] : [("package", package)] + (version.map { [("version", $0)] } ?? []))
        }
    }

    static func page(_ call: PageCall) async throws -> PageAnswer {
        let place = Place(call)
        let repository = try call.viewer.managedRepository(project: place.project, name: place.repository)
        let crumbs = [
            (text: place.project, url: call.links.administration("projects", place.project)),
            (text: place.repository, url: call.links.administration("repositories", place.project, place.repository)),
        ]
        guard !place.package.isEmpty else { return try await list(repository, place, crumbs, call) }
        let all =
            crumbs + [
                (text: "Packages", url: call.links.administration("repositories", place.project, place.repository, "packages"))
            ]
        return try await package(repository, place, all, call)
    }

    private static func list(
        _ repository: Repository, _ place: Place, _ crumbs: [(text: String, url: String)], _ call: PageCall
    ) async throws -> PageAnswer {
        let keyset = Keyset(call)
        let path = ["repos", place.project, place.repository, "packages"]
        let (items, next) = try await call.list(path, keyset.query() + call.kept("q"))
        let rows = items.compactMap { item -> [HTML]? in
            guard let name = item["name"]?.string else { return item["path"]?.string.map { ["\($0)", ""] } }
            let url = call.links.administration(
                "repositories", place.project, place.repository, "packages", query: [("package", name)])
            return [
                "<a href=\"\(url)\">\(item["display_name"]?.string ?? name)</a>",
                Parts.time(item.time("updated_at"), now: call.now),
            ]
        }
        return AdministrationPage.answer(
            "Packages", in: .repositories, call, crumbs: crumbs,
            main: """
                \(ListFilter.html(place.url(call), call, label: "Find a package by a part of its name"))
                \(rows.isEmpty ? "<p class=\"faint\">There is no such package.</p>" : Parts.table(["Package", "Changed"], rows))
                \(keyset.links(next: next, place.url(call), kept: call.kept("q")))
                """)
    }

    private static func package(
        _ repository: Repository, _ place: Place, _ crumbs: [(text: String, url: String)], _ call: PageCall
    ) async throws -> PageAnswer {
        let package = try await call.ask(APIQuestion(.get, place.path))
        let mayDelete = call.viewer.may(.delete, repository) && repository.record.kind != .group
        let isHosted = repository.record.kind == .hosted
        let versions = package["versions"]?.array?.compactMap(\.object) ?? []
        let rows = try versions.map { version -> [HTML] in
            let name = version.text("version")
            let state: HTML = version.flag("yanked") ? "\(Parts.badge("yanked", .warn)) \(version.text("yanked_reason"))" : ""
            return [
                "\(name) \(state)", Parts.time(version.time("created_at"), now: call.now),
                "\(version["files"]?.integer ?? 0)", "\(Figures.size(version["size"]?.integer))",
                try mayDelete ? buttons(version, place, isHosted: isHosted, call) : "",
            ]
        }
        let title = package["display_name"]?.string ?? place.package
        let deletion = AdministrationForm(
            "delete", place.url(call), [FormField("confirm", "Type \(title) to delete all of it", required: true)],
            "Delete the package",
            tone: .danger, hidden: [("package", place.package), ("title", title), ("do", "delete-package")])
        let note: HTML = isHosted ? "<p>The names of its files are not given to other files afterwards.</p>" : ""
        return AdministrationPage.answer(
            title, in: .repositories, call, crumbs: crumbs,
            main: """
                <p><a href="\(call.links.package(place.package, in: repository))">Open the package</a></p>
                \(Parts.table(["Version", "Since", "Files#", "Size#", "Change#"], id: "versions", rows))
                \(try mayDelete ? "<h2>Delete the package</h2>\(note)\(deletion.html(call))" : "")
                """)
    }

    private static func buttons(_ version: JSONObject, _ place: Place, isHosted: Bool, _ call: PageCall) throws -> HTML {
        let name = version.text("version")
        let url = place.url(call)
        let hidden = [(name: "package", value: place.package), (name: "version", value: name)]
        let isYanked = version.flag("yanked")
        let way = isYanked ? "Offer again" : "Yank"
        let yank: HTML =
            isHosted
            ? "\(try AdministrationForm.button(way, url, label: "\(way): \(name)", hidden: hidden + [(name: "do", value: isYanked ? "unyank" : "yank")], call)) "
            : ""
        let delete = try AdministrationForm.button(
            "Delete", url, label: "Delete \(name)", tone: .danger, hidden: hidden + [(name: "do", value: "confirm-version")], call
        )
        return "\(yank)\(delete)"
    }

    // MARK: - Forms

    static func change(_ call: PageCall) async throws -> PageAnswer {
        let place = Place(call)
        let version = place.path + ["versions", call["version"]]
        switch call["do"] {
        case "yank":
            return try await Submission.send(call, form: "yank", to: place.url(call), done: .saved, page: page) { _ in
                APIQuestion(.put, version + ["yank"], body: ["reason": ""])
            }
        case "unyank":
            return try await Submission.send(call, form: "yank", to: place.url(call), done: .saved, page: page) { _ in
                APIQuestion(.delete, version + ["yank"])
            }
        case "confirm-version": return try confirmation(of: call["version"], place, call)
        case "delete-version":
            return try await Submission.send(call, form: "delete", to: place.url(call), done: .deleted, page: page) {
                try Submission.requireName($0["version"], $0)
                return APIQuestion(.delete, version)
            }
        case "delete-package":
            let all = call.links.administration("repositories", place.project, place.repository, "packages")
            return try await Submission.send(call, form: "delete", to: all, done: .deleted, page: page) {
                try Submission.requireName($0["title"], $0)
                return APIQuestion(.delete, place.path)
            }
        default: throw SaveError.invalid("do", "choose what to do, as the page offers it")
        }
    }

    /// Asks for the version before it goes.
    private static func confirmation(of version: String, _ place: Place, _ call: PageCall) throws -> PageAnswer {
        _ = try call.viewer.managedRepository(project: place.project, name: place.repository)
        let form = AdministrationForm(
            "delete", place.url(call), [FormField("confirm", "Type \(version) to delete it", required: true)],
            "Delete the version",
            tone: .danger, hidden: [("package", place.package), ("version", version), ("do", "delete-version")])
        return AdministrationPage.answer(
            "Delete \(place.package) \(version)", in: .repositories, call, crumbs: [(place.package, place.url(call))],
            main:
                "<p>Its files go with it. Clients that have it in a lock file will not get it any more.</p>\(try form.html(call))"
        )
    }
}

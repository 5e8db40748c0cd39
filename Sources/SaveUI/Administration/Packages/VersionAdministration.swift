internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A version of a package, for those who manage its repository: its files, and what becomes of all of them.
enum VersionAdministration {
    static func page(_ repository: Repository, _ place: PackagePlace, _ call: PageCall) async throws -> PageAnswer {
        let reply = try await call.reply(to: APIQuestion(.get, place.versionPath))
        let version = reply.body.object ?? JSONObject()
        let mayYank = place.mayYank(call, repository)
        let rows = try (version["files"]?.array?.compactMap(\.object) ?? []).map { file -> [HTML] in
            let name = file.text("filename")
            return [
                "<a href=\"\(place.url(call, file: name))\">\(name)</a> \(YankState.html(file))",
                Parts.time(file.time("published_at") ?? file.time("created_at"), now: call.now),
                "\(Figures.size(file["size"]?.integer))", try mayYank ? FileAdministration.button(file, place, call) : "",
            ]
        }
        let actions = (yank: place.action(call, "packages", "yank"), unyank: place.action(call, "packages", "unyank"))
        let own: HTML =
            place.mayManage(call, repository)
            ? try PackageAttributes.html(ofVersionWithTag: reply.tag, in: repository, place, call) : ""
        let open = call.links.package(place.package, version: place.version, in: repository)
        return AdministrationPage.answer(
            "\(version.text("display_name")) \(place.version)", in: .repositories, call, crumbs: place.crumbs(call),
            beside: YankState.html(version),
            main: """
                <p><a href="\(open)">Open the version</a></p>
                \(Parts.table(["File", "Published", "Size#", mayYank ? "Change#" : ""], id: "files", rows))
                \(try mayYank ? YankState.form(version, place.version, actions, place.hidden(), call) : "")
                \(own)
                \(try place.mayDelete(call, repository) ? deletion(place, call) : "")
                """)
    }

    private static func deletion(_ place: PackagePlace, _ call: PageCall) throws -> HTML {
        let form = AdministrationForm(
            "delete", place.action(call, "packages", "delete-version"),
            [FormField("confirm", "Type \(place.version) to delete it", required: true)], "Delete the version", tone: .danger,
            hidden: place.hidden())
        return """
            <h2>Delete the version</h2>
            <p>Its files go with it. Clients that have it in a lock file will not get it any more.</p>\(try form.html(call))
            """
    }

    /// For tables: without a reason.
    static func button(_ version: JSONObject, _ place: PackagePlace, _ call: PageCall) throws -> HTML {
        let name = version.text("version")
        let isYanked = version.flag("yanked")
        let way = isYanked ? "Offer again" : "Yank"
        return try AdministrationForm.button(
            way, place.action(call, "packages", isYanked ? "unyank" : "yank"), label: "\(way): \(name)",
            hidden: place.hidden(version: name), call)
    }

    // MARK: - Forms

    static func yank(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "yank", to: place.url(call), done: .yanked, page: PackageAdministration.page
        ) { APIQuestion(.put, place.versionPath + ["yank"], body: ["reason": .string($0["reason"])]) }
    }

    static func unyank(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "yank", to: place.url(call), done: .unyanked, page: PackageAdministration.page
        ) { _ in APIQuestion(.delete, place.versionPath + ["yank"]) }
    }

    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "delete", to: place.url(call), done: .deleted, page: PackageAdministration.page
        ) {
            try Submission.requireName(place.version, $0)
            return APIQuestion(.delete, place.versionPath)
        }
    }
}

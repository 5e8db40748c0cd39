internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// One file of a version, for those who manage its repository.
enum FileAdministration {
    static func page(_ repository: Repository, _ place: PackagePlace, _ call: PageCall) async throws -> PageAnswer {
        let version = try await call.ask(APIQuestion(.get, place.versionPath))
        let files = version["files"]?.array?.compactMap(\.object) ?? []
        guard let file = files.first(where: { ASCII.isEqual($0.text("filename"), place.file) }) else {
            throw SaveError(.assetNotFound, "there is no such file: check the name")
        }
        let actions = (yank: place.action(call, "files", "yank"), unyank: place.action(call, "files", "unyank"))
        return AdministrationPage.answer(
            place.file, in: .repositories, call, crumbs: place.crumbs(call), beside: YankState.html(file),
            main: """
                \(Parts.facts(facts(file, call)))
                \(try place.mayYank(call, repository) ? YankState.form(file, "the file", actions, place.hidden(), call) : "")
                \(try place.mayDelete(call, repository) ? deletion(place, call) : "")
                """)
    }

    private static func facts(_ file: JSONObject, _ call: PageCall) -> [(name: String, value: HTML)] {
        var facts: [(name: String, value: HTML)] = [
            ("Path", "<code>\(file.text("path"))</code>"), ("Size", "\(Figures.size(file["size"]?.integer))"),
            ("Published", Parts.time(file.time("published_at") ?? file.time("created_at"), now: call.now)),
        ]
        if let name = file["uploaded_by"]?.string { facts.append(("By", "\(name)")) }
        for digest in file["digests"]?.object?.members ?? [] {
            facts.append((digest.key, "<code class=\"digest\">\(digest.value.string ?? "")</code>"))
        }
        for attribute in (file["attributes"]?.object?.members ?? []).prefix(30) {
            let text = attribute.value.string ?? attribute.value.text
            facts.append(
                (attribute.key, "<code class=\"digest\">\(String(decoding: text.utf8.prefix(500), as: UTF8.self))</code>"))
        }
        return facts
    }

    private static func deletion(_ place: PackagePlace, _ call: PageCall) throws -> HTML {
        let form = AdministrationForm(
            "delete", place.action(call, "files", "delete"),
            [FormField("confirm", "Type \(place.file) to delete it", required: true)], "Delete the file", tone: .danger,
            hidden: place.hidden())
        return "<h2>Delete the file</h2>\(try form.html(call))"
    }

    /// For tables: without a reason.
    static func button(_ file: JSONObject, _ place: PackagePlace, _ call: PageCall) throws -> HTML {
        let name = file.text("filename")
        let isYanked = file.flag("yanked")
        let way = isYanked ? "Offer again" : "Yank"
        return try AdministrationForm.button(
            way, place.action(call, "files", isYanked ? "unyank" : "yank"), label: "\(way): \(name)",
            hidden: place.hidden(file: name), call)
    }

    // MARK: - Forms

    static func yank(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "yank", to: place.url(call, version: place.version), done: .yanked, page: PackageAdministration.page
        ) { APIQuestion(.put, place.filePath + ["yank"], body: ["reason": .string($0["reason"])]) }
    }

    static func unyank(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "yank", to: place.url(call, version: place.version), done: .unyanked, page: PackageAdministration.page
        ) { _ in APIQuestion(.delete, place.filePath + ["yank"]) }
    }

    /// The version goes with its last file, so that its package is shown afterwards.
    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "delete", to: place.url(call), done: .deleted, page: PackageAdministration.page
        ) {
            try Submission.requireName(place.file, $0)
            return APIQuestion(.delete, place.filePath)
        }
    }
}

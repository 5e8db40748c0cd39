internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// A repository, for those who manage it: its settings, its upstream, its end.
enum RepositorySettings {
    private struct Place {
        let project: String
        let name: String
        var path: [String] { ["repos", project, name] }

        init(_ call: PageCall) {
            project = call.path[2]
            name = call.path[3]
        }

        func url(_ call: PageCall, _ form: String? = nil) -> String {
            guard let form else { return call.links.administration("repositories", project, name) }
            return call.links.administration("repositories", project, name, form)
        }
    }

    static func page(_ call: PageCall) async throws -> PageAnswer { try await page(call, probe: "") }

    private static func page(_ call: PageCall, probe: HTML) async throws -> PageAnswer {
        let place = Place(call)
        let repository = try call.viewer.managedRepository(project: place.project, name: place.name)
        let reply = try await call.reply(to: APIQuestion(.get, place.path))
        let values = reply.body.object ?? JSONObject()
        let kind = repository.record.kind
        let mayChange = call.viewer.may(.manage, repository)
        let form = AdministrationForm(
            "settings", place.url(call), RepositoryFields.all(of: kind, isNew: false, call) + (kind == .group ? [names] : []),
            "Save")
        let project = call.links.administration("projects", place.project)
        return AdministrationPage.answer(
            place.name, in: .repositories, call, crumbs: [(place.project, project)],
            beside: """
                \(Parts.badge(repository.descriptor.displayName)) \(Parts.badge(kind.rawValue)) \(RepositoryState.badge(of: repository, call))
                """,
            main: """
                <p><a href="\(call.links.repository(repository))">Open the repository</a> · \
                <a href="\(place.url(call, "packages"))">Packages: yank and delete</a></p>
                \(warnings(values))\(probe)
                \(try kind == .proxy ? upstream(place, values, mayChange: mayChange, call) : "")
                <h2>Settings</h2>
                \(try mayChange ? form.html(call, values, tag: reply.tag) : facts(values, RepositoryFields.all(of: kind, isNew: false, call)))
                \(try mayChange ? deletion(place, kind, call) : "")
                """)
    }

    private static func warnings(_ values: JSONObject) -> HTML {
        let warnings = (values["warnings"]?.array ?? []).compactMap(\.string)
        guard !warnings.isEmpty else { return "" }
        return Parts.notice(.warn, "\(warnings.map { "<p>\(FailurePage.sentence($0))</p>" as HTML })")
    }

    /// For those who see it, and change nothing.
    private static func facts(_ values: JSONObject, _ fields: [FormField]) -> HTML {
        Parts.facts(
            fields.compactMap { field in
                guard let value = values[field.name] else { return nil }
                if case .bool(let flag) = value { return (field.label, flag ? "yes" : "no") }
                let text = FormField.typed(value)
                return (field.label, text.isEmpty ? "none" : "\(text)")
            })
    }

    private static func upstream(_ place: Place, _ values: JSONObject, mayChange: Bool, _ call: PageCall) throws -> HTML {
        let state = values["upstream_state"]?.object ?? JSONObject()
        let answers: HTML =
            switch state["available"]?.bool {
            case true?: Parts.badge("answers", .ok)
            case false?: Parts.badge("fails", .bad)
            case nil: Parts.badge("not asked yet")
            }
        var facts: [(name: String, value: HTML)] = [
            ("Upstream", "<code>\(values.text("remote_url"))</code>"), ("State", answers),
        ]
        if let place = values["resolved_url"]?.string { facts.append(("Its index is at", "<code>\(place)</code>")) }
        if let seconds = state["asked_again_in"]?.integer { facts.append(("Asked again in", "\(seconds) seconds")) }
        let buttons: HTML =
            mayChange
            ? """
            <div class="buttons">\(try AdministrationForm.button("Ask it now", place.url(call, "probe"), call)) \
            \(try AdministrationForm.button("Drop cached indexes", place.url(call, "invalidate"), call))</div>
            """ : ""
        return "<h2>Upstream</h2>\(Parts.facts(facts))\(buttons)"
    }

    /// Part of the request, not of the repository.
    private static let names = FormField(
        "names", "Names of hosted packages that leave a group by this",
        .choice([
            FormField.Choice("", "ask me where there are any"), FormField.Choice("reserve", "keep them reserved there"),
            FormField.Choice("release", "give them up to the other members"),
        ]), hint: "A group would take them from an upstream, where anybody may have published under them.")

    private static func deletion(_ place: Place, _ kind: RepositoryKind, _ call: PageCall) throws -> HTML {
        let form = AdministrationForm.deletion(
            of: place.name, place.url(call, "delete"), "Delete the repository",
            [FormField("force", "With the files in it, and out of the groups that it is a member of", .flag)]
                + (kind == .proxy ? [] : [names]))
        return "<h2>Delete the repository</h2>\(try form.html(call))"
    }

    // MARK: - Forms

    static func change(_ call: PageCall) async throws -> PageAnswer {
        let place = Place(call)
        let repository = try call.viewer.managedRepository(project: place.project, name: place.name)
        return try await Submission.send(call, form: "settings", to: place.url(call), done: .saved, page: page) {
            let query = $0["names"].isEmpty ? [] : [("names", $0["names"])]
            return APIQuestion(
                .patch, place.path, query: query,
                body: .object(RepositoryFields.body(of: repository.record.kind, isNew: false, $0)))
        }
    }

    static func probe(_ call: PageCall) async throws -> PageAnswer {
        do {
            return try await page(
                call, probe: ProbeResult.html(try await call.ask(APIQuestion(.post, Place(call).path + ["probe"]))))
        } catch {
            return try await Submission.refused(error, call, form: "probe", page: page)
        }
    }

    static func invalidate(_ call: PageCall) async throws -> PageAnswer {
        let place = Place(call)
        return try await Submission.send(call, form: "invalidate", to: place.url(call), done: .invalidated, page: page) { _ in
            APIQuestion(.post, place.path + ["invalidate-cache"])
        }
    }

    static func delete(_ call: PageCall) async throws -> PageAnswer {
        let place = Place(call)
        let all = AdministrationPage.Part.repositories.url(call.links)
        return try await Submission.send(call, form: "delete", to: all, done: .deleted, page: page) {
            try Submission.requireName(place.name, $0)
            var query = $0.form?["force"] == nil ? [] : [("force", "true")]
            if !$0["names"].isEmpty { query.append(("names", $0["names"])) }
            return APIQuestion(.delete, place.path, query: query)
        }
    }
}

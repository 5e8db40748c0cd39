internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Makes a repository: what it is first, then what that kind has; the upstream can be asked before anything is made.
enum NewRepository {
    static func page(_ call: PageCall) async throws -> PageAnswer {
        guard call.viewer.administersAll || !call.viewer.managedProjects.isEmpty else {
            throw SaveError(.forbidden, "only administrators, and owners of a project, make repositories")
        }
        let (formats, _) = try await call.list(["formats"])
        let kind = (call.asked("kind") ?? call.form?["repository_type"]).flatMap(RepositoryKind.init)
        let format = formats.first { $0.text("id") == call.asked("format") ?? call.form?["format"] }
        let main: HTML =
            if let kind, let format { try await details(kind, format, call) } else { choice(formats, call) }
        return AdministrationPage.answer("New repository", in: .repositories, call, main: main)
    }

    private static func choice(_ formats: [JSONObject], _ call: PageCall) -> HTML {
        let options = formats.map { "<option value=\"\($0.text("id"))\">\($0.text("name"))</option>" as HTML }
        let kinds = FormField.Choice.kinds.enumerated().map { place, kind -> HTML in
            let checked: HTML = place == 0 ? " checked" : ""
            return
                "<div class=\"flag\"><input type=\"radio\" name=\"kind\" id=\"kind-\(kind.value)\" value=\"\(kind.value)\"\(checked)><label for=\"kind-\(kind.value)\">\(kind.label)</label></div>"
        }
        return """
            <form class="form" action="\(call.links.administration("repositories", "new"))">
            <input type="hidden" name="project" value="\(call.asked("project") ?? "")">
            <div class="field"><label for="format">Format</label><select id="format" name="format">\(options)</select></div>
            <fieldset><legend>Kind</legend>\(kinds)</fieldset>
            <p class="buttons"><button class="go">Go on</button></p>
            </form>
            """
    }

    private static func details(_ kind: RepositoryKind, _ format: JSONObject, _ call: PageCall) async throws -> HTML {
        let projects = call.viewer.managedProjects.map(\.name)
        var values = RepositoryFields.standard
        values["project"] = JSONValue(call.asked("project") ?? (projects.count == 1 ? projects.first : nil))
        if kind == .group {
            values["members"] = .array(suggested(format.text("id"), in: values.text("project"), call).map(JSONValue.string))
        }
        let form = AdministrationForm(
            "new", call.links.administration("repositories", "new"), fields(kind, projects, call), "Make the repository",
            otherWay: kind == .proxy ? ("probe", "Ask the upstream first") : nil,
            hidden: [("format", format.text("id")), ("repository_type", kind.rawValue)])
        let other = call.links.administration("repositories", "new", query: call.kept("project"))
        return """
            <p>A \(Parts.badge(kind.rawValue)) repository for \(Parts.badge(format.text("name"))) \
            <a href="\(other)">Choose another kind</a></p>
            \(try await call.refused == nil ? probe(kind, call) : "")
            \(try form.html(shownAgain(call), values))
            """
    }

    private static func fields(_ kind: RepositoryKind, _ projects: [String], _ call: PageCall) -> [FormField] {
        let hint = call.viewer.administersAll ? "One that does not exist yet is made." : ""
        return [
            FormField("project", "Project", hint: hint, required: true, suggestions: projects),
            FormField(
                "name", "Name", hint: "For good: it is part of every address. Small letters, digits and . _ -", required: true),
        ] + RepositoryFields.all(of: kind, isNew: true, call)
    }

    /// The repositories of its project that a group could have, those that host first; none while no project is known.
    private static func suggested(_ format: String, in project: String, _ call: PageCall) -> [String] {
        let possible = call.viewer.managedRepositories.map(\.record).filter { record in
            record.format == format && record.kind != .group && record.project == project
        }
        let hosted = possible.filter { $0.kind == .hosted }
        return (hosted + possible.filter { $0.kind != .hosted }).map(\.coordinates)
    }

    // MARK: - Asking the upstream

    /// What the upstream answered, where it was asked.
    private static func probe(_ kind: RepositoryKind, _ call: PageCall) async throws -> HTML {
        guard call["way"] == "probe" else { return "" }
        let found = try await call.ask(APIQuestion(.post, ["repos", "probe"], body: .object(body(kind, call))))
        let again: HTML = call["remote_password"].isEmpty ? "" : "<p>Type the password once more to make the repository.</p>"
        return "\(ProbeResult.html(found))\(again)"
    }

    /// What was typed stays after the upstream was asked, as after a mistake.
    private static func shownAgain(_ call: PageCall) -> PageCall {
        guard call.refused == nil, call.form != nil else { return call }
        var again = call
        again.refused = RefusedForm(form: "new", error: SaveError(.invalidRequest, ""))
        return again
    }

    private static func body(_ kind: RepositoryKind, _ call: PageCall) -> JSONObject {
        var body: JSONObject = [
            "project": .string(call["project"]), "name": .string(call["name"]), "format": .string(call["format"]),
            "repository_type": .string(call["repository_type"]),
        ]
        for member in RepositoryFields.body(of: kind, isNew: true, call).members { body[member.key] = member.value }
        return body
    }

    static func create(_ call: PageCall) async throws -> PageAnswer {
        guard let kind = RepositoryKind(rawValue: call["repository_type"]) else {
            throw SaveError.invalid("repository_type", "choose a kind of repository, as the page offers it")
        }
        if call["way"] == "probe" {
            do { return try await page(call) } catch { return try await Submission.refused(error, call, form: "new", page: page) }
        }
        let made = call.links.administration("repositories", call["project"], call["name"])
        return try await Submission.send(call, form: "new", to: made, done: .made, page: page) {
            APIQuestion(.post, ["repos"], body: .object(body(kind, $0)))
        }
    }
}

/// What an upstream answered.
enum ProbeResult {
    static func html(_ found: JSONObject) -> HTML {
        let rows = (found["attempts"]?.array?.compactMap(\.object) ?? []).map { attempt -> [HTML] in
            ["<code>\(attempt.text("url"))</code>", "\(attempt.text("outcome"))"]
        }
        let table: HTML = rows.isEmpty ? "" : Parts.table(["Asked", "Answer"], id: "attempts", rows)
        let verdict =
            found.flag("succeeded")
            ? Parts.notice(
                .ok,
                "<p><strong>The upstream can be used.</strong> Its index is at <code>\(found.text("resolved_url"))</code>.</p>")
            : Parts.notice(
                .bad,
                "<p><strong>Nothing shows where the upstream keeps its index.</strong> Look at the answers below: the address may have to name the index itself.</p>"
            )
        return "<div role=\"status\">\(verdict)</div>\(table)"
    }
}

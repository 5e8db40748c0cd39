internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What people say of a package or a version beside its files: a status such as archived, and whatever else its format takes.
enum PackageAttributes {
    /// Of a package as a whole, with the statuses that indexes tell clients of (PEP 792).
    private static let status = "project-status"
    private static let statusFields = [
        FormField(
            "status", "Status",
            .choice([
                FormField.Choice("active", "active: it is kept up"),
                FormField.Choice("deprecated", "deprecated: something else should be used"),
                FormField.Choice("archived", "archived: it takes no files any more"),
                FormField.Choice("quarantined", "quarantined: nobody gets its files"),
            ])),
        FormField("reason", "Why", hint: "One line, for those who use it."),
    ]

    private static func fields(_ example: String, of what: String) -> [FormField] {
        [FormField("attributes", "Attributes of the \(what)", .json, hint: "An object of JSON, such as \(example)")]
    }

    private static let packageFields = fields("{\"max-file-size\": 1000000}", of: "package")
    private static let versionFields = fields("{\"requires-python\": \">=3.9\"}; null is what its files say", of: "version")

    // MARK: - Of a package

    /// - Returns: nothing where the format's packages have no attributes to set.
    static func html(
        of package: JSONObject, tag: String?, in repository: Repository, _ place: PackagePlace, _ call: PageCall
    ) async throws -> HTML {
        guard repository.governing != nil else { return "" }
        let attributes = package["attributes"]?.object ?? JSONObject()
        let form = AdministrationForm(
            "attributes", place.action(call, "packages", "attributes"), packageFields, "Save the attributes", tone: .plain,
            hidden: place.hidden() + [("known", JSONValue.array(attributes.keys.map(JSONValue.string)).text)])
        return """
            \(try await takesStatus(repository) ? statusForm(attributes, tag, place, call) : "")
            <h2>Attributes</h2>\(try form.html(call, ["attributes": .object(attributes)], tag: tag))
            """
    }

    /// Asks the format, as it is the format that knows.
    private static func takesStatus(_ repository: Repository) async -> Bool {
        guard let governing = repository.governing else { return false }
        let archived: JSONObject = [status: ["status": "archived"]]
        return (try? await governing.ask { try $0.attributes(JSONObject(), changedBy: archived) }) != nil
    }

    private static func statusForm(
        _ attributes: JSONObject, _ tag: String?, _ place: PackagePlace, _ call: PageCall
    ) throws -> HTML {
        let form = AdministrationForm(
            "status", place.action(call, "packages", "status"), statusFields, "Set the status", tone: .plain,
            hidden: place.hidden())
        var values = attributes[status]?.object ?? JSONObject()
        if values["status"] == nil { values["status"] = "active" }
        return "<h2>Status</h2>\(try form.html(call, values, tag: tag))"
    }

    static func setStatus(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "status", to: place.url(call), done: .saved, page: PackageAdministration.page
        ) {
            var said = AdministrationForm.body(statusFields, $0)
            if said.text("reason").isEmpty { said["reason"] = nil }
            let isNothing = said.text("status") == "active" && said["reason"] == nil
            return APIQuestion(
                .patch, place.packagePath, body: ["attributes": [status: isNothing ? .null : .object(said)]])
        }
    }

    // MARK: - Of a version

    static func html(
        ofVersionWithTag tag: String?, in repository: Repository, _ place: PackagePlace, _ call: PageCall
    ) throws -> HTML {
        guard repository.governing != nil else { return "" }
        let form = AdministrationForm(
            "attributes", place.action(call, "packages", "attributes"), versionFields, "Save the attributes", tone: .plain,
            hidden: place.hidden())
        return "<h2>Attributes</h2>\(try form.html(call, JSONObject(), tag: tag))"
    }

    static func set(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        let isVersion = !place.version.isEmpty
        return try await Submission.send(
            call, form: "attributes", to: isVersion ? place.url(call, version: place.version) : place.url(call), done: .saved,
            page: PackageAdministration.page
        ) { APIQuestion(.patch, isVersion ? place.versionPath : place.packagePath, body: ["attributes": changed($0)]) }
    }

    /// What was typed, with null for what was there and was taken out.
    private static func changed(_ call: PageCall) -> JSONValue {
        let typed = AdministrationForm.body(packageFields, call)["attributes"] ?? .object(JSONObject())
        guard var change = typed.object else { return typed }
        let known = (try? JSONValue(parsing: Array(call["known"].utf8)))?.array?.compactMap(\.string) ?? []
        for name in known where change[name] == nil { change[name] = .null }
        return .object(change)
    }
}

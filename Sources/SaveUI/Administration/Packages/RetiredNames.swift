internal import SaveHTTP
internal import SavePlatform

/// The names of deleted files, which no other file gets until somebody releases them.
enum RetiredNames {
    /// - Returns: nothing where no name is retired.
    static func html(_ place: PackagePlace, _ call: PageCall, mayRelease: Bool) async throws -> HTML {
        let (names, _) = try await call.list(place.packagePath + ["retired-names"])
        guard !names.isEmpty else { return "" }
        let action = place.action(call, "packages", "release-name")
        let rows = try names.map { name -> [HTML] in
            let file = name.text("filename")
            let release: HTML =
                mayRelease
                ? try AdministrationForm.button(
                    "Release", action, label: "Release the name \(file)", hidden: place.hidden(version: "", file: file), call)
                : ""
            return [
                "\(file)<br><code class=\"faint digest\">\(name.text("sha256"))</code>",
                "\(Parts.time(name.time("retired_at"), now: call.now)) by \(name.text("retired_by"))", release,
            ]
        }
        return """
            <h2>Names of deleted files</h2>
            <p>No other file gets such a name: clients would take it for the one that they knew. A name that is released may be published again.</p>
            \(Parts.table(["Name", "Deleted", mayRelease ? "Change#" : ""], id: "retired", rows))
            """
    }

    static func release(_ call: PageCall) async throws -> PageAnswer {
        let place = PackagePlace(call)
        return try await Submission.send(
            call, form: "release", to: place.url(call), done: .released, page: PackageAdministration.page
        ) { _ in APIQuestion(.delete, place.packagePath + ["retired-names", place.file]) }
    }
}

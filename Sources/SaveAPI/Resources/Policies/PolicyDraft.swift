internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// Applies what a request sent to a policy's record, and refuses what cannot be meant.
struct PolicyDraft {
    var record: PolicyRecord
    /// The repository of a policy that is for one alone.
    let repository: Repository?
    let body: JSONObject

    /// Changes `record`.
    ///
    /// - Parameter isAdministrator: whether the caller administers the server.
    /// - Throws: `invalidRequest` naming the field.
    mutating func apply(isAdministrator: Bool) throws {
        if let name = body["name"]?.string { record.name = name }
        if let text = body["description"]?.string { record.description = text }
        if let number = body["priority"]?.integer { record.priority = number }
        if let action = body["action"]?.string.flatMap(PolicyRecord.Action.init) { record.action = action }
        if let flag = body["dry_run"]?.bool { record.isDryRun = flag }
        if let flag = body["enabled"]?.bool { record.isEnabled = flag }
        if let shown = body["presentation"]?.string.flatMap(PolicyRecord.Presentation.init) { record.presentation = shown }
        try applyHosted()
        if let match = body["match"]?.object { try apply(match) }
        try check(isAdministrator)
    }

    /// `include_hosted` is taken from both places where people look for it.
    private mutating func applyHosted() throws {
        let places = [body["include_hosted"]?.bool, body["match"]?.object?["include_hosted"]?.bool].compactMap(\.self)
        guard Set(places).count < 2 else {
            throw SaveError.invalid(
                "include_hosted", "'include_hosted' and 'match.include_hosted' contradict each other: send one of them")
        }
        if let flag = places.first { record.includesHosted = flag }
    }

    private mutating func apply(_ members: JSONObject) throws {
        var match = PolicyMatch()
        match.packages = members["packages"]?.array?.compactMap(\.string)
        match.youngerThan = members["younger_than"]?.string
        match.missingTime = members["missing_time"]?.string.flatMap(PolicyMatch.MissingTime.init)
        guard match.missingTime == nil || match.youngerThan != nil else {
            throw SaveError.invalid(
                "match.missing_time", "'match.missing_time' says how old a file is, so it needs 'match.younger_than' beside it")
        }
        record.match = match
    }

    private func check(_ isAdministrator: Bool) throws {
        if repository?.record.kind == .hosted, !record.includesHosted {
            throw SaveError.invalid(
                "include_hosted",
                "'include_hosted' must be true in a policy of a hosted repository, whose files are exempt otherwise")
        }
        guard isAdministrator || record.action == .deny || record.priority >= PolicyRules.ownersPriority else {
            throw SaveError.invalid(
                "priority",
                "'priority' must be at least \(PolicyRules.ownersPriority) where an owner allows or warns: lower numbers are the administrators'"
            )
        }
    }

    /// Refuses patterns that no package can have.
    ///
    /// - Throws: `invalidRequest` naming the element.
    func checkPatterns(_ formats: FormatRegistry) async throws {
        guard let patterns = body["match"]?.object?["packages"]?.array?.compactMap(\.string) else { return }
        var judges: [(id: String, format: IsolatedFormat<any RepositoryFormat>)] = []
        if let repository {
            guard repository.naming != nil else {
                throw SaveError.invalid(
                    "match.packages",
                    "'match.packages' cannot be judged in \(repository.record.coordinates): files of the format \(repository.record.format) belong to no package"
                )
            }
            judges = [(repository.record.format, repository.format)]
        } else {
            for descriptor in formats.descriptors {
                judges.append((descriptor.id, try await formats.make(descriptor.id, settings: JSONObject())))
            }
        }
        for (index, pattern) in patterns.enumerated() {
            var isName = false
            for judge in judges where !isName {
                isName = try await !RepositoryPolicy.patterns([pattern], judge.id, judge.format).isEmpty
            }
            guard isName else {
                let field = "match.packages[\(index)]"
                throw SaveError.invalid(
                    field, "'\(field)' must be a package's name, or the beginning of names with * behind it")
            }
        }
    }
}

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
        try check(isAdministrator: isAdministrator)
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
        record.match = try Self.match(members)
    }

    /// - Throws: `invalidRequest` naming the field.
    private static func match(_ members: JSONObject) throws -> PolicyMatch {
        var match = PolicyMatch()
        match.packages = members["packages"]?.array?.compactMap(\.string)
        match.versions = members["versions"]?.string
        if let range = match.versions, range.utf8.allSatisfy({ " ,\t".utf8.contains($0) }) {
            throw SaveError.invalid("match.versions", "'match.versions' names no version: leave it out for all of them")
        }
        match.youngerThan = members["younger_than"]?.string
        match.missingTime = members["missing_time"]?.string.flatMap(PolicyMatch.MissingTime.init)
        match.malware = members["malware"]?.bool
        match.minSeverity = members["min_severity"]?.string
        match.advisories = members["advisories"]?.array?.compactMap(\.string)
        match.exemptFixes = members["exempt_fixes"]?.bool
        match.licenses = members["licenses"]?.array?.compactMap(\.string)
        // `true` is kept as no kinds: it means those of later versions of the server as well.
        match.upstreamAnomaly = members["upstream_anomaly"].map { $0.array?.compactMap(\.string) ?? [] }
        guard match.missingTime == nil || match.youngerThan != nil else {
            throw SaveError.invalid(
                "match.missing_time", "'match.missing_time' says how old a file is, so it needs 'match.younger_than' beside it")
        }
        guard match.malware != false else {
            throw SaveError.invalid("match.malware", "'match.malware' must be true, or be left out where it is about other files")
        }
        return match
    }

    /// - Throws: `invalidRequest` naming the field of what cannot be meant, or may not be.
    func check(isAdministrator: Bool) throws {
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

    /// Refuses what cannot be judged where the policy is to count.
    ///
    /// - Throws: `invalidRequest` naming the field.
    func checkJudgeable(_ formats: FormatRegistry) async throws {
        guard body["match"] != nil || body["include_hosted"] != nil else { return }
        var judges: [Judge] = []
        if let repository {
            judges = [Judge(format: repository.format, descriptor: repository.descriptor, kind: repository.record.kind)]
        } else {
            for descriptor in formats.descriptors {
                let format = try await formats.make(descriptor.id, settings: JSONObject())
                judges.append(Judge(format: format, descriptor: descriptor, kind: .proxy))
                if record.includesHosted { judges.append(Judge(format: format, descriptor: descriptor, kind: .hosted)) }
            }
        }
        for index in judges.indices {
            let judge = judges[index]
            judges[index].obstacle = try await RepositoryPolicy.unjudged(
                record.match, in: judge.kind, judge.format, judge.descriptor)
        }
        try check(judges)
        try await checkPatterns(judges)
    }

    /// What a policy may be judged by.
    private struct Judge {
        let format: IsolatedFormat<any RepositoryFormat>
        let descriptor: FormatDescriptor
        let kind: RepositoryKind
        /// The member that it cannot judge, and why.
        var obstacle: (member: String, why: String)?

        /// Whether it reads ranges, and not the one that there is.
        var misreadsRange: Bool { obstacle?.member == "versions" && format.cast { $0 as? any PackageVersioning } != nil }
    }

    /// A policy for several repositories is to count in one format at least.
    private func check(_ judges: [Judge]) throws {
        guard judges.allSatisfy({ $0.obstacle != nil }) else { return }
        // Of a range that no format reads, one says what is wrong with it.
        guard let obstacle = (judges.last(where: \.misreadsRange) ?? judges.first)?.obstacle else { return }
        let place = repository.map { " in \($0.record.coordinates)" } ?? " in any format of this server"
        throw SaveError.invalid(
            "match.\(obstacle.member)", "'match.\(obstacle.member)' cannot be judged\(place): \(obstacle.why)")
    }

    /// Each pattern is to count in one format at least: one that can judge all other members as well.
    private func checkPatterns(_ judges: [Judge]) async throws {
        for (index, pattern) in (record.match.packages ?? []).enumerated() {
            let field = "match.packages[\(index)]"
            var unable: [Judge] = []
            var counts = false
            for judge in judges where !counts {
                guard try await !RepositoryPolicy.patterns([pattern], judge.descriptor.id, judge.format).isEmpty else {
                    continue
                }
                if judge.obstacle == nil { counts = true } else { unable.append(judge) }
            }
            if counts { continue }
            guard let judge = unable.first(where: \.misreadsRange) ?? unable.first, let obstacle = judge.obstacle else {
                throw SaveError.invalid(
                    field, "'\(field)' must be a package's name, or the beginning of names with * behind it")
            }
            let what = judge.misreadsRange ? "is no range of" : "cannot be judged in"
            throw SaveError.invalid(
                "match.\(obstacle.member)",
                "'match.\(obstacle.member)' \(what) \(judge.descriptor.id), which '\(field)' names: \(obstacle.why)")
        }
    }
}

package import SaveAccess
internal import SaveAdvisories
package import SavePlatform
internal import SaveStorage

/// What the rules say of versions of packages, for callers who ask before they install.
extension RepositoryAdministration {
    /// Packages that are looked at side by side.
    private static let width = 8

    /// - Returns: for each package its verdict, as the API tells it.
    /// - Throws: `invalidRequest` naming the element of `packages`.
    package func evaluate(_ packages: [PackageURL], in repository: Repository) async throws -> [JSONValue] {
        var questions: [PolicyQuestion] = []
        for (index, package) in packages.enumerated() {
            questions.append(try await question(package, in: repository, as: "packages[\(index)]"))
        }
        let snapshot = sources.upstreams.catalogue.current
        return try await withThrowingTaskGroup(of: (Int, JSONValue).self) { [questions] group in
            var answers = [JSONValue](repeating: .null, count: questions.count)
            for (index, question) in questions.enumerated() {
                if index >= Self.width, let (done, answer) = try await group.next() { answers[done] = answer }
                group.addTask { (index, try await self.answer(question, in: repository, snapshot)) }
            }
            for try await (done, answer) in group { answers[done] = answer }
            return answers
        }
    }

    private func question(_ url: PackageURL, in repository: Repository, as field: String) async throws -> PolicyQuestion {
        let format = repository.record.format
        let type = sources.upstreams.catalogue.formats.ecosystem(of: format)?.purlType ?? format
        guard ASCII.isEqual(url.type, type) else {
            throw SaveError.invalid(
                field,
                "'\(field)' is of the type \(url.type), and \(repository.record.coordinates) has packages of the type \(type)")
        }
        guard let version = url.version else {
            throw SaveError.invalid(field, "'\(field)' has no version: write it as pkg:\(type)/\(url.name)@1.0")
        }
        guard let id = try await repository.naming?.ask({ $0.package(named: url.name) }) ?? nil else {
            throw SaveError.invalid(field, "'\(field)' has no name that a package of \(format) can have")
        }
        let key = try await repository.versioning?.ask { $0.sortKey(of: version) } ?? nil
        return PolicyQuestion(url: url, package: id, version: KeyedVersion(version, key: key))
    }

    private func answer(
        _ question: PolicyQuestion, in repository: Repository, _ snapshot: CatalogueSnapshot
    ) async throws -> JSONValue {
        var guesses: [JSONValue] = []
        // Clients of a union get a version from any member, of other groups from the first that has the package.
        let isUnion = repository.record.kind == .group && repository.record.group.policy == .union
        for member in members(of: repository, for: question.package, snapshot) {
            let (files, listed, isHere, isListed) = try await files(question, in: member)
            let facts = PackageFacts(
                repository: member, id: question.package, attributes: files.attributes, files: files.assets, listed: listed,
                isQuestion: true)
            let answer = question.answer(files.assets, try await sources.fileRules(of: member).verdicts(on: facts))
            if isHere, isListed || !isUnion { return answer }
            guesses.append(answer)
        }
        // Any of them may turn out to have it, so the strictest counts.
        let order: [PolicyRecord.Action] = [.deny, .warn]
        let strictest = order.lazy.compactMap { action in
            guesses.first { $0.object?["verdict"]?.string == action.rawValue }
        }.first
        return strictest ?? guesses.first ?? question.answer([], .same(.allowed))
    }

    /// Where clients get a package from, in the order in which these are asked.
    private func members(
        of repository: Repository, for package: PackageID, _ snapshot: CatalogueSnapshot
    ) -> [Repository] {
        guard repository.record.kind == .group else { return [repository] }
        return sources.group(repository, in: snapshot).candidates(for: package).map(\.repository)
    }

    /// The files of the version, all that is listed, whether the repository has the package, and whether it lists the version. Of a version that nobody
    /// knows there is one file of which nothing else is known.
    private func files(
        _ question: PolicyQuestion, in repository: Repository
    ) async throws -> (Listing, listed: [AssetRecord], isHere: Bool, isListed: Bool) {
        let source: any FileSource =
            repository.record.kind == .proxy
            ? ProxySource(UpstreamContext(repository, sources.storage, sources.upstreams))
            : HostedSource(repository: repository, storage: sources.storage)
        var listing = Listing()
        var isHere = false
        do {
            if repository.record.online {
                listing = try await source.listing(.package(question.package)).listing
                isHere = true
            }
        } catch is SourceMiss {
            // Another member may have it.
        } catch let error as SaveError
            where [.upstreamUnavailable, .upstreamInvalid, .upstreamForbidden].contains(error.code)
        {
            // Policies that ask for no time can be answered all the same.
        }
        let known = listing.assets
        listing.assets = try await same(known, question, in: repository)
        let isListed = !listing.assets.isEmpty
        if !isListed {
            listing.assets = [
                AssetRecord(path: try AssetPath("unknown"), package: question.package, version: question.version.text)
            ]
        }
        return (listing, known, isHere, isListed)
    }

    private func same(_ files: [AssetRecord], _ question: PolicyQuestion, in repository: Repository) async throws -> [AssetRecord]
    {
        guard let wanted = question.version.key, let format = repository.versioning else {
            return files.filter { $0.version.map { ASCII.isEqual($0, question.version.text) } ?? false }
        }
        return try await format.ask { format in
            files.filter { file in file.version.flatMap(format.sortKey) == wanted }
        }
    }
}

/// A version that is asked about.
private struct PolicyQuestion: Sendable {
    let url: PackageURL
    let package: PackageID
    let version: KeyedVersion

    /// - Parameter files: of the version.
    func answer(_ files: [AssetRecord], _ verdicts: FileVerdicts) -> JSONValue {
        let judged = files.map { verdicts($0) }
        let withheld = judged.compactMap(\.withholding)
        // Clients take any file of a version that they get: it is kept from them where all are.
        if let first = withheld.min(by: Self.endsSooner) {
            return json(
                withheld.count == judged.count ? .deny : .warn, first.decision, reason: first.error.message)
        }
        let decisions = judged.compactMap(\.decision)
        let decision = decisions.first { $0.action == .warn } ?? decisions.first
        return json(decision?.action == .warn ? .warn : .allow, decision, reason: decision?.reason)
    }

    private static func endsSooner(_ left: Withholding, _ right: Withholding) -> Bool {
        (left.decision?.allowedAfter?.microseconds ?? .max) < (right.decision?.allowedAfter?.microseconds ?? .max)
    }

    private func json(_ verdict: PolicyRecord.Action, _ decision: PolicyDecision?, reason: String?) -> JSONValue {
        [
            "package": .string(url.description), "verdict": .string(verdict.rawValue), "policy": JSONValue(decision?.name),
            "reason": JSONValue(reason), "allowed_after": JSONValue(decision?.allowedAfter?.rfc3339),
            "advisories": .array((decision?.advisories ?? []).map(JSONValue.string)),
        ]
    }
}

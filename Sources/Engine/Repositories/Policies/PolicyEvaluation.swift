package import SaveAccess
internal import SaveAdvisories
package import SavePlatform
package import SaveStorage

/// What the rules say of versions of packages, for callers who ask before they install.
extension RepositoryAdministration {
    /// Packages that are looked at side by side.
    private static let width = 8

    /// - Returns: for each package its verdict, as the API tells it.
    /// - Throws: `invalidRequest` naming the element of `packages`.
    package func evaluate(_ packages: [PackageURL], in repository: Repository) async throws -> [JSONValue] {
        zip(packages, try await verdicts(on: packages, in: repository)).map { package, answer in
            [
                "package": .string(package.description), "verdict": .string(answer.verdict.rawValue),
                "policy": JSONValue(answer.policy), "reason": JSONValue(answer.reason),
                "allowed_after": JSONValue(answer.allowedAfter?.rfc3339),
                "advisories": .array(answer.advisories.map(JSONValue.string)), "waiver": JSONValue(answer.waiver),
            ]
        }
    }

    /// - Throws: `invalidRequest` naming the element of `packages`.
    package func verdicts(on packages: [PackageURL], in repository: Repository) async throws -> [PackageVerdict] {
        var questions: [PolicyQuestion] = []
        for (index, package) in packages.enumerated() {
            questions.append(try await question(package, in: repository, as: "packages[\(index)]"))
        }
        let snapshot = sources.upstreams.catalogue.current
        return try await withThrowingTaskGroup(of: (Int, PackageVerdict).self) { [questions] group in
            var answers = [PackageVerdict](repeating: PackageVerdict(), count: questions.count)
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
    ) async throws -> PackageVerdict {
        var guesses: [PackageVerdict] = []
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
            guesses.first { $0.verdict == action }
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

/// What becomes of a version of a package, or of a file.
package struct PackageVerdict: Sendable, Equatable {
    package var verdict = PolicyRecord.Action.allow
    /// The name of the policy that decides; nil where none does, or another rule.
    package var policy: String?
    package var reason: String?
    package var allowedAfter: Timestamp?
    package var advisories: [String] = []
    /// The number of the waiver by which a policy lets it pass.
    package var waiver: Int64?

    package init() {}

    /// - Parameter judged: what becomes of each of its files.
    init(of judged: [FileVerdict]) {
        let withheld = judged.compactMap(\.withholding)
        let first = withheld.min { left, right in
            (left.decision?.allowedAfter?.microseconds ?? .max) < (right.decision?.allowedAfter?.microseconds ?? .max)
        }
        // Clients take any file of a version that they get: it is kept from them where all are.
        if let first {
            self.init(withheld.count == judged.count ? .deny : .warn, first.decision, reason: first.error.message)
            return
        }
        let decisions = judged.compactMap(\.decision)
        let decision = decisions.first { $0.action == .warn } ?? decisions.first
        let waiver = judged.lazy.compactMap(\.waivers.first).first
        self.init(decision?.action == .warn ? .warn : .allow, decision, reason: decision?.reason ?? waiver?.text)
        self.waiver = waiver?.id
    }

    private init(_ verdict: PolicyRecord.Action, _ decision: PolicyDecision?, reason: String?) {
        self.verdict = verdict
        self.reason = reason
        (policy, allowedAfter, advisories) = (decision?.name, decision?.allowedAfter, decision?.advisories ?? [])
    }
}

/// A version that is asked about.
private struct PolicyQuestion: Sendable {
    let url: PackageURL
    let package: PackageID
    let version: KeyedVersion

    /// - Parameter files: of the version.
    func answer(_ files: [AssetRecord], _ verdicts: FileVerdicts) -> PackageVerdict {
        PackageVerdict(of: files.map { verdicts($0) })
    }
}

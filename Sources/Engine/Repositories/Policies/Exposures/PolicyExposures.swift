internal import SaveAccess
internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Tells which versions clients have that are refused now: by another policy, other advisories, or an upstream's quarantine.
///
/// Behind the scenes, one place after the other: no request waits for it. Each version is told of once for each policy, as the audit trail
/// remembers.
package struct PolicyExposures: Sendable {
    private let sources: RepositorySources
    private var queue: ExposureQueue { sources.upstreams.exposures }
    private var store: any MetadataStore { sources.storage.store }

    /// Records that are looked at to tell how often a file was downloaded.
    private static let maxDownloads = 1000
    /// Files that are named in a record.
    private static let maxFiles = 20

    init(_ sources: RepositorySources) { self.sources = sources }

    /// Goes through what changes until the task is cancelled. Call it once.
    package func run() async { await queue.run { await reportWaiting() } }

    /// Goes through what has changed until now.
    package func reportWaiting() async {
        while !Task.isCancelled, let place = queue.next() {
            do {
                try await report(place)
            } catch {
                sources.log(
                    .error, "which files clients have that are refused now was not found out",
                    ["repository": "\(place.repository)", "error": "\(error)"])
            }
        }
    }

    private func report(_ place: ExposureQueue.Place) async throws {
        guard let repository = sources.upstreams.catalogue.current.repository(id: place.repository),
            repository.record.kind != .group
        else { return }
        if let package = place.package { return try await report(package, in: repository, asListed: true) }
        guard !repository.policies.isEmpty else { return }
        let asListed = repository.policies.contains { $0.record.match.upstreamAnomaly != nil }
        var last: PackageID?
        while !Task.isCancelled {
            let after = last
            let page = try await store.read { try $0.packages(place.repository, after: after, limit: 500, matching: nil) }
            for package in page where !Task.isCancelled { try await report(package.id, in: repository, asListed: asListed) }
            guard page.count == 500 else { return }
            last = page.last?.id
        }
    }

    /// Files of one version that are refused for one reason.
    private struct Refused {
        let withholding: Withholding
        let version: String
        var files: [AssetPath] = []

        var key: ToldKey {
            ToldKey(version: Array(version.utf8), rule: withholding.rule, policy: withholding.decision?.policy)
        }
    }

    /// What is told once.
    private struct ToldKey: Hashable {
        /// Swift takes some different texts for equal.
        let version: [UInt8]
        let rule: String
        let policy: Int64?

        init(version: [UInt8], rule: String, policy: Int64?) { (self.version, self.rule, self.policy) = (version, rule, policy) }

        init?(_ details: JSONObject) {
            guard let version = details["version"]?.string, let rule = details["rule"]?.string else { return nil }
            self.init(version: Array(version.utf8), rule: rule, policy: details["policy_id"]?.integer)
        }

        var details: JSONObject {
            JSONObject([
                ("version", .string(String(decoding: version, as: UTF8.self))), ("rule", .string(rule)),
                ("policy_id", policy.map { .integer($0) } ?? .null),
            ])
        }
    }

    /// - Parameter asListed: what the upstream's page says counts as well. Reading it again is not for every package of a repository.
    private func report(_ package: PackageID, in repository: Repository, asListed: Bool) async throws {
        let id = repository.record.id
        let (stored, attributes) = try await store.read { reading in
            (
                try reading.assets(id, package: package).filter { $0.record.sidecarOf == nil },
                try reading.package(id, package)?.attributes ?? JSONObject()
            )
        }
        guard !stored.isEmpty else { return }
        var known: UpstreamIndex.KnownIndex?
        if asListed, repository.record.kind == .proxy, repository.descriptor.abilities.contains(.upstreamIndexes) {
            let context = UpstreamContext(repository, sources.storage, sources.upstreams)
            known = try await UpstreamIndex(context).remembered(.package(package))
        }
        let facts = PackageFacts(
            repository: repository, id: package, attributes: known?.listing.attributes ?? attributes,
            files: stored.map(\.listed), listed: known?.listing.assets ?? [], isQuestion: true)
        let verdicts = try await sources.fileRules(of: repository).verdicts(on: facts)
        var refused: [Refused] = []
        for file in facts.files {
            guard let withholding = verdicts(file).withholding, withholding.isJudgement else { continue }
            let version = file.version ?? ""
            let place = refused.firstIndex { $0.version == version && $0.withholding.isSame(as: withholding) }
            if place == nil { refused.append(Refused(withholding: withholding, version: version)) }
            refused[place ?? refused.count - 1].files.append(file.path)
        }
        guard !refused.isEmpty else { return }
        let name = "\(repository.record.coordinates)/\(package.name)"
        let told = try await told(of: name)
        for refused in refused where !Task.isCancelled && !told.contains(refused.key) {
            try await tell(refused, of: name, in: repository)
        }
    }

    private func tell(_ refused: Refused, of name: String, in repository: Repository) async throws {
        let (downloads, callers) = try await downloads(of: refused.files, in: repository)
        // What nobody is known to have downloaded was fetched here by somebody, or was never given out.
        guard downloads > 0 || repository.record.kind == .proxy else { return }
        var details = refused.key.details
        details["policy"] = JSONValue(refused.withholding.decision?.name)
        details["reason"] = .string(refused.withholding.finding)
        details["files"] = .array(refused.files.prefix(Self.maxFiles).map { .string($0.text) })
        details["downloads"] = downloads > 0 ? .integer(downloads) : .null
        details["callers"] = downloads > 0 ? .integer(Int64(callers)) : .null
        queue.count()
        sources.log(
            .warning, "a version that was given out is refused now",
            ["package": name, "version": refused.version, "reason": refused.withholding.finding])
        await sources.upstreams.aggregator.record(AuditEvent("policy.exposure", "package", name, details: details), .system)
    }

    /// What was told of a package before, read once for all of its versions.
    private func told(of name: String) async throws -> Set<ToldKey> {
        try await store.read { reading in
            var query = AuditQuery(limit: 10_000)
            (query.action, query.resource) = ("policy.exposure", name)
            return Set(try reading.audit(query).records.compactMap { ToldKey($0.details) })
        }
    }

    /// How often files were downloaded, and by how many callers, as far as that is recorded (`audit_downloads`).
    private func downloads(of files: [AssetPath], in repository: Repository) async throws -> (Int64, callers: Int) {
        var count: Int64 = 0
        var callers: Set<String> = []
        for file in files {
            let resource = "\(repository.record.coordinates)/\(file.text)"
            let records = try await store.read { reading in
                var query = AuditQuery(limit: Self.maxDownloads)
                (query.action, query.resource, query.outcome) = ("file.download", resource, .ok)
                return try reading.audit(query).records
            }
            for record in records {
                let (sum, overflow) = count.addingReportingOverflow(max(1, record.details["count"]?.integer ?? 1))
                count = overflow ? .max : sum
                // Callers without an account are told apart by where they are.
                callers.insert(record.actorKind == "anonymous" ? record.sourceIP : "\(record.actorKind) \(record.actor)")
            }
        }
        return (count, callers.count)
    }
}

extension Withholding {
    /// Whether somebody judged the file, and not where it lies.
    fileprivate var isJudgement: Bool { decision != nil || rule == "quarantined" }

    fileprivate func isSame(as other: Withholding) -> Bool { rule == other.rule && decision?.policy == other.decision?.policy }
}

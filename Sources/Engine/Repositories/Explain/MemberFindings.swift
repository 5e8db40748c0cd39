internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What one hosted or proxy repository knows of a package, as if nobody else had it.
struct MemberFindings: Sendable {
    var member: Explanation.Member
    /// What it lists; nil where it has none.
    var listing: Listing?
    var files: [Explanation.File] = []
    /// Why none of its files is given out, where that is so.
    var withholding: Withholding?
    /// It has no files of the package any more, but the name is still its own.
    var holdsName = false

    static func gather(
        _ repository: Repository, _ package: PackageID, _ sources: RepositorySources, refresh: Bool
    ) async throws -> MemberFindings {
        var findings = MemberFindings(member: .init(repository: repository, state: "has_none"))
        let rules = sources.fileRules(of: repository)
        let id = repository.record.id
        let (stored, record, retired, odd) = try await sources.storage.store.read { reading in
            (
                try reading.assets(id, package: package).filter { $0.record.sidecarOf == nil },
                try reading.package(id, package), try reading.retiredNames(id, package: package),
                try reading.anomalies(id, package: package)
            )
        }
        if repository.record.kind == .hosted || !repository.descriptor.abilities.contains(.upstreamIndexes) {
            let facts = PackageFacts(
                repository: repository, id: package, attributes: record?.attributes ?? JSONObject(),
                files: stored.map(\.listed))
            findings.addHosted(stored, facts, retired, try await rules.verdicts(on: facts))
        } else {
            let context = UpstreamContext(repository, sources.storage, sources.upstreams)
            let index = UpstreamIndex(context)
            if refresh { _ = await index.insist(.package(package)) }
            let known = try await index.remembered(.package(package))
            var listing = known?.listing
            if let known, let times = PublishTimes(context) { listing = try await times.applied(to: known.listing) }
            let facts = PackageFacts(
                repository: repository, id: package, attributes: listing?.attributes ?? JSONObject(),
                files: (listing?.assets ?? []) + stored.map(\.record), listed: listing?.assets ?? [])
            let unlisted = try await UnlistedFiles(context).paths(among: stored.map(\.record.path), of: package)
            findings.addProxied(known, listing, stored, unlisted, sources, package, try await rules.verdicts(on: facts))
            // What an earlier run of the server saw is kept; what could not be kept is remembered.
            if !odd.isEmpty { findings.member.upstream?.anomalies = UpstreamAnomaly.all(of: odd) }
        }
        return findings
    }

    // MARK: Hosted

    private mutating func addHosted(
        _ stored: [StoredAsset], _ package: PackageFacts, _ retired: [RetiredName], _ verdicts: FileVerdicts
    ) {
        guard !stored.isEmpty else {
            guard !retired.isEmpty else { return }
            holdsName = true
            member.reason = .init(
                "retired_names", "every file of the package was deleted; its name stays here until their names are released")
            return
        }
        member.state = "answers"
        show(Listing(assets: stored.map(\.listed), attributes: package.attributes), by: verdicts)
        files = stored.map { file($0.listed, "offered", $0, nil, verdicts) }
    }

    // MARK: Proxied

    private mutating func addProxied(
        _ known: UpstreamMemory.KnownIndex?, _ listing: Listing?, _ stored: [StoredAsset], _ unlisted: Set<AssetPath>,
        _ sources: RepositorySources,
        _ package: PackageID, _ verdicts: FileVerdicts
    ) {
        describeUpstream(known, sources, package)
        let cached = Dictionary(stored.map { ($0.record.path, $0) }) { first, _ in first }
        guard let known, let listing else {
            let outcome = outcome(package, sources)
            if let failure = outcome?.failure {
                member.state = "fails"
                member.reason = .init("upstream", failure.message)
            } else if outcome == nil {
                member.state = "not_asked"
            }
            files = stored.map { file($0.record, "unlisted", $0, nil, verdicts) }
            return
        }
        member.state = "answers"
        if known.isStale { member.reason = staleness(sources, package) }
        show(listing, by: verdicts)
        var omitted: [AssetRecord] = []
        for asset in listing.assets where asset.sidecarOf == nil {
            guard verdicts(asset).withholding?.presentation != .omitted else {
                omitted.append(asset)
                continue
            }
            files.append(file(asset, "offered", cached[asset.path], change(known, asset.path), verdicts))
        }
        files += omitted.sorted { $0.path < $1.path }.map { file($0, "blocked", cached[$0.path], nil, verdicts) }
        let shown = Set(files.map(\.record.path))
        // Of some formats an index lists versions, and not each of their files.
        let isListing = member.repository.format.cast { $0 as? any PathDescribing } == nil
        for asset in stored where !shown.contains(asset.record.path) {
            let reason =
                unlisted.contains(asset.record.path)
                ? Explanation.Reason("unlisted", "the upstream does not list the version; clients get it by its exact name")
                : isListing
                    ? .init("removed_upstream", "the upstream no longer lists it; the copy here can still be fetched") : nil
            files.append(file(asset.record, "unlisted", asset, reason, verdicts))
        }
    }

    private mutating func describeUpstream(
        _ known: UpstreamMemory.KnownIndex?, _ sources: RepositorySources, _ package: PackageID
    ) {
        let outcome = outcome(package, sources)
        let state = sources.upstreams.memory.state(sources.upstreams.memory.id(of: member.repository))
        var upstream = Explanation.Upstream(
            status: outcome?.status ?? known.map { Self.lastStatus($0.row) }, asked: outcome?.asked ?? known?.row.verified,
            isAvailable: state.isAvailable,
            failure: outcome?.failure?.message ?? (state.isAvailable == false ? state.failure : nil))
        upstream.url = (known?.row.url ?? member.repository.record.proxy.resolvedURL).map(URLReference.shown)
        upstream.fetched = known?.row.fetched
        upstream.verified = known?.row.verified
        upstream.etag = known?.row.etag
        upstream.isStale = known?.isStale ?? false
        upstream.anomalies = sources.upstreams.memory.anomalies[key(package, sources)] ?? []
        member.upstream = upstream
    }

    /// What the upstream last answered with, as far as an earlier run of the server kept it.
    private static func lastStatus(_ row: CachedIndex) -> Int { row.fetched == row.verified ? 200 : 304 }

    private func staleness(_ sources: RepositorySources, _ package: PackageID) -> Explanation.Reason {
        let status = sources.upstreams.memory.outcomes[key(package, sources)]?.status
        return status.map(member.repository.record.proxy.meansMissing) ?? false
            ? .init("removed_upstream", "the upstream no longer has the package; the last page is still shown")
            : .init("stale", "the upstream does not answer; the last page is shown")
    }

    private func change(_ known: UpstreamMemory.KnownIndex, _ path: AssetPath) -> Explanation.Reason? {
        guard let listed = known.offered.changed[path] else { return nil }
        return .init(
            "changed_upstream",
            "the upstream now lists other bytes, with sha256 \(listed.hex), under this name; the copy here stays")
    }

    // MARK: Both

    private func key(_ package: PackageID, _ sources: RepositorySources) -> UpstreamMemory.Key {
        UpstreamMemory.Key(upstream: sources.upstreams.memory.id(of: member.repository), index: .package(package))
    }

    /// What came of asking for the package's page, or of asking for what it would be read with.
    private func outcome(_ package: PackageID, _ sources: RepositorySources) -> UpstreamMemory.Outcome? {
        if let own = sources.upstreams.memory.outcomes[key(package, sources)] { return own }
        let upstream = sources.upstreams.memory.id(of: member.repository)
        let asked = sources.upstreams.memory.outcomes[.init(upstream: upstream, index: UpstreamConfiguration.index)]
        return asked?.failure == nil ? nil : asked
    }

    /// Notes what clients see of a listing, and what is said of the package as a whole.
    private mutating func show(_ listing: Listing, by verdicts: FileVerdicts) {
        var listing = listing
        listing.assets = JudgedListing.shown(listing.assets, by: verdicts).0
        self.listing = listing
        withholding = verdicts.whole?.withholding
        if let withholding { member.reason = .init(withholding) }
    }

    /// - Parameters:
    ///   - state: where clients get the file.
    ///   - reason: the same.
    private func file(
        _ record: AssetRecord, _ state: String, _ stored: StoredAsset?, _ reason: Explanation.Reason?, _ verdicts: FileVerdicts
    ) -> Explanation.File {
        let verdict = verdicts(record)
        let withholding = verdict.withholding
        let remark = verdict.remarks.first.map {
            Explanation.Reason($0.isDryRun ? "policy_dry_run" : "policy_warning", $0.reason)
        }
        let waiver = withholding == nil ? verdict.waivers.first : nil
        return Explanation.File(
            record: record, member: member.repository, state: withholding == nil ? state : "blocked",
            reason: withholding.map(Explanation.Reason.init) ?? reason ?? remark
                ?? waiver.map { .init("policy_waiver", $0.text) }, stored: stored, waiver: waiver?.id)
    }
}

extension Explanation.Reason {
    fileprivate init(_ withholding: Withholding) { self.init(withholding.rule, withholding.finding) }
}

internal import SaveAccess
internal import SaveAdvisories
internal import SaveAudit
internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveS3
internal import SaveServing
internal import SaveStorage

/// All that `/metrics` shows: what was counted, and what the parts of the server know at the moment.
struct MetricsReport: Sendable {
    let metrics: Metrics
    let services: EngineServices
    let serving: Serving
    let auditUpkeep: AuditMaintenance
    let authenticator: Authenticator
    let scrub: Scrub
    let feeds: AdvisoryFeeds
    let disk: FileBlobStore
    let bucket: S3BlobStore?
    /// `PlatformClock.uptime`.
    let started: UInt64

    func text() async -> String {
        var text = MetricsText()
        text.begin("save_build_info", .gauge, "The version, as a label; always 1.")
        text.add("save_build_info", ["version": Version.current], 1)
        let uptime = Int64((services.storage.clock.uptime() - started) / 1_000_000_000)
        text.single("save_uptime_seconds", .gauge, "Seconds since the start.", uptime)
        let catalogue = services.catalogue.current
        metrics.write(to: &text, repositories: catalogue.repositories)
        pages(&text)
        policies(&text)
        advisories(&text)
        upstreams(&text, catalogue)
        await stored(&text)
        audit(&text)
        return text.text
    }

    private func pages(_ text: inout MetricsText) {
        let usage = serving.pageCacheUsage
        text.single("save_cached_pages", .gauge, "Rendered pages in memory.", usage.count)
        text.single("save_cached_page_bytes", .gauge, "Bytes of rendered pages in memory.", usage.cost)
        text.single("save_page_renderings_total", .counter, "Pages that were rendered.", serving.renderings)
        text.single(
            "save_memory_answers_total", .counter, "Pages and files that were answered with from memory.",
            serving.memoryAnswers)
        text.single(
            "save_stale_answers_total", .counter, "Pages that were answered with although the upstream could not be asked.",
            serving.staleAnswers)
    }

    private func policies(_ text: inout MetricsText) {
        let name = "save_policy_refusals_total"
        text.begin(
            name, .counter,
            "Files that a policy refused (deny), and that were opened although one warns of them or, tried out, would have decided."
        )
        for action in PolicyCounts.names { text.add(name, ["action": action], services.sources.policyCounts[action]) }
        text.single(
            "save_policy_exposures_total", .counter,
            "Versions that were given out before, and that a policy or a quarantine refuses now.",
            services.upstreams.exposures.total)
    }

    private func advisories(_ text: inout MetricsText) {
        let name = "save_advisory_fetches_total"
        text.begin(name, .counter, "Times that a source of advisories was asked, by what came of it.")
        for outcome in AdvisoryFeeds.Outcome.allCases { text.add(name, ["outcome": outcome.rawValue], feeds[outcome]) }
    }

    private func upstreams(_ text: inout MetricsText, _ catalogue: CatalogueSnapshot) {
        let traffic = catalogue.repositories.compactMap { repository in
            services.upstreams.traffic(of: repository.record.id).map { (repository.record.coordinates, $0) }
        }
        text.begin("save_upstream_index_requests_total", .counter, "Times that upstreams were asked for an index.")
        for (name, counts) in traffic { text.add("save_upstream_index_requests_total", ["repository": name], counts.requests) }
        text.begin("save_upstream_index_failures_total", .counter, "Times that upstreams gave no sensible answer.")
        for (name, counts) in traffic { text.add("save_upstream_index_failures_total", ["repository": name], counts.failures) }
        text.begin("save_upstream_index_seconds_total", .counter, "Time that upstreams took to give an index.")
        for (name, counts) in traffic { text.add("save_upstream_index_seconds_total", ["repository": name], counts.seconds) }
        text.single("save_fills", .gauge, "Files on their way from upstreams.", services.upstreams.fills.count)
        let anomalies = services.upstreams.anomalies
        text.single(
            "save_upstream_changed_files", .gauge, "Files whose digest an upstream changed, since the start.",
            anomalies[.changedFile] ?? 0)
        text.begin(
            "save_upstream_anomalies_total", .counter,
            "Files of upstreams that changed, vanished or came late, and packages that went into quarantine.")
        for kind in UpstreamAnomaly.Kind.allCases {
            text.add("save_upstream_anomalies_total", ["kind": kind.rawValue], anomalies[kind] ?? 0)
        }
        text.single(
            "save_upstream_unkept_indexes", .gauge, "Indexes of upstreams that did not get to the disk, since the start.",
            services.upstreams.unkeptIndexes)
        text.single(
            "save_upstream_unkept_files", .gauge,
            "Files of upstreams that went to clients without being kept, since the start.", services.upstreams.unkeptFiles)
        text.single(
            "save_upstream_renewals", .gauge, "Indexes that wait to be asked for ahead of their end.",
            services.revalidation.waiting)
    }

    private func stored(_ text: inout MetricsText) async {
        if let counts = try? await services.storage.store.read({ try $0.counts() }) {
            text.single("save_packages", .gauge, "Packages in all repositories.", counts.packages)
            text.single("save_files", .gauge, "Files in all repositories, without sidecars.", counts.files)
            text.single("save_stored_bytes", .gauge, "Bytes of files and sidecars.", counts.logicalBytes)
        }
        if let free = try? await disk.freeBytes() {
            text.single("save_free_disk_bytes", .gauge, "Bytes that the disk of the stored files has left.", free)
        }
        if let bucket {
            text.single(
                "save_cached_blob_bytes", .gauge, "Bytes of copies of stored files on the local disk.", bucket.cachedBytes)
        }
        let scrubbed = scrub.report
        text.single(
            "save_scrub_blobs", .gauge, "Stored files that were read and compared, since the start.", scrubbed.blobs)
        text.single(
            "save_scrub_bytes", .gauge, "Bytes of stored files that were read and compared, since the start.", scrubbed.bytes)
        text.single(
            "save_scrub_rounds", .gauge, "Times that all stored files were read and compared, since the start.", scrubbed.rounds)
        text.single(
            "save_damaged_blobs", .gauge, "Stored files that were damaged or missing when they were last read.",
            scrubbed.damaged)
        text.single(
            "save_upload_sessions", .gauge, "Uploads in several requests that are not finished.",
            services.publishing.sessions.count)
    }

    private func audit(_ text: inout MetricsText) {
        text.single("save_sign_in_failures_total", .counter, "Sign-ins that were refused.", authenticator.failedSignIns)
        text.single(
            "save_audit_lost_events", .gauge,
            "Downloads, sign-ins and refusals that did not come into the audit trail, since the start.", services.aggregator.lost)
        text.single(
            "save_audit_lost_anchors", .gauge, "Anchors of the audit trail that could not be kept, since the start.",
            auditUpkeep.lostAnchors)
    }
}

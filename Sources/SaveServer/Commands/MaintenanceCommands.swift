internal import SaveAudit
internal import SaveBlobs
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveSQLMetadata
internal import SaveStorage

/// `verify`: every record has its bytes, every digest matches.
enum VerifyCommand: Command {
    static let name = "verify"
    static let form = CommandForm(
        summary: "check that every record has its bytes and every digest matches",
        options: [
            .init("--repair", nil, "forget cached files of proxies that are missing or damaged, so that they are fetched again"),
            .config, .data, .quiet,
        ],
        description: """
            Reads every stored file. Prints a line for each problem and exits 1 when there was one. With --repair, cached files
            of proxies that are missing or damaged are forgotten, so that they are fetched again; files that were uploaded are
            never touched. Stored files that no record knows are listed: they were deleted, or the database is older than they
            are. The next garbage collection removes them; import --from-blobs publishes them again. Then it follows the audit trail from record to record and compares it with its anchors. The server
            must not be running.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let configuration = try arguments.configuration(environment)
        return try await Stores.using(configuration) { stores in
            let progress = ProgressLine.standardError("verifying", arguments, environment)
            defer { progress.end() }
            let report = try await maintenance(stores).verify(
                repair: arguments.flags.contains("--repair"),
                onProblem: { problem in
                    let fate =
                        problem.isRepaired
                        ? "forgotten, will be fetched again" : problem.isHosted ? "uploaded: restore it from a backup" : "cached"
                    progress.report("\(problem.kind.rawValue): \(problem.name) (\(problem.digest)): \(fate)")
                }, onUnknown: { progress.report("unknown: \($0.digest): \($0.size) bytes that no record knows") },
                onProgress: progress.show)
            if report.unknown > 0 {
                progress.report(
                    "\(report.unknown) stored files, \(report.unknownBytes) bytes, are known to no record: they were deleted, or the database is older than they are; import --from-blobs publishes them again, gc removes them"
                )
            }
            let chain = try await verifier(configuration, stores).run {
                progress.show(MaintenanceProgress().entering(.auditTrail, done: $0, of: $1))
            }
            progress.end()
            if let problem = chain.problem { print("audit: the chain breaks at record \(chain.brokenAt ?? 0): \(problem)") }
            print(
                "\(report.blobs) blobs, \(report.bytes) bytes, \(report.problems) problems, \(report.repaired) repaired, \(chain.checked) audit records, \(chain.anchors) anchors"
            )
            return report.problems == report.repaired && chain.problem == nil ? 0 : 1
        }
    }

    private static func verifier(_ configuration: ServerConfiguration, _ stores: Stores) throws -> AuditVerifier {
        let seal = AuditSeal(serverKey: try ServerKey.read(stores.directory.keyPath))
        let file = AnchorFile.configured(configuration, seal: seal, pool: stores.pool)
        return AuditVerifier(store: stores.metadata, seal: seal) { try await file?.lines() }
    }
}

/// `gc`: removes bytes that no record needs.
enum GCCommand: Command {
    static let name = "gc"
    static let form = CommandForm(
        summary: "remove stored bytes that no record needs",
        options: [.init("--dry-run", nil, "say what would be removed, and remove nothing"), .config, .data, .quiet],
        description: """
            Removes files of hosted packages that nothing in the package refers to, such as layers of images, where the format can tell; then blobs that no
            record refers to. Both must be older than `gc_grace` seconds. The server must not be running; POST /api/v1/admin/gc does the same in a running one.
            """)

    static func run(_ arguments: Arguments, environment: [String: String]) async throws -> Int32 {
        let configuration = try arguments.configuration(environment)
        let isDry = arguments.flags.contains("--dry-run")
        return try await Stores.using(configuration) { stores in
            let progress = ProgressLine.standardError("collecting garbage", rate: .files, arguments, environment)
            defer { progress.end() }
            // First the records that nothing refers to, so that their bytes are without one.
            let unreachable = try await OfflineRepositories(stores, configuration).unreachable.remove(
                grace: configuration.gcGrace, isDry: isDry)
            let report = try await maintenance(stores).collectGarbage(
                grace: configuration.gcGrace, dryRun: isDry, onProgress: progress.show)
            progress.end()
            if unreachable > 0 {
                print("\(unreachable) files \(isDry ? "would be " : "")removed that nothing in their package refers to")
            }
            if !isDry {
                let now = PlatformClock.system.now()
                let removed: JSONObject = [
                    "unreachable_files": .integer(unreachable), "removed": .integer(report.removed),
                    "removed_bytes": .integer(report.removedBytes),
                ]
                try await stores.metadata.write {
                    try $0.record(AuditEvent("system.gc", "system", "blobs", details: removed), .system, at: now)
                }
            }
            print(
                "\(report.removed) blobs \(isDry ? "would be " : "")removed, \(report.removedBytes) bytes; \(report.keptYoung) unreferenced but young; \(report.blobs) blobs, \(report.blobBytes) bytes in all"
            )
            return 0
        }
    }
}

private func maintenance(_ stores: Stores) -> Maintenance {
    Maintenance(metadata: stores.metadata, blobs: stores.originals, clock: .system, log: .silent())
}

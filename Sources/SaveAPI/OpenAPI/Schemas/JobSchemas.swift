internal import SaveAdvisories
internal import SavePlatform
internal import SaveStorage

/// Jobs, and what comes of them.
enum JobSchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "Job": .members([
            "id": .text, "kind": .choice(["verify", AdvisoryRoutes.importJob, AdvisoryFeeds.job]),
            "state": .choice(Jobs.State.allCases.map(\.rawValue)),
            "started_by": Schema.text.described("As the audit trail names callers."), "started_at": .time,
            "ended_at": Schema.time.orNull, "progress": .named("JobProgress"),
            "result": Schema([
                "anyOf": .array(
                    ["Verification", "AdvisoryImport", "AdvisoryFetch"].map { .object(Schema.named($0).json) } + [
                        ["type": "null"]
                    ])
            ]).described("What came of it, by its kind; null before it succeeded."),
            "error": Schema.text.orNull.described("Why it failed."),
        ]),
        "JobProgress": .members([
            "phase": Schema.choice(MaintenanceProgress.Phase.allCases.map(\.rawValue)).described("What is gone through now."),
            "done": Schema.count.described("What is done of the phase: files, or records of the audit trail."),
            "total": Schema.count.orNull.described("How many the phase has in all, where that is known before its end."),
            "blobs": Schema.count.described("Stored files that are done."), "bytes": .count,
            "total_blobs": Schema.count.orNull.described("All there are, as counted at the start."),
            "total_bytes": Schema.count.orNull,
        ]),
        "Verification": .members([
            "blobs": Schema.count.described("Stored files that were read."), "bytes": .count,
            "problems": Schema.count.described("Records whose bytes are gone or wrong."), "repaired": .count,
            "unknown_blobs": Schema.count.described("Stored files that no record knows: deleted, or newer than the database."),
            "unknown_bytes": .count, "audit_records": Schema.count.described("Audit records that hold."),
            "audit_problem": Schema.text.orNull,
            "items": .list(of: .named("VerificationProblem")),
        ]),
        "VerificationProblem": .members([
            "kind": .choice(["missing", "corrupt", "unreadable"]), "sha256": .sha256,
            "repository": .text, "name": .text,
            "uploaded": Schema.flag.described("Only the same file, uploaded again, or a backup brings it back."),
            "repaired": .flag,
        ]),
    ]
}

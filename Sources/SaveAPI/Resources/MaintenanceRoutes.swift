internal import SavePlatform
internal import SaveStorage

/// Sizes, counts and cleaning up.
enum MaintenanceRoutes {
    static let all: [APIRoute] = [
        APIRoute(.get, "/admin/stats", .inspect, "Counts and sizes", answer: "Statistics") { call, _ in
            let counts = try await call.context.store.read { try $0.counts() }
            let found = await call.context.census.finding()
            return call.answer([
                "projects": .integer(counts.projects), "repositories": .integer(counts.repositories),
                "packages": .integer(counts.packages), "files": .integer(counts.files), "sidecars": .integer(counts.sidecars),
                "users": .integer(Int64(call.caller.users.count)), "robots": .integer(Int64(call.caller.robots.count)),
                "logical_bytes": .integer(counts.logicalBytes), "referenced_bytes": JSONValue(found?.sizes.referenced),
                "cached_index_bytes": JSONValue(found?.sizes.cachedIndexes), "physical_bytes": JSONValue(found?.sizes.physical),
                "reclaimable_bytes": JSONValue(found?.sizes.reclaimable), "measured": JSONValue(found?.measured?.rfc3339),
            ])
        },
        APIRoute(
            .post, "/admin/gc", .administer, "Remove blobs that nothing needs",
            query: [FieldRule("dry_run", .boolean, "Only say which would go.")], answer: "Collection", action: "system.gc"
        ) { call, _ in
            let isDry = call.query["dry_run"] == "true"
            // First the records that nothing refers to, so that their bytes are without one.
            let unreachable = try await call.context.operations.removeUnreachable(grace: call.context.gcGrace, isDry: isDry)
            let report = try await call.context.maintenance.collectGarbage(grace: call.context.gcGrace, dryRun: isDry)
            let result: JSONValue = [
                "dry_run": .bool(isDry), "unreachable_files": .integer(unreachable), "removed_blobs": .integer(report.removed),
                "removed_bytes": .integer(report.removedBytes),
                "kept_young_blobs": .integer(report.keptYoung), "blobs": .integer(report.blobs),
                "blob_bytes": .integer(report.blobBytes),
            ]
            try await call.change(isDone: true) { _, _ in
                ((), [call.event("blobs", ["dry_run": .bool(isDry), "result": result])])
            }
            return call.answer(result)
        },
    ]
}

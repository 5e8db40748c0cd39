internal import SavePlatform

/// Sizes, counts and cleaning up.
enum MaintenanceRoutes {
    static let all: [APIRoute] = [
        APIRoute(.get, "/admin/stats", .inspect, "Counts and sizes", answer: "Statistics") { call, _ in
            let counts = try await call.context.store.read { try $0.statistics() }
            let physical = try await call.context.operations.physicalBytes()
            return call.answer([
                "projects": .integer(counts.projects), "repositories": .integer(counts.repositories),
                "packages": .integer(counts.packages), "files": .integer(counts.files),
                "users": .integer(Int64(call.caller.users.count)), "robots": .integer(Int64(call.caller.robots.count)),
                "logical_bytes": .integer(counts.logicalBytes), "referenced_bytes": .integer(counts.referencedBytes),
                "physical_bytes": .integer(physical),
                "reclaimable_bytes": .integer(max(0, physical.subtractingReportingOverflow(counts.referencedBytes).partialValue)),
            ])
        },
        APIRoute(
            .post, "/admin/gc", .administer, "Remove blobs that nothing needs",
            query: [FieldRule("dry_run", .boolean, "Only say which would go.")], answer: "Collection", action: "system.gc"
        ) { call, _ in
            let isDry = call.query["dry_run"] == "true"
            let result = try await call.context.operations.collectGarbage(dryRun: isDry)
            try await call.change(isDone: true) { _, _ in
                ((), [call.event("blobs", ["dry_run": .bool(isDry), "result": result])])
            }
            return call.answer(result)
        },
    ]
}

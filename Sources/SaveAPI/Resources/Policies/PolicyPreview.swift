internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What a policy would have done to the downloads of some time, where repositories record them (`audit_downloads`).
enum PolicyPreview {
    /// Records of downloads that are looked at, the latest first.
    private static let maxDownloads = 10_000

    static let route = APIRoute(
        .post, "/policies/preview", .signedIn,
        "What a policy would have refused of the downloads that were recorded, and for whom; it has no effect",
        body: ObjectRule(
            name: "PolicyPreviewQuestion",
            fields: [
                FieldRule(
                    "policy", .record(PolicyRules.create), required: true, "The policy, as it would be made.",
                    example: ["name": "cooldown-7d", "action": "deny", "match": ["younger_than": "7d"]]),
                FieldRule("since", .time, required: true, "Downloads from this time on.", example: "2026-11-20T00:00:00Z"),
            ]), answer: "PolicyPreview", failures: [.forbidden, .notFound, .repositoryNotFound]
    ) { call, _ in
        var policy = try await PolicyRoutes.draft(of: call.body["policy"]?.object ?? JSONObject(), call).record
        // It is asked what it would do if it counted.
        (policy.isEnabled, policy.isDryRun) = (true, false)
        let since = call.body["since"]?.string.flatMap { Timestamp(rfc3339: $0) }
        let (downloads, isWhole) = try await downloads(since: since, call)
        let items = try await call.context.operations.preview(policy, of: downloads)
        return call.answer([
            "items": .array(items), "downloads": .integer(Int64(downloads.count)), "whole": .bool(isWhole),
        ])
    }

    private static func downloads(since: Timestamp?, _ call: APICall) async throws -> ([AuditRecord], isWhole: Bool) {
        var downloads: [AuditRecord] = []
        var before: Int64?
        while downloads.count < maxDownloads {
            let after = before
            let page = try await call.context.store.read { reading in
                var query = AuditQuery(limit: 1000)
                query.action = "file.download"
                query.outcome = .ok
                query.since = since
                query.before = after
                return try reading.audit(query).records
            }
            downloads += page
            guard page.count == 1000 else { return (downloads, true) }
            before = page.last?.sequence
        }
        return (downloads, false)
    }
}

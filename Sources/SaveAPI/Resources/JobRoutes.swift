internal import SaveAudit
internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// Work that takes longer than a request.
enum JobRoutes {
    static let all: [APIRoute] = [
        APIRoute(
            .post, "/admin/verify", .administer,
            "Read every stored file and compare its digest; answers with the job that does it",
            query: [FieldRule("repair", .boolean, "Forget damaged files that proxies keep, so that they are fetched again.")],
            status: 202, answer: "Job", failures: [.conflict], action: "system.verify"
        ) { call, _ in
            let repairs = call.query["repair"] == "true"
            if repairs, let other = call.context.jobs.all.first(where: { $0.kind == verification && $0.state == .running }) {
                throw running(other)
            }
            try await call.change { _, _ in ((), [call.event("blobs", ["repair": .bool(repairs)])]) }
            let (job, isNew) = try call.context.jobs.start(Self.verification, by: call.principal.auditName) { onProgress in
                try await verify(call.context, repairs: repairs, onProgress)
            }
            // Another one may have begun since, which may not repair.
            guard isNew || !repairs else { throw running(job) }
            return call.answer(.object(json(job)), location: "/api/v1/jobs/\(job.id)")
        },
        APIRoute(.get, "/jobs", .administer, "Jobs since the start of the server, the newest first", answer: "JobList") {
            call, _ in
            call.answer(["items": .array(call.context.jobs.all.map { .object(json($0)) }), "next": .null])
        },
        APIRoute(.get, "/jobs/{id}", .administer, "A job: how far it is, and what came of it", answer: "Job") { call, _ in
            guard let job = call.context.jobs.job(call["id"]) else { throw noJob }
            return call.answer(.object(json(job)))
        },
        APIRoute(
            .post, "/jobs/{id}/cancel", .administer, "Cancel a job and wait for its end", answer: "Job", action: "job.cancel"
        ) { call, _ in
            guard call.context.jobs.job(call["id"]) != nil else { throw noJob }
            try await call.change { _, _ in ((), [call.event(call["id"])]) }
            guard let job = await call.context.jobs.cancel(call["id"]) else { throw noJob }
            return call.answer(.object(json(job)))
        },
    ]

    private static let verification = "verify"
    private static func running(_ other: Jobs.Job) -> SaveError {
        SaveError(.conflict, "a verification runs already, as job \(other.id): wait for its end, or cancel it, and try again")
    }

    private static let noJob = SaveError(.notFound, "there is no such job; jobs are forgotten when the server stops")
    /// So many problems are told one by one; all are counted, and logged.
    private static let maxProblems = 1000

    private static func verify(
        _ context: APIContext, repairs: Bool, _ onProgress: @escaping @Sendable (MaintenanceProgress) -> Void
    ) async throws -> JSONObject {
        let problems = Problems()
        let result: Result<VerifyReport, any Error>
        do {
            result = .success(
                try await context.maintenance.verify(
                    repair: repairs, onProblem: { problems.add($0) }, onProgress: onProgress))
        } catch {
            result = .failure(error)
        }
        // Also after a verification that was cancelled: what it repaired must not be served from memory.
        let (found, repaired) = problems.all
        for repository in repaired { context.operations.contentChanged(in: repository, package: nil) }
        let report = try result.get()
        let files = MaintenanceProgress(
            blobs: report.blobs, bytes: report.bytes, totalBlobs: report.blobs, totalBytes: report.bytes)
        let chain = try await context.verifier.run { onProgress(files.entering(.auditTrail, done: $0, of: $1)) }
        return [
            "blobs": .integer(report.blobs), "bytes": .integer(report.bytes), "problems": .integer(report.problems),
            "repaired": .integer(report.repaired), "unknown_blobs": .integer(report.unknown),
            "unknown_bytes": .integer(report.unknownBytes), "audit_records": .integer(chain.checked),
            "audit_problem": JSONValue(chain.problem),
            "items": .array(found.map(json)),
        ]
    }

    private static func json(_ problem: VerifyProblem) -> JSONValue {
        [
            "kind": .string(problem.kind.rawValue), "sha256": .string(problem.digest.hex),
            "repository": .string(problem.coordinates),
            "name": .string(problem.name), "uploaded": .bool(problem.isHosted), "repaired": .bool(problem.isRepaired),
        ]
    }

    static func json(_ job: Jobs.Job) -> JSONObject {
        [
            "id": .string(job.id), "kind": .string(job.kind), "state": .string(job.state.rawValue),
            "started_by": .string(job.startedBy), "started_at": .string(job.started.rfc3339),
            "ended_at": JSONValue(job.ended?.rfc3339),
            "progress": [
                "phase": .string(job.progress.phase.rawValue), "done": .integer(job.progress.done),
                "total": JSONValue(job.progress.total),
                "blobs": .integer(job.progress.blobs), "bytes": .integer(job.progress.bytes),
                "total_blobs": JSONValue(job.progress.totalBlobs), "total_bytes": JSONValue(job.progress.totalBytes),
            ],
            "result": job.result.map(JSONValue.object) ?? .null, "error": JSONValue(job.error),
        ]
    }

    private final class Problems: Sendable {
        private let found = Mutex<(first: [VerifyProblem], repaired: Set<Int64>)>(([], []))

        func add(_ problem: VerifyProblem) {
            found.withLock { found in
                if found.first.count < JobRoutes.maxProblems { found.first.append(problem) }
                if problem.isRepaired { found.repaired.insert(problem.repository) }
            }
        }

        /// The first problems, and where something was repaired.
        var all: (first: [VerifyProblem], repaired: Set<Int64>) { found.withLock { $0 } }
    }
}

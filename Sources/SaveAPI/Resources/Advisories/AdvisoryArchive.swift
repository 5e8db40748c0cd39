internal import SaveAdvisories
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// An archive of advisories that a caller sent.
struct AdvisoryArchive: Sendable {
    let call: APICall
    let file: OpenFile
    let isReplacing: Bool

    /// Takes it in. What comes in is in the audit trail, in the caller's name.
    ///
    /// - Throws: what `AdvisoryImport.run` throws, and what keeps the caller from it by now.
    func bring(_ onProgress: @escaping @Sendable (MaintenanceProgress) -> Void) async throws -> AdvisoryImport.Report {
        try await AdvisoryImport(into: call.context.advisories).run(
            [AdvisoryImport.File(name: "the body", file: file)], replacing: isReplacing, onProgress: onProgress
        ) { report in
            try await call.change { _, _ in ((), [call.event("advisories", report.counts)]) }
        }
    }

    /// Begins to take it in, and answers with the job that does.
    ///
    /// - Throws: `conflict` while another one is taken in.
    func start(as kind: String) throws -> HTTPResponse {
        let (job, isNew) = try call.context.jobs.start(kind, by: call.principal.auditName) { [self] onProgress in
            do {
                return try await bring(onProgress).json
            } catch {
                // The request is answered already: its end is told by this record alone.
                var event = call.event(
                    "advisories", ["error": .string(((error as? SaveError)?.code ?? .internalFailure).rawValue)])
                event.outcome = .failed
                let (now, failure, audit) = (call.context.clock.now(), event, call.audit)
                try? await call.context.store.write { try $0.record(failure, audit, at: now) }
                throw error
            }
        }
        // The other job has another archive.
        guard isNew else {
            throw SaveError(.conflict, "advisories are taken in already, as job \(job.id): wait for its end, or cancel it")
        }
        var response = call.answer(.object(JobRoutes.json(job)), location: "/api/v1/jobs/\(job.id)")
        response.status = 202
        return response
    }
}

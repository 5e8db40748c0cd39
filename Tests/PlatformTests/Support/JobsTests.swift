import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization
import Testing

@Suite struct JobsTests {
    let jobs = Jobs(clock: .system)

    /// Waits for the end of a job.
    private func ended(_ id: String) async throws -> Jobs.Job {
        while true {
            let job = try #require(jobs.job(id))
            if job.state != .running { return job }
            await Task.yield()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a job tells how far it is, and what came of it`() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let (job, isNew) = try jobs.start("verify", by: "alice") { onProgress in
            onProgress(MaintenanceProgress(blobs: 1, bytes: 2, totalBlobs: 3, totalBytes: 4))
            for await _ in gate { break }
            return ["blobs": 3]
        }
        #expect(isNew && job.state == .running && job.kind == "verify" && job.startedBy == "alice")
        while jobs.job(job.id)?.progress.blobs != 1 { await Task.yield() }
        // One of a kind at a time: who starts another is shown this one, and told so.
        let (other, isOtherNew) = try jobs.start("verify", by: "bob") { _ in [:] }
        #expect(other.id == job.id && !isOtherNew && jobs.all.count == 1)
        opener.finish()
        let done = try await ended(job.id)
        #expect(done.state == .succeeded && done.result == ["blobs": 3] && done.ended != nil && done.error == nil)
        let next = try jobs.start("verify", by: "bob") { _ in [:] }.job
        #expect(next.id != job.id)
        #expect(jobs.all.map(\.id) == [next.id, job.id], "the newest first")
    }

    @Test(.timeLimit(.minutes(1))) func `a job is cancelled, and its end is waited for`() async throws {
        let job = try jobs.start("verify", by: "alice") { _ in
            while true { try await Task.sleep(for: .seconds(3600)) }
        }.job
        #expect(await jobs.cancel(job.id)?.state == .canceled)
        #expect(await jobs.cancel(job.id)?.state == .canceled)
        #expect(await jobs.cancel("nothing") == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `a job that fails says why`() async throws {
        let job = try jobs.start("verify", by: "alice") { _ in throw SaveError(.busy, "the database is locked") }.job
        let failed = try await ended(job.id)
        #expect(failed.state == .failed && failed.error == "the database is locked" && failed.result == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `the server's stop ends all jobs, and only the last hundred are remembered`() async throws
    {
        for _ in 0..<120 {
            let job = try jobs.start("verify", by: "alice") { _ in [:] }.job
            _ = try await ended(job.id)
        }
        #expect(jobs.all.count == 100)
        let last = try jobs.start("verify", by: "alice") { _ in
            while true { try await Task.sleep(for: .seconds(3600)) }
        }.job
        await jobs.stop()
        #expect(jobs.job(last.id)?.state == .canceled)
    }
}

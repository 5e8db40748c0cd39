package import SaveHTTP
package import SavePlatform
internal import Synchronization

/// Reads all stored bytes again and again, slowly, and finds those that the disk has changed.
///
/// A file goes from the disk to a client without passing through this process (`sendfile`), so nobody compares its digest on the
/// way. What is found damaged is read once more, then set aside, so that it is served no more: what a proxy keeps is
/// fetched again, what somebody uploaded is 500 until it is restored or uploaded again.
package final class Scrub: Sendable {
    /// What was found so far.
    package struct Report: Sendable, Equatable {
        /// Blobs that were read since the start, and their bytes.
        package var blobs: Int64 = 0
        package var bytes: Int64 = 0
        /// Times that all of them were read.
        package var rounds: Int64 = 0
        /// Blobs whose bytes were damaged or missing when they were last looked at, and are needed.
        package var damaged: Int64 = 0
    }

    private struct State {
        var report = Report()
        var damaged: Set<BlobDigest> = []
    }

    private let metadata: any MetadataStore
    private let blobs: any BlobStore
    private let rate: Int64
    private let clock: PlatformClock
    private let log: Log
    private let onDamage: @Sendable (StoredAsset) -> Void
    private let state = Mutex(State())
    private static let pageSize = 100
    /// A small store is not read without end.
    private static let shortestRound: Int64 = 3600

    /// - Parameters:
    ///   - rate: bytes a second; 0 for no reading at all.
    ///   - onDamage: called for each file whose bytes are served no more.
    package init(
        metadata: any MetadataStore, blobs: any BlobStore, rate: Int64, clock: PlatformClock, log: Log,
        onDamage: @escaping @Sendable (StoredAsset) -> Void
    ) {
        self.metadata = metadata
        self.blobs = blobs
        self.rate = rate
        self.clock = clock
        self.log = log
        self.onDamage = onDamage
    }

    package var report: Report {
        state.withLock { state in
            var report = state.report
            report.damaged = Int64(state.damaged.count)
            return report
        }
    }

    /// Reads until the task is cancelled. Call it once.
    package func run() async {
        guard rate > 0 else { return }
        let pool = BlockingPool(name: "scrub", threads: 1, niceness: 19)
        defer { pool.stop() }
        // Not from the beginning: a server that is started often would never come to the end.
        var start: BlobDigest? = BlobDigest(of: withUnsafeBytes(of: UInt64.random(in: .min ... .max)) { Array($0) })
        while !Task.isCancelled {
            let begun = clock.now()
            do {
                try await readAll(from: start, pool)
                start = nil
            } catch is CancellationError {
                return
            } catch {
                log(.warning, "the stored files cannot be read through", ["error": "\(error)"])
            }
            let rest = Self.shortestRound - (clock.now().seconds - begun.seconds)
            try? await Task.sleep(for: .seconds(max(60, rest)))
        }
    }

    /// Reads every blob that records need, once.
    package func readAll(from start: BlobDigest? = nil, _ pool: BlockingPool) async throws {
        try await readAll(after: start, upTo: nil, pool)
        if let start { try await readAll(after: nil, upTo: start, pool) }
        try await forgetUnneeded()
        state.withLock { $0.report.rounds += 1 }
    }

    /// What nothing needs any more is nobody's damage.
    private func forgetUnneeded() async throws {
        for digest in state.withLock({ $0.damaged }) {
            let (assets, indexes) = try await metadata.read { try $0.references(to: digest) }
            if assets.isEmpty, indexes.isEmpty { state.withLock { _ = $0.damaged.remove(digest) } }
        }
    }

    private func readAll(after start: BlobDigest?, upTo end: BlobDigest?, _ pool: BlockingPool) async throws {
        var last = start
        while true {
            let after = last
            let page = try await metadata.read { try $0.referencedBlobs(after: after, limit: Self.pageSize) }
            guard let final = page.last else { return }
            last = final
            for digest in page {
                if let end, digest > end { return }
                try Task.checkCancellation()
                do {
                    try await look(at: digest, pool)
                } catch let error as CancellationError {
                    throw error
                } catch {
                    // A disk that fails at one file may hold the next.
                    log(.warning, "a stored file cannot be looked at", ["sha256": digest.hex, "error": "\(error)"])
                }
            }
        }
    }

    private func look(at digest: BlobDigest, _ pool: BlockingPool) async throws {
        let before = try await blobs.stat(digest)
        let (problem, size) = try await read(digest, pool)
        state.withLock { state in
            state.report.blobs += 1
            state.report.bytes += size
        }
        guard problem == .corrupt || problem == .missing else {
            state.withLock { _ = $0.damaged.remove(digest) }
            return
        }
        // Memory and cables err as well as disks: nothing is decided by one look. And the bytes may have been stored again, or be
        // needed no more.
        guard try await read(digest, pool).problem == problem else { return }
        let (assets, indexes) = try await metadata.read { try $0.references(to: digest) }
        guard !assets.isEmpty || !indexes.isEmpty else { return }
        if let before, let store = blobs as? any BlobSettingAside {
            guard try await store.setAside(digest, committed: before.committed) else { return }
        }
        let isNew = state.withLock { $0.damaged.insert(digest).inserted }
        if isNew {
            let names = assets.map(\.record.path.text) + indexes.map(\.key)
            log(
                .error, "stored bytes are \(problem == .missing ? "missing" : "damaged")",
                ["sha256": digest.hex, "files": names.prefix(10).joined(separator: ", ")])
        }
        for asset in assets { onDamage(asset) }
    }

    /// Reads a blob, no faster than it may.
    private func read(_ digest: BlobDigest, _ pool: BlockingPool) async throws -> (problem: VerifyProblem.Kind?, size: Int64) {
        try await BlobCheck.read(digest, in: blobs, pool: pool) { [rate] count in
            let (nanoseconds, overflow) = Int64(count).multipliedReportingOverflow(by: 1_000_000_000)
            try await Task.sleep(for: .nanoseconds(overflow ? 1_000_000_000 : nanoseconds / max(1, rate)))
        }
    }
}

internal import SaveDigest
package import SavePlatform
internal import Synchronization

/// Reads a blob from its first to its last byte and says whether it is what its digest says.
package enum BlobCheck {
    /// - Parameters:
    ///   - pool: where it is digested, and read if it is in a local file.
    ///   - pause: told how many bytes were read, after each piece; what takes its time slows the reading down.
    /// - Returns: what is wrong, if anything, and how many bytes there are.
    package static func read(
        _ digest: BlobDigest, in blobs: any BlobStore, pool: BlockingPool, pause: @Sendable (Int) async throws -> Void = { _ in }
    ) async throws -> (problem: VerifyProblem.Kind?, size: Int64) {
        let bytes: ByteStream
        let progress = Progress()
        do { bytes = try await blobs.open(digest).stream(pool: pool) } catch { return (problem(error), 0) }
        while true {
            try Task.checkCancellation()
            let count: Int
            do {
                guard let piece = try await bytes.next() else { break }
                try await pool.run { progress.add(piece) }
                count = piece.count
            } catch {
                // What could not be had because nobody waits for it any more says nothing about the blob.
                try Task.checkCancellation()
                return (problem(error), progress.size)
            }
            try await pause(count)
        }
        return (progress.finish() == digest ? nil : .corrupt, progress.size)
    }

    private static func problem(_ error: any Error) -> VerifyProblem.Kind {
        switch (error as? SaveError)?.code {
        case .assetNotFound: .missing
        case .blobCorrupt: .corrupt
        default: .unreadable
        }
    }

    /// What was read so far, on whichever thread was free.
    private final class Progress: Sendable {
        private struct State {
            let sha256 = StreamingDigest(.sha256)
            var size: Int64 = 0
        }

        private let state = Mutex(State())

        var size: Int64 { state.withLock { $0.size } }

        func add(_ bytes: [UInt8]) {
            state.withLock { state in
                state.sha256.update(bytes)
                state.size += Int64(bytes.count)
            }
        }

        func finish() -> BlobDigest { state.withLock { BlobDigest(sha256: $0.sha256.finish()) } }
    }
}

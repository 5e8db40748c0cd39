internal import SaveDigest
package import SavePlatform
internal import Synchronization

/// Reads a blob from its first to its last byte and says whether it is what its digest says.
package enum BlobCheck {
    private static let chunk = 256 << 10

    /// - Parameters:
    ///   - pool: where it is read.
    ///   - pause: told how many bytes were read, after each piece; what takes its time slows the reading down.
    /// - Returns: what is wrong, if anything, and how many bytes there are.
    package static func read(
        _ digest: BlobDigest, in blobs: any BlobStore, pool: BlockingPool, pause: @Sendable (Int) async throws -> Void = { _ in }
    ) async throws -> (problem: VerifyProblem.Kind?, size: Int64) {
        let file: OpenFile
        do {
            file = try await blobs.open(digest)
        } catch let error as SaveError where error.code == .assetNotFound {
            return (.missing, 0)
        } catch let error as SaveError where error.code == .blobCorrupt {
            return (.corrupt, 0)
        } catch {
            return (.unreadable, 0)
        }
        let progress = Progress(file)
        while true {
            try Task.checkCancellation()
            guard let count = try? await pool.run({ try progress.readOn() }) else { return (.unreadable, progress.size) }
            guard count > 0 else { break }
            try await pause(count)
        }
        return (progress.finish() == digest ? nil : .corrupt, progress.size)
    }

    /// A file that is read piece by piece, on whichever thread is free.
    private final class Progress: Sendable {
        private struct State {
            let sha256 = StreamingDigest(.sha256)
            var size: Int64 = 0
        }

        private let file: OpenFile
        private let state = Mutex(State())

        init(_ file: OpenFile) { self.file = file }

        var size: Int64 { state.withLock { $0.size } }

        /// - Returns: how many bytes came; none at the end.
        func readOn() throws -> Int {
            try state.withLock { state in
                let bytes = try file.read(at: state.size, count: BlobCheck.chunk)
                state.sha256.update(bytes)
                state.size += Int64(bytes.count)
                return bytes.count
            }
        }

        func finish() -> BlobDigest { state.withLock { BlobDigest(sha256: $0.sha256.finish()) } }
    }
}

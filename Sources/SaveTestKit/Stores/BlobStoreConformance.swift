internal import SavePlatform
package import SaveStorage

/// What every blob store keeps to, one law at a time, each to be run on a fresh and empty store:
///
/// ```swift
/// @Test(arguments: BlobStoreConformance.laws)
/// func conforms(to law: BlobStoreConformance.Law) async throws { try await law.check(MyBlobStore()) }
/// ```
package enum BlobStoreConformance {
    /// One law. `check` throws what a store does against it.
    package struct Law: Sendable, CustomStringConvertible {
        package let description: String
        package let check: @Sendable (any BlobStore) async throws -> Void

        init(_ description: String, _ check: @escaping @Sendable (any BlobStore) async throws -> Void) {
            self.description = description
            self.check = check
        }
    }

    /// All laws.
    package static let laws: [Law] = roundTrips + refusals + readers + parts + deletions + holds + listings

    /// Where local files are read.
    static let pool = BlockingPool(name: "laws", threads: 2)
}

/// Writes bytes in pieces and commits them.
func store(_ bytes: [UInt8], in blobs: any BlobStore, pieces: Int = 1) async throws -> BlobInfo {
    let writer = try await blobs.begin()
    let size = max(1, bytes.count / max(1, pieces))
    for start in stride(from: 0, to: bytes.count, by: size) {
        try await writer.write(Array(bytes[start..<min(bytes.count, start + size)]))
    }
    return try await writer.commit(expecting: nil)
}

/// All bytes of a blob, in two reads that do not meet at its middle.
func contents(_ blob: Blob, size: Int) async throws -> [UInt8] {
    let first = try await blob.read(at: 0, count: size / 3, pool: BlobStoreConformance.pool)
    return first + (try await blob.read(at: Int64(size / 3), count: size, pool: BlobStoreConformance.pool))
}

/// Bytes that differ from place to place and, by `seed`, from call to call.
func sample(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8) &+ seed &* 7 &+ (seed >> 8)) }
}

extension BlobStoreConformance {
    private static let roundTrips: [Law] = [
        Law("bytes come back as they were written") { blobs in
            for size in [0, 1, 4095, 4096, 300_000] {
                let bytes = sample(size, seed: size)
                let info = try await store(bytes, in: blobs)
                try require(info.digest, is: BlobDigest(of: bytes), "the digest of \(size) bytes")
                try require(info.size, is: Int64(size), "the size in the answer to commit")
                let blob = try await blobs.open(info.digest)
                try require(blob.size, is: Int64(size), "the size of the open blob")
                try require(try await contents(blob, size: size) == bytes, "\(size) bytes came back changed")
                try require(try await blobs.stat(info.digest), is: info, "the facts of \(size) bytes")
            }
        },
        Law("every way to cut the same bytes gives the same blob") { blobs in
            let bytes = sample(10_000)
            for pieces in [1, 2, 7, 1000] {
                let info = try await store(bytes, in: blobs, pieces: pieces)
                try require(info.digest, is: BlobDigest(of: bytes), "the digest of \(pieces) pieces")
            }
            try require(try await blobs.digests(after: nil, limit: 10).count, is: 1, "blobs after four commits of the same bytes")
        },
        Law("finish tells what commit then tells, as often as it is asked") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            let finished = try await writer.finish()
            try require(try await writer.finish().digest, is: finished.digest, "the second finish")
            let committed = try await writer.commit(expecting: finished.digest)
            try require([committed.digest], is: [BlobDigest(of: [1, 2, 3])], "the committed digest")
            try require(committed.size, is: 3, "the committed size")
        },
        Law("sixteen writers of the same bytes make one blob") { blobs in
            let bytes = sample(50_000)
            let digests = try await withThrowingTaskGroup(of: BlobDigest.self) { group in
                for pieces in 1...16 { group.addTask { try await store(bytes, in: blobs, pieces: pieces).digest } }
                return try await group.reduce(into: Set<BlobDigest>()) { $0.insert($1) }
            }
            try require(digests, is: [BlobDigest(of: bytes)], "the digests that the writers were told")
            let blob = try await blobs.open(BlobDigest(of: bytes))
            try require(try await contents(blob, size: bytes.count) == bytes, "the bytes came back changed")
            try require(try await blobs.digests(after: nil, limit: 10).count, is: 1, "blobs there are")
        },
        Law("sixteen writers of other bytes keep theirs apart") { blobs in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in 0..<16 { group.addTask { _ = try await store(sample(5000, seed: seed), in: blobs, pieces: 9) } }
                try await group.waitForAll()
            }
            for seed in 0..<16 {
                let bytes = sample(5000, seed: seed)
                let blob = try await blobs.open(BlobDigest(of: bytes))
                try require(try await contents(blob, size: bytes.count) == bytes, "the bytes came back changed")
            }
        },
    ]

    private static let refusals: [Law] = [
        Law("nothing is visible before commit") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            let info = try await writer.finish()
            try require(try await blobs.stat(info.digest) == nil, "stat knows an uncommitted blob")
            try await requireAbsent(info.digest, in: blobs)
            try require(try await blobs.digests(after: nil, limit: 10), is: [], "listed blobs")
            await writer.cancel()
        },
        Law("another digest than expected leaves nothing") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            try await require(.digestMismatch, from: "a commit that expects other bytes") {
                _ = try await writer.commit(expecting: BlobDigest(of: [9]))
            }
            try require(try await blobs.digests(after: nil, limit: 10), is: [], "blobs after the refused commit")
            try require(try await blobs.stat(BlobDigest(of: [1, 2, 3])) == nil, "stat knows a refused blob")
            await writer.cancel()
        },
        Law("another digest than expected leaves the blob that was there") { blobs in
            let info = try await store([1, 2, 3], in: blobs)
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            try await require(.digestMismatch, from: "a commit that expects other bytes") {
                _ = try await writer.commit(expecting: BlobDigest(of: [9]))
            }
            try require(try await contents(blobs.open(info.digest), size: 3), is: [1, 2, 3], "the earlier bytes")
        },
        Law("a cancelled writer leaves nothing and does nothing more") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            await writer.cancel()
            await writer.cancel()
            try await require(.internalFailure, from: "a write after cancel") { try await writer.write([4]) }
            try await require(.internalFailure, from: "a commit after cancel") { _ = try await writer.commit(expecting: nil) }
            try require(try await blobs.digests(after: nil, limit: 10), is: [], "blobs after cancel")
        },
        Law("nothing may be written after finish") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1])
            _ = try await writer.finish()
            try await require(.internalFailure, from: "a write after finish") { try await writer.write([2]) }
            await writer.cancel()
        },
        Law("cancel after commit changes nothing") { blobs in
            let writer = try await blobs.begin()
            try await writer.write([1, 2, 3])
            let info = try await writer.commit(expecting: nil)
            await writer.cancel()
            try require(try await blobs.stat(info.digest), is: info, "the facts after cancel")
        },
        Law("what is absent is absent") { blobs in
            let digest = BlobDigest(of: [1])
            try require(try await blobs.stat(digest) == nil, "stat knows an absent blob")
            try await requireAbsent(digest, in: blobs)
            try require(try await blobs.delete(digest, committedBefore: Timestamp(microseconds: .max)), is: false, "delete")
        },
    ]

    private static func requireAbsent(_ digest: BlobDigest, in blobs: any BlobStore) async throws {
        try await require(.assetNotFound, from: "opening an absent blob") { _ = try await blobs.open(digest) }
    }
}

package import SavePlatform
package import SaveStorage

/// A blob store that hands every call on to another; a conforming type changes what it wants to.
package protocol BlobForwarding: BlobStore {
    var base: any BlobStore { get }
}

extension BlobForwarding {
    package func begin() async throws -> any BlobWriter { try await base.begin() }
    package func open(_ digest: BlobDigest) async throws -> Blob { try await base.open(digest) }
    package func stat(_ digest: BlobDigest) async throws -> BlobInfo? { try await base.stat(digest) }
    package func delete(
        _ digest: BlobDigest, committedBefore moment: Timestamp, unless isNeeded: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        try await base.delete(digest, committedBefore: moment, unless: isNeeded)
    }
    package func digests(after: BlobDigest?, limit: Int) async throws -> [BlobDigest] {
        try await base.digests(after: after, limit: limit)
    }
    package func checkSpace(for byteCount: Int64?) async throws { try await base.checkSpace(for: byteCount) }
}

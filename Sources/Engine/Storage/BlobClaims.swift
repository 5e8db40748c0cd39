package import SavePlatform

/// Which blobs are on their way to a record, and which are about to be removed. A blob store keeps one under the lock under
/// which it names and removes blobs, so that the two exclude each other however long either takes.
///
/// A writer holds its blob from before the commit until its record is written. A deletion marks the blob before it asks
/// whether a record needs it, and removes it only while the mark stands: a writer that takes hold of the blob meanwhile takes the
/// mark away, and the answer to the question may be out of date by then.
package struct BlobClaims: Sendable {
    private var holders: [BlobDigest: Int] = [:]
    private var marks: [BlobDigest: UInt64] = [:]
    private var count: UInt64 = 0

    package init() {}

    /// Keeps a blob from being removed until `release`.
    package mutating func hold(_ digest: BlobDigest) {
        holders[digest, default: 0] += 1
        marks[digest] = nil
    }

    /// Ends one `hold`.
    package mutating func release(_ digest: BlobDigest) {
        guard let others = holders[digest].map({ $0 - 1 }) else { return }
        holders[digest] = others > 0 ? others : nil
    }

    /// Whether somebody keeps a blob from being removed.
    package func isHeld(_ digest: BlobDigest) -> Bool { holders[digest] != nil }

    /// Marks a blob for removal.
    ///
    /// - Returns: the mark; nil where somebody holds the blob.
    package mutating func mark(_ digest: BlobDigest) -> UInt64? {
        guard holders[digest] == nil else { return nil }
        count += 1
        marks[digest] = count
        return count
    }

    /// Takes a mark away.
    ///
    /// - Returns: whether it stood: nobody took hold of the blob since it was made.
    package mutating func takeMark(_ mark: UInt64, of digest: BlobDigest) -> Bool {
        guard marks[digest] == mark else { return false }
        marks[digest] = nil
        return true
    }
}

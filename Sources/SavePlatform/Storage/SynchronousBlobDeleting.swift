/// A blob store that can delete without suspending, so that it can be done while a metadata transaction is open.
package protocol SynchronousBlobDeleting: BlobStore {
    /// As `delete`, on the calling thread. Blocks.
    @discardableResult
    func deleteNow(_ digest: BlobDigest, committedBefore moment: Timestamp) throws -> Bool
}

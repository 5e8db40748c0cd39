package import SavePlatform

/// A blob store that can put damaged bytes where nobody is served them, and somebody can still look at them.
package protocol BlobSettingAside: BlobStore {
    /// Sets a blob aside, unless it was committed again since: then it has other bytes than those that were looked at.
    ///
    /// - Parameter committed: when it was committed, as it was before its bytes were read.
    /// - Returns: whether it was set aside.
    func setAside(_ digest: BlobDigest, committed: Timestamp) async throws -> Bool
}

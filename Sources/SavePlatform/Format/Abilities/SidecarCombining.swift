/// A format that puts what comes about a file later together with what came before.
///
/// A sidecar goes with its file. Where the same file comes again with another sidecar at the same path, that one is left out, unless
/// the format says here what the two are together. `combined` is asked with what is stored at that moment, and asked again where
/// somebody else was faster. Like every part of a format it is pure.
public protocol SidecarCombining: Sendable {
    /// What a sidecar is to be, now that another one has come for the same file.
    ///
    /// - Parameters:
    ///   - stored: the bytes that are kept.
    ///   - new: the bytes that came.
    ///   - sidecar: the record of what came.
    /// - Returns: nil where the new bytes say nothing that the stored ones do not: those stay as they are.
    /// - Throws: `invalidRequest` where both together are too much.
    func combined(_ stored: [UInt8], with new: [UInt8], in sidecar: AssetRecord) throws -> CombinedSidecar?
}

/// A sidecar made of two.
public struct CombinedSidecar: Sendable, Equatable {
    /// What is kept from now on.
    package var bytes: [UInt8]
    /// What the record of its file says of it (`Submission.Item.announcement`).
    package var announcement: JSONObject

    public init(bytes: [UInt8], announcement: JSONObject) {
        self.bytes = bytes
        self.announcement = announcement
    }
}

/// A format that can tell from a file's bytes what its name was: for files whose records are lost.
///
/// A further step of `DirectoryImporting`, which then says what the file is as an upload.
public protocol ContentNaming: DirectoryImporting {
    /// The name that a file had, or one under which it can be found again; nil for bytes that are nothing of this format.
    ///
    /// - Parameters:
    ///   - digest: the file's SHA-256, for formats in which bytes say nothing about their name.
    /// - Throws: `invalidRequest` for bytes that look like a file of this format and do not say what it was called. Blocks.
    func name(of bytes: FileBytes, digest: BlobDigest) throws -> AssetPath?
}

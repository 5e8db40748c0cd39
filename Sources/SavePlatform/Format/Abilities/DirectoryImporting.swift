/// A format that can take in a directory of files, such as what another server kept or a build left.
///
/// A second protocol beside `RepositoryFormat`: it says where a file belongs, and the platform publishes it as an upload.
public protocol DirectoryImporting: Sendable {
    /// What a file of the directory is as an upload; nil for one that is nothing of this format, such as a signature or a note.
    ///
    /// - Parameter file: its path below the directory.
    /// - Throws: `invalidRequest` for a file that belongs to the format and cannot be published under its name.
    func upload(importing file: AssetPath) throws -> UploadPlan?
}

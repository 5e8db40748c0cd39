package import SaveAccess
package import SavePlatform
internal import SaveStorage

/// The file that an answer gives out, where a repository wants its downloads in the audit trail.
///
/// A file is the repository's that has it, whichever group it was asked for in: so the trail tells by one name who has it.
package struct DownloadSubject: Sendable {
    /// `project/name/path` of the file.
    package let resource: String
    /// The group that it was asked for in.
    package let via: String?

    /// - Parameters:
    ///   - asked: the repository that the request named.
    ///   - holder: the one that has the file.
    /// - Returns: nil for what is not recorded: files of repositories that do not want it, and metadata beside files.
    package init?(_ record: AssetRecord, asked: Repository, holder: Repository?) {
        let holder = holder ?? asked
        guard record.sidecarOf == nil, asked.record.auditDownloads || holder.record.auditDownloads else { return nil }
        resource = "\(holder.record.coordinates)/\(record.path)"
        via = holder === asked ? nil : asked.record.coordinates
    }
}

/// A format whose packages have attributes that people set, such as a status, and which decide what a package takes and
/// gives.
///
/// A second protocol beside `RepositoryFormat`, for the formats that have such a thing. What the attributes mean is the
/// format's own; the platform stores them with the package (`Listing.attributes`) and asks at the two places where they
/// count. Like every part of a format it is pure: the same arguments, the same answer.
public protocol PackagePolicy: Sendable {
    /// The attributes of a package after a change: each member of `change` replaces the one before, null removes it.
    ///
    /// - Throws: `unknownField` or `invalidRequest`, with the key in `details["field"]`.
    func attributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject

    /// The attributes of a file (`AssetRecord.attributes`) after a change to its version: null gives back what the file says
    /// itself. A format whose versions have none refuses every key.
    ///
    /// - Throws: `unknownField` or `invalidRequest`, with the key in `details["field"]`.
    func fileAttributes(_ current: JSONObject, changedBy change: JSONObject) throws -> JSONObject

    /// Refuses what a package with these attributes does not take.
    ///
    /// - Throws: `blocked` with the reason, `tooLarge`.
    func checkUpload(_ items: [Submission.Item], to attributes: JSONObject) throws

    /// Refuses to hand out a file of a package with these attributes.
    ///
    /// - Throws: `blocked` with the reason.
    func checkDownload(from attributes: JSONObject) throws
}

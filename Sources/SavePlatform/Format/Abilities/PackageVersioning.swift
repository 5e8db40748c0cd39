/// A format whose packages have versions with an order.
///
/// A second protocol beside `RepositoryFormat`, for what is said of versions elsewhere: advisories about a package, rules of an administrator.
/// The platform compares keys and never reads a version itself (`docs/adr/0037-versions-as-sort-keys.md`). Like every part of a
/// format it is pure.
public protocol PackageVersioning: PackageNaming {
    /// What the OSV schema calls the ecosystem in `affected[].package.ecosystem`: `PyPI`.
    static var ecosystem: String { get }

    /// The type in the URL of a package (purl): `pypi`.
    static var purlType: String { get }

    /// What orders versions, compared byte by byte; equal versions have equal keys, however they are written.
    ///
    /// - Returns: nil for what is no version, by the rules of the format's own clients.
    func sortKey(of version: String) -> [UInt8]?

    /// Whether a version is in a range, as clients of the format write ranges: `>=1.0, <2`. A pre-release is in a range that it
    /// lies in by its order, also where an installer would leave it out. What is no version is in no range but one that names
    /// its text.
    ///
    /// - Throws: `invalidRequest` for what is no range, in one line.
    func range(_ range: String, contains version: String) throws -> Bool
}

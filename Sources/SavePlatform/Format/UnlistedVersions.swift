/// A format whose upstreams have versions that they do not list, such as Go's of commits and branches.
///
/// A second protocol beside `RepositoryFormat`. Asked of a proxy, and only about packages that its upstream lists; an empty list is one.
public protocol UnlistedVersions: Sendable {
    /// The record of a file that no index lists, as far as its path tells it: version, type, and time of publication where the version says
    /// it. Rules judge the file by that. nil for a path that no upstream has anything at.
    ///
    /// Where the upstream keeps it is asked of `FileLocating`. An upstream that does not have it is not asked again for
    /// `negative_cache_ttl`.
    func unlistedFile(at path: AssetPath, of package: PackageID) -> AssetRecord?

    /// Whether an index of a package is made of a document of its own that the upstream has (`RepositoryFormat.upstreamRequest`), in place of
    /// the package's: what a branch stands for, or the newest version where none is listed. It is kept and revalidated as any index
    /// is. The files that it lists are judged as all are; where the upstream does not have it, the index is made of the package's.
    ///
    /// - Parameter listing: what the upstream lists of the package, before any rule.
    func hasDocument(of index: IndexKey, in listing: Listing) -> Bool
}

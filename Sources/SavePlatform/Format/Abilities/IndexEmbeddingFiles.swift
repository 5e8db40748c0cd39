/// A format some of whose indexes show what is said in files beside those that they list.
///
/// A second protocol beside `RepositoryFormat`. The platform fetches the files as it fetches any: from disk, from a member
/// of a group, from an upstream.
public protocol IndexEmbeddingFiles: Sendable {
    /// The files whose bytes rendering an index takes, in `RenderContext.documents`. One that cannot be had is left out.
    ///
    /// - Throws: `packageNotFound` where the listing does not have what the index is about.
    func documents(for index: IndexKey, in listing: Listing) throws -> [AssetPath]
}

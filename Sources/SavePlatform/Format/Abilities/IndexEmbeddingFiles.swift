/// A format some of whose indexes show what is said in files beside those that they list.
///
/// A second protocol beside `RepositoryFormat`. The platform fetches the files as it fetches any: from disk, from a member
/// of a group, from an upstream.
public protocol IndexEmbeddingFiles: Sendable {
    /// The files whose bytes rendering an index takes, in `RenderContext.documents`. One that cannot be had is left out, also
    /// where a rule keeps its file from clients: an index that is nothing without it throws then, and the rule's reason is told.
    ///
    /// - Throws: `packageNotFound` where the listing does not have what the index is about.
    func documents(for index: IndexKey, in listing: Listing) throws -> [AssetPath]
}

/// A format some of whose indexes of a package are there, and empty, where the package is not.
///
/// A second protocol beside `RepositoryFormat`. Asked where nothing but hosted repositories could have the package: what an upstream says of one that it does not
/// have is the upstream's to say.
public protocol IndexesWithoutPackages: Sendable {
    /// Whether an index of an unknown package is rendered of an empty listing, and not refused.
    func isThereWithoutPackage(_ index: IndexKey) -> Bool
}

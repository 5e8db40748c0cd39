/// A format whose clients search for packages.
///
/// A second protocol beside `RepositoryFormat`. A search is an index, `IndexKey.search`: `route` says that a request is one,
/// `render` shows `Listing.found`, and for proxies `upstreamRequest` and `listing` ask an upstream and read its answer: of its matches
/// names and attributes count, and in `Listing.assets` stands the version that each shows, by which policies judge whether it is told of.
/// The platform looks for the words, puts members of groups together, and cuts the page (`docs/adr/0026-search-is-an-index.md`).
public protocol PackageSearching: Sendable {
    /// What words are looked for in besides the package's name, out of what is kept with a hosted package; empty for nothing.
    func searchText(of attributes: JSONObject) -> String

    /// What a search shows of a hosted package.
    ///
    /// - Parameter listing: all its files and attributes, as for its own index.
    /// - Returns: nil for a package that has nothing to show.
    func match(_ package: PackageSummary, in listing: Listing) -> PackageMatch?
}

/// A format whose upstreams have root indexes that are too large to be held as they come.
///
/// The platform writes such an index to the disk while it arrives; the format reads it from there, from front to back. A second
/// protocol, because indexes of packages are small (`docs/adr/0019-stream-root-indexes.md`).
public protocol StreamedRootIndex: Sendable {
    /// Reads an upstream's root index: what `listing(from:for: .root)` would give for the same bytes. Blocks.
    ///
    /// - Parameters:
    ///   - file: the document, decoded from any content coding.
    ///   - url: where it came from in the end, after redirects.
    ///   - contentType: the `Content-Type` it was sent with.
    /// - Throws: `upstreamInvalid` when the document is not an index at all, and what `file` throws.
    func root(from file: FileBytes, url: String, contentType: String?) throws -> Listing
}

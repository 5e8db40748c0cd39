internal import SaveCaching
internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What reads of known paths mean, so that a path that is asked for often is decoded and routed once.
///
/// The key is the target of a GET. An entry ends when the catalogue has another version of its repository
/// (`AnswerMemoTests`, `what a path means ends with its repository`). Routing is a pure function of the path and the repository's
/// format, which is why it can be remembered. Whether the caller may read is decided for every request.
struct RouteMemo: Sendable {
    final class Entry: Sendable {
        let repository: Repository
        let route: Route
        let asOf: Timestamp?

        init(repository: Repository, route: Route, asOf: Timestamp?) {
            self.asOf = asOf
            self.repository = repository
            self.route = route
        }
    }

    private let entries: BoundedCache<ByteKey, Entry>

    /// - Parameter size: bytes of paths that are remembered, about.
    init(size: Int) { entries = BoundedCache(limit: size) }

    /// The meaning of a GET of `target`, if it was asked for before and the repository is still the same.
    func entry(for target: [UInt8], in catalogue: CatalogueSnapshot) -> Entry? {
        guard let entry = entries[ByteKey(target)], catalogue.isCurrent(entry.repository) else { return nil }
        return entry
    }

    func remember(_ entry: Entry, for target: [UInt8]) {
        var cost = target.count + 256
        if case .staticDocument(let document) = entry.route { cost += document.bytes.count }
        entries.insert(entry, for: ByteKey(target), cost: cost)
    }
}

internal import SaveAccess
internal import SaveCaching
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// Pages of packages, as they were sent: to the same person, for the same address, while nothing that they show has changed.
///
/// What changes is counted (`ChangeCounters`), settings and rights are another snapshot of the catalogue, and what goes by time, such as `2 minutes ago`
/// and rules about the age of a file, may be a second old.
final class PageMemory: Sendable {
    struct Key: Hashable, Sendable {
        let target: [UInt8]
        /// The address that the reader used, which lines to copy have.
        let origin: String
        /// Of the session; empty for a visitor.
        let session: String
        let times: TimeStyle
    }

    private struct Entry: Sendable {
        let response: HTTPResponse
        let snapshot: CatalogueSnapshot
        let state: PackageState
        let made: UInt64
    }

    private let pages = BoundedCache<Key, Entry>(limit: 32 << 20)
    private let administration: RepositoryAdministration
    private let clock: PlatformClock
    /// Nanoseconds.
    private static let maxAge: UInt64 = 1_000_000_000

    init(_ context: UIContext) {
        administration = context.administration
        clock = context.clock
    }

    func page(_ key: Key, in snapshot: CatalogueSnapshot) -> HTTPResponse? {
        guard let entry = pages[key], entry.snapshot === snapshot, clock.uptime() &- entry.made < Self.maxAge,
            administration.isCurrent(entry.state)
        else { return nil }
        return entry.response
    }

    /// - Parameter state: of the package, taken before anything of it was read.
    func keep(_ response: HTTPResponse, _ key: Key, _ state: PackageState, in snapshot: CatalogueSnapshot) {
        guard response.status == 200, case .bytes(let bytes) = response.body else { return }
        let entry = Entry(response: response, snapshot: snapshot, state: state, made: clock.uptime())
        pages.insert(entry, for: key, cost: bytes.count + key.target.count + 500)
    }
}

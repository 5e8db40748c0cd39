internal import SaveCaching
internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// The listings of large hosted packages, as they were read last, so that a change to one file costs reading one file.
///
/// How readers and writers cooperate so that no change is lost:
/// - A reader takes the package's entry before it looks at the store. An entry that is new is there, empty, before its
///   listing is read; whatever is committed after that is noted in it.
/// - A writer notes its change here after the commit, and before `ChangeCounters` tells anybody.
/// - What is dropped, or pushed out, never comes back: the next reader begins with a new entry.
final class ListingMemory: Sendable {
    struct Key: Hashable, Sendable {
        let repository: Int64
        let package: PackageID
    }

    /// One package's listing, and the files that have changed since it was read.
    final class Entry: Sendable {
        fileprivate struct State {
            var listing: Listing?
            var changes: [AssetPath] = []
            /// Raised with each new listing.
            var generation = 0
        }

        fileprivate let state = Mutex(State())

        /// What is known: with no listing, all has to be read.
        struct Known {
            let listing: Listing?
            let changes: [AssetPath]
            fileprivate let generation: Int
        }

        var known: Known {
            state.withLock { Known(listing: $0.listing, changes: $0.changes, generation: $0.generation) }
        }

        /// Takes a listing that was read after `known` was asked for; of two that were read at a time, the first.
        func update(_ listing: Listing, after known: Known) {
            state.withLock { state in
                guard state.generation == known.generation else { return }
                state.listing = listing
                state.changes.removeFirst(known.changes.count)
                state.generation += 1
            }
        }
    }

    /// More changes than these are not worth being mended one by one.
    private static let maxChanges = 200
    private let entries: BoundedCache<Key, Entry>

    /// - Parameter limit: how many records are kept in all, about.
    init(limit: Int) { entries = BoundedCache(limit: limit) }

    /// The entry of a package, which is made where there is none.
    func entry(_ key: Key) -> Entry {
        if let entry = entries[key] { return entry }
        let entry = Entry()
        return entries.insertIfAbsent(entry, for: key)
    }

    /// Accounts for what an entry holds, or forgets one that is not worth being kept.
    func weigh(_ entry: Entry, _ key: Key, records: Int, isWorthKeeping: Bool) {
        if isWorthKeeping {
            entries.adjust(cost: records, for: key) { $0 === entry }
        } else {
            entries.remove(key) { $0 === entry }
        }
    }

    /// Notes that files of a package have changed; with none named, that anything of it may have.
    func note(_ key: Key, _ paths: [AssetPath]) {
        guard let entry = entries[key] else { return }
        let isMendable = entry.state.withLock { state in
            state.changes += paths
            return !paths.isEmpty && state.changes.count <= Self.maxChanges
        }
        if !isMendable { entries.remove(key) { $0 === entry } }
    }

    /// Forgets all packages of a repository.
    func forget(_ repository: Int64) { entries.removeAll { $0.repository == repository } }
}

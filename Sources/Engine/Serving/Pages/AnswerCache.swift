internal import SaveAccess
internal import SaveCaching
internal import SaveHTTP
internal import SaveRepositories

/// Answers that are given to all callers as long as they hold: the least recently used go first.
///
/// The key is its owner's. An entry ends when its validity does: a change counter, the time of an upstream's index, a time of its own or
/// another version of a repository that it rests on (`RenderingTests`, `FilePolicyTests`).
struct AnswerCache<Key: Hashable & Sendable, Kept: ReadyAnswer>: Sendable {
    private let entries: BoundedCache<Key, Kept>
    private let counters: ChangeCounters
    private let clock: PlatformClock

    /// - Parameter limit: what all entries may cost.
    init(limit: Int, counters: ChangeCounters, clock: PlatformClock) {
        entries = BoundedCache(limit: limit)
        self.counters = counters
        self.clock = clock
    }

    /// The answer of a key, where it holds under a catalogue.
    func current(_ key: Key, in catalogue: CatalogueSnapshot) -> Kept? {
        guard let known = entries[key],
            known.validity.isCurrent(counters: counters, catalogue: catalogue, clock: clock)
        else { return nil }
        return known
    }

    /// The last answer of a key, whether it still holds or not.
    func last(_ key: Key) -> Kept? { entries[key] }

    func insert(_ answer: Kept, for key: Key, cost: Int = 1) { entries.insert(answer, for: key, cost: cost) }

    /// The number of entries and their cost.
    var usage: (count: Int, cost: Int) { entries.usage }
}

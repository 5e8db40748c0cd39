internal import SaveAccess
internal import SaveCaching
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories

/// What an answer is kept by.
protocol AnswerKey: Hashable, Sendable {
    /// As of when the repository is read; nil for now.
    var asOf: Timestamp? { get }
}

/// Answers that are given to all callers as long as they hold: the least recently used go first.
///
/// The key is its owner's. An entry ends when its validity does: a change counter, the time of an upstream's index, a time of its own or
/// another version of a repository that it rests on (`RenderingTests`, `FilePolicyTests`).
struct AnswerCache<Key: AnswerKey, Kept: ReadyAnswer>: Sendable {
    private let present: BoundedCache<Key, Kept>
    /// What is read as of a time, of which callers name as many as they like: it pushes out nothing of now.
    private let past: BoundedCache<Key, Kept>
    private let counters: ChangeCounters
    private let clock: PlatformClock

    /// Of the limit, one part in so many is for what is read as of a time.
    private static var pastParts: Int { 16 }

    /// - Parameter limit: what all entries may cost.
    init(limit: Int, counters: ChangeCounters, clock: PlatformClock) {
        let share = limit / Self.pastParts
        present = BoundedCache(limit: limit - share)
        past = BoundedCache(limit: share)
        self.counters = counters
        self.clock = clock
    }

    /// The answer of a key, where it holds under a catalogue.
    func current(_ key: Key, in catalogue: CatalogueSnapshot) -> Kept? {
        guard let known = last(key),
            known.validity.isCurrent(counters: counters, catalogue: catalogue, clock: clock)
        else { return nil }
        return known
    }

    /// The last answer of a key, whether it still holds or not.
    func last(_ key: Key) -> Kept? { entries(for: key)[key] }

    func insert(_ answer: Kept, for key: Key, cost: Int = 1) {
        entries(for: key).insert(answer, for: key, cost: cost)
    }

    /// The number of entries and their cost.
    var usage: (count: Int, cost: Int) {
        let (present, past) = (present.usage, past.usage)
        return (present.count + past.count, present.cost + past.cost)
    }

    private func entries(for key: Key) -> BoundedCache<Key, Kept> { key.asOf == nil ? present : past }
}

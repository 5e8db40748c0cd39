import SaveCaching
import Foundation
import SaveHTTP
import SavePlatform
import Testing

@Suite struct RecentTableTests {
    @Test func `what was not used for longest goes first, whatever was put in, changed and taken out before`() {
        var random = SystemRandomNumberGenerator()
        var table = RecentTable<Int, Int>(limit: 40)
        var model: [(key: Int, value: Int, cost: Int)] = []  // the one used last comes last
        for step in 0..<20_000 {
            let key = Int.random(in: 0..<30, using: &random)
            let place = model.firstIndex { $0.key == key }
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                #expect(table.remove(key) == place.map { model.remove(at: $0).value })
            case 1:
                #expect(table.peek(key) == place.map { model[$0].value })
            case 2 where step % 50 == 0:
                for key in table.keys.filter({ $0 % 3 == 0 }) { table.remove(key) }
                model.removeAll { $0.key % 3 == 0 }
            case 2, 3, 4:
                #expect(table[key] == place.map { model[$0].value })
                if let place { model.append(model.remove(at: place)) }
            default:
                let cost = Int.random(in: 1...9, using: &random)
                table.insert(step, for: key, cost: cost)
                if let place { model.remove(at: place) }
                model.append((key, step, cost))
                while model.reduce(0, { $0 + $1.cost }) > 40 { model.removeFirst() }
            }
            #expect(table.count == model.count)
            #expect(table.cost == model.reduce(0) { $0 + $1.cost })
        }
    }

    @Test func `an insert gives back what it pushed out`() {
        var table = RecentTable<String, Int>(limit: 3)
        #expect(table.insert(1, for: "a", cost: 1).isEmpty)
        #expect(table.insert(2, for: "b", cost: 2).isEmpty)
        #expect(table.insert(3, for: "c", cost: 3) == [1, 2])
        #expect(table.insert(4, for: "c", cost: 4) == [3])
        #expect(table.count == 0)
    }

    @Test func `an insert into a full table costs the same at 1,000 and at 100,000 entries`() {
        let small = FullCache(1_000)
        let large = FullCache(100_000)
        var best: (small: Int64, large: Int64) = (.max, .max)
        // The least of many short rounds, in turns, by the processor time of this thread: what else runs does not count.
        for _ in 0..<25 {
            best.small = min(best.small, small.processorTime(ofInserts: 200))
            best.large = min(best.large, large.processorTime(ofInserts: 200))
        }
        // Larger tables miss the processor's caches more often; a search through them costs a hundred times as much.
        #expect(best.large < best.small * 20, "\(best)")
    }
}

private final class FullCache {
    private let cache: BoundedCache<Int, Int>
    private var next: Int

    init(_ count: Int) {
        cache = BoundedCache(limit: count)
        next = count
        for key in 0..<count { cache.insert(key, for: key) }
    }

    func processorTime(ofInserts count: Int) -> Int64 {
        let start = Self.now()
        for key in next..<next + count { cache.insert(key, for: key) }
        next += count
        return Self.now() - start
    }

    /// Nanoseconds that this thread has run.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

import SaveCaching
import SaveHTTP
import SavePlatform
import Testing

@Suite struct BoundedCacheTests {
    @Test func `the total cost stays below the limit`() {
        let cache = BoundedCache<Int, String>(limit: 100)
        for number in 0..<1000 { cache.insert("v", for: number, cost: 7) }
        #expect(cache.usage.cost <= 100)
        #expect(cache.usage.count == 14)
        #expect(cache[999] == "v")
    }

    @Test func `what is used stays longer than what is not`() {
        let cache = BoundedCache<Int, Int>(limit: 10)
        for number in 0..<10 { cache.insert(number, for: number) }
        for number in 10..<60 {
            _ = cache[0]
            cache.insert(number, for: number)
        }
        #expect(cache[0] == 0)
    }

    @Test func `a value too large for the cache is not kept, and replaces nothing else`() {
        let cache = BoundedCache<String, Int>(limit: 10)
        cache.insert(1, for: "small", cost: 5)
        cache.insert(2, for: "large", cost: 11)
        #expect(cache["large"] == nil)
        #expect(cache["small"] == 1)
    }

    @Test func `a value that becomes too large drops its earlier self`() {
        let cache = BoundedCache<String, Int>(limit: 10)
        cache.insert(1, for: "page", cost: 5)
        cache.insert(2, for: "page", cost: 11)
        #expect(cache["page"] == nil)
        #expect(cache.usage.cost == 0)
    }
}

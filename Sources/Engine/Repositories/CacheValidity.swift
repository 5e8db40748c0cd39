package import SaveAccess
package import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What an answer depends on.
package struct CacheValidity: Sendable {
    /// A subject as it was when the answer was made.
    package struct Dependency: Sendable {
        package let repository: Repository
        package let version: ChangeCounters.Version
    }

    package var dependencies: [Dependency] = []
    /// The upstreams' indexes that it was made from.
    package var ttls: [UpstreamTTL] = []
    /// `PlatformClock.uptime` after which an upstream should be asked again for a file; nil for never.
    package var validUntil: UInt64?
    /// The upstream could not be asked: this is what it said before.
    package var isStale = false

    package init(
        dependencies: [Dependency] = [], ttls: [UpstreamTTL] = [], validUntil: UInt64? = nil, isStale: Bool = false
    ) {
        self.dependencies = dependencies
        self.ttls = ttls
        self.validUntil = validUntil
        self.isStale = isStale
    }

    package mutating func merge(_ other: CacheValidity) {
        dependencies += other.dependencies
        ttls += other.ttls.filter { ttl in !ttls.contains { $0 === ttl } }
        validUntil = [validUntil, other.validUntil].compactMap(\.self).min()
        isStale = isStale || other.isStale
    }

    package func merging(_ other: CacheValidity) -> CacheValidity {
        var copy = self
        copy.merge(other)
        return copy
    }

    /// Whether the answer still holds.
    package func isCurrent(counters: ChangeCounters, catalogue: CatalogueSnapshot, clock: PlatformClock) -> Bool {
        holds(counters: counters, clock: clock)
            && dependencies.allSatisfy { catalogue.isCurrent($0.repository) }
    }

    /// Whether the answer still holds, where the catalogue is known to be the same.
    package func holds(counters: ChangeCounters, clock: PlatformClock) -> Bool {
        if validUntil != nil || !ttls.isEmpty {
            let now = clock.uptime()
            if let validUntil, now >= validUntil { return false }
            guard ttls.allSatisfy({ $0.isCurrent(now) }) else { return false }
        }
        return dependencies.allSatisfy { counters.isCurrent($0.version) }
    }

    /// Whether both were found in the same state of all that they rest on: then what was made of one is what would be made
    /// of the other. Until when each holds may differ.
    package func isSameState(as other: CacheValidity) -> Bool {
        isStale == other.isStale && validUntil == other.validUntil
            && dependencies.elementsEqual(other.dependencies) { $0.repository === $1.repository && $0.version == $1.version }
            && ttls.elementsEqual(other.ttls) { $0.key == $1.key && $0.content == $1.content }
    }
}

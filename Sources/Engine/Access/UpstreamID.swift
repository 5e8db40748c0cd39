package import SaveStorage
internal import Synchronization

/// A proxy's upstream as one version of its settings describes it.
///
/// What is remembered of an upstream, and what is on its way from it, belongs to one of these. Once the settings change there is
/// another one, of which nothing is known yet: what was asked of the upstream before is not taken for what this one says.
package struct UpstreamID: Hashable, Sendable {
    package let repository: Int64
    /// Another number for each version of the settings that decide what an upstream is asked and what its answers mean.
    private let version: UInt64
    /// Raised whenever everything that is remembered of the repository's upstream is forgotten (`UpstreamMemory.forget`).
    package var round: UInt64 = 0

    private static let last = Atomic<UInt64>(0)

    /// Another one than all before.
    package static func new(of repository: Int64) -> UpstreamID {
        UpstreamID(repository: repository, version: last.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private init(repository: Int64, version: UInt64) {
        self.repository = repository
        self.version = version
    }
}

extension RepositoryRecord {
    /// Whether the repository's upstream is at the same place, with the same settings of the format, as in another version of
    /// the record. What was found there, and what came from there, is the same in both.
    package func hasSamePlace(as other: RepositoryRecord) -> Bool {
        proxy.remoteURL == other.proxy.remoteURL && settings == other.settings
    }

    /// Whether the upstream is also asked in the same way, as the same user, and its answers mean the same for as long.
    package func hasSameUpstream(as other: RepositoryRecord) -> Bool {
        var (own, others) = (proxy, other.proxy)
        // That is found out, and not set.
        own.resolvedURL = nil
        others.resolvedURL = nil
        return own == others && settings == other.settings
    }
}

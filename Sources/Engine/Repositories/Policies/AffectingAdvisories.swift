package import SaveAdvisories
internal import Synchronization

/// The advisories that affect each version of a package, found out when they are first asked for, and once for all files of the version
/// and all policies.
package final class AffectingAdvisories: Sendable {
    private let found = Mutex<[KeyedVersion: [Advisory]]>([:])
    private let find: @Sendable (KeyedVersion) -> [Advisory]

    package init(_ find: @escaping @Sendable (KeyedVersion) -> [Advisory]) { self.find = find }

    func callAsFunction(_ version: KeyedVersion) -> [Advisory] {
        if let known = found.withLock({ $0[version] }) { return known }
        let advisories = find(version)
        found.withLock { $0[version] = advisories }
        return advisories
    }
}

internal import SavePlatform
internal import Synchronization

/// Versions of large packages in their order, as they were sorted last: a publish adds one, and the other ten thousand have their order already.
///
/// What is remembered decides nothing but how long it takes.
enum VersionOrder {
    private struct Known {
        let sorted: [String]
        let all: Set<String>
    }

    private static let known = Mutex<[MavenName: Known]>([:])

    /// Fewer versions are sorted at once.
    private static let smallestKept = 500
    /// Packages that are remembered; all go when there are more.
    private static let maxPackages = 32
    /// Versions of a package that are remembered.
    private static let maxVersions = 50_000
    /// More new versions are not put in their places one by one.
    private static let maxNew = 64

    /// Versions of a package in ascending order.
    static func sorted(_ versions: Set<String>, of package: MavenName) -> [String] {
        guard versions.count >= smallestKept, versions.count <= maxVersions else { return sorted(versions) }
        let sorted = known.withLock { $0[package] }.flatMap { mended($0, to: versions) } ?? sorted(versions)
        known.withLock { known in
            if known.count >= maxPackages, known[package] == nil { known.removeAll() }
            known[package] = Known(sorted: sorted, all: versions)
        }
        return sorted
    }

    private static func mended(_ known: Known, to versions: Set<String>) -> [String]? {
        var sorted = known.all == versions ? known.sorted : known.sorted.filter(versions.contains)
        guard versions.count - sorted.count <= maxNew else { return nil }
        guard sorted.count < versions.count else { return sorted }
        for version in versions where !known.all.contains(version) {
            let key = Key(version)
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if Key(sorted[middle]) < key { low = middle + 1 } else { high = middle }
            }
            sorted.insert(version, at: low)
        }
        return sorted
    }

    private static func sorted(_ versions: Set<String>) -> [String] { versions.map(Key.init).sorted(by: <).map(\.version) }

    /// A version with what orders it. Of versions that are equal, the text decides.
    private struct Key {
        let version: String
        let key: [UInt8]

        init(_ version: String) {
            self.version = version
            key = ComparableVersion(version)?.key ?? []
        }

        static func < (left: Key, right: Key) -> Bool {
            left.key == right.key
                ? left.version.utf8.lexicographicallyPrecedes(right.version.utf8) : left.key.lexicographicallyPrecedes(right.key)
        }
    }
}

package import SavePlatform
internal import Synchronization

/// Says whether something in a repository has changed since it was looked at.
///
/// A fixed table of counters: what changes raises the counter that its name hashes to, and what was computed remembers
/// the counters it depends on. Names that share a counter cost a computation too many, never one too few.
package final class ChangeCounters: Sendable {
    private static let size = 1 << 16
    /// Counters of whole repositories, behind those of single subjects. Their ids are numbers in a row: few share one.
    private static let repositories = 1 << 12
    private let counters = Mutex([UInt32](repeating: 0, count: ChangeCounters.size + ChangeCounters.repositories))
    /// Learns of every change before it shows in a counter.
    let listings: ListingMemory

    /// - Parameter listingSize: how many records of large packages are kept in memory, about.
    package init(listingSize: Int = 100_000) { listings = ListingMemory(limit: listingSize) }

    /// Something in a repository that answers depend on.
    package enum Subject: Hashable, Sendable {
        case index(IndexKey)
        case asset(AssetPath)
        /// Which sidecars of a package can be had.
        case sidecars(PackageID)
    }

    /// The counters of a subject and of its repository as they were at some moment.
    ///
    /// A version belongs to one look at its subject, and goes with what was made of that look. What is remembered for longer
    /// than that, and looked at again, gets a new version with each look: an old one would never become current again.
    package struct Version: Sendable, Hashable {
        fileprivate let slot: UInt32
        fileprivate let count: UInt32
        fileprivate let repository: UInt32
        fileprivate let repositoryCount: UInt32
    }

    /// The counters of a subject now. Take them before reading what it is about.
    package func version(_ repository: Int64, _ subject: Subject) -> Version {
        let place = slot(repository, subject)
        let whole = slot(ofAll: repository)
        return counters.withLock { counters in
            Version(
                slot: UInt32(place), count: counters[place], repository: UInt32(whole), repositoryCount: counters[whole])
        }
    }

    /// Whether nothing has changed since.
    package func isCurrent(_ version: Version) -> Bool {
        counters.withLock { counters in
            counters[Int(version.slot)] == version.count && counters[Int(version.repository)] == version.repositoryCount
        }
    }

    /// Marks subjects as changed. Call it after the change is committed and before it is acknowledged.
    package func invalidate(_ repository: Int64, _ subjects: some Sequence<Subject>) {
        for case .index(let index) in subjects {
            if let package = index.package { listings.note(.init(repository: repository, package: package), []) }
        }
        raise(repository, subjects)
    }

    private func raise(_ repository: Int64, _ subjects: some Sequence<Subject>) {
        let slots = subjects.map { slot(repository, $0) }
        counters.withLock { counters in
            for slot in slots { counters[slot] &+= 1 }
        }
    }

    /// Marks everything in a repository as changed.
    package func invalidateAll(in repository: Int64) {
        listings.forget(repository)
        let whole = slot(ofAll: repository)
        counters.withLock { $0[whole] &+= 1 }
    }

    /// Marks everything that a change to files of a package touches: the package's pages, the root, the files, and the
    /// directories above them.
    package func invalidate(_ repository: Int64, package: PackageID?, paths: [AssetPath]) {
        var subjects: Set<Subject> = [.index(.root), .index(.directory(nil))]
        if let package {
            subjects.insert(.index(.package(package)))
            listings.note(.init(repository: repository, package: package), paths)
        }
        for path in paths {
            subjects.insert(.asset(path))
            subjects.formUnion(Self.directories(above: path).map { .index(.directory($0)) })
        }
        raise(repository, subjects)
    }

    /// The directories a file is in, the nearest first, without the top.
    package static func directories(above path: AssetPath) -> [AssetPath] {
        var directories: [AssetPath] = []
        var next = path.parent
        while let directory = next {
            directories.append(directory)
            next = directory.parent
        }
        return directories
    }

    private func slot(ofAll repository: Int64) -> Int {
        Self.size + Int(UInt64(bitPattern: repository) % UInt64(Self.repositories))
    }

    private func slot(_ repository: Int64, _ subject: Subject) -> Int {
        var hasher = Hasher()
        hasher.combine(repository)
        switch subject {
        // Every index of a package depends on the package.
        case .index(.custom(_, let package?)): hasher.combine(Subject.index(.package(package)))
        // What a search finds may change with every package, as the root does.
        case .index(.search): hasher.combine(Subject.index(.root))
        default: hasher.combine(subject)
        }
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(Self.size))
    }
}

internal import Synchronization

/// Says whether something in a repository has changed since it was looked at.
///
/// A fixed table of counters: what changes raises the counter that its name hashes to, and what was computed remembers
/// the counters it depends on. Names that share a counter cost a computation too many, never one too few.
package final class RevisionBoard: Sendable {
    private static let size = 1 << 16
    private let counters = Mutex([UInt32](repeating: 0, count: RevisionBoard.size))
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

    /// A counter as it was at some moment.
    package struct Stamp: Sendable, Hashable {
        fileprivate let slot: Int
        fileprivate let count: UInt32
    }

    /// The counter of a subject now. Take it before reading what it is about.
    package func stamp(_ repository: Int64, _ subject: Subject) -> Stamp {
        let slot = slot(repository, subject)
        return Stamp(slot: slot, count: counters.withLock { $0[slot] })
    }

    /// Whether nothing has changed since.
    package func isCurrent(_ stamp: Stamp) -> Bool {
        counters.withLock { $0[stamp.slot] } == stamp.count
    }

    /// Marks subjects as changed. Call it after the change is committed and before it is acknowledged.
    package func bump(_ repository: Int64, _ subjects: some Sequence<Subject>) {
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

    /// Marks everything as changed.
    package func bumpAll() {
        listings.forgetAll()
        counters.withLock { counters in
            for slot in counters.indices { counters[slot] &+= 1 }
        }
    }

    /// Marks everything that a change to files of a package touches: the package's pages, the root, the files, and the
    /// directories above them.
    package func bump(_ repository: Int64, package: PackageID?, paths: [AssetPath]) {
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

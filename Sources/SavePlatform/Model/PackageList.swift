/// The packages of a root index: each once, in the order of their ids' bytes.
///
/// An index may have a million of them. Their names lie one behind the other in one buffer, which takes a fifth of what as many
/// texts would, and two lists are merged in one pass.
public struct PackageList: Sendable, RandomAccessCollection, ExpressibleByArrayLiteral {
    private struct Entry {
        let start: UInt32
        let idEnd: UInt32
        /// The same as `idEnd` where the publisher writes the name as the id.
        let end: UInt32
        /// The number of the last change in two halves, which make the entry no larger than it needs to be; 0 for none.
        private var high: UInt32 = 0
        private var low: UInt32 = 0

        var serial: Int64 {
            get { Int64(high) << 32 | Int64(low) }
            set { (high, low) = (UInt32(truncatingIfNeeded: newValue >> 32), UInt32(truncatingIfNeeded: newValue)) }
        }

        var id: Range<Int> { Int(start)..<Int(idEnd) }
        var displayName: Range<Int> { Int(idEnd)..<Int(end) }
        var all: Range<Int> { Int(start)..<Int(end) }

        /// nil past four gigabytes of names, of which no index is left.
        init?(start: Int, id: Int, displayName: Int, serial: Int64) {
            guard let end = UInt32(exactly: start + id + displayName) else { return nil }
            self.start = end - UInt32(id + displayName)
            idEnd = end - UInt32(displayName)
            self.end = end
            self.serial = serial
        }
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    public init() {}
    public init(arrayLiteral elements: PackageSummary...) { self.init(elements) }

    /// Of packages with one id the first counts.
    public init(_ packages: some Sequence<PackageSummary>) {
        var builder = Builder()
        for package in packages { builder.add(package) }
        self = builder.list()
    }

    /// Takes packages in any order, as they are read.
    public struct Builder {
        private var packages = PackageList()
        private var isSorted = true

        public init() {}

        /// Adds a package. Of those with one id the first counts.
        public mutating func add(_ package: PackageSummary) {
            if let last = packages.entries.last {
                let order = PackageList.order(packages.id(last), package.id.name.utf8)
                if order == 0 { return }
                if order > 0 { isSorted = false }
            }
            packages.append(package)
        }

        /// What was added. Call it once.
        public consuming func list() -> PackageList {
            if !isSorted { packages.sort() }
            return packages
        }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { entries.count }

    public subscript(place: Int) -> PackageSummary {
        let entry = entries[place]
        let name = String(decoding: id(entry), as: UTF8.self)
        let displayName = entry.displayName.isEmpty ? name : String(decoding: bytes[entry.displayName], as: UTF8.self)
        return PackageSummary(id: PackageID(normalized: name), displayName: displayName, serial: entry.serial)
    }

    /// Bytes in memory, about.
    public var byteCount: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }

    /// Leaves packages out.
    public mutating func removeAll(where isOut: (PackageSummary) throws -> Bool) rethrows {
        var kept = PackageList()
        for package in self where try !isOut(package) { kept.append(package) }
        self = kept
    }

    /// Forgets the numbers of changes.
    package mutating func removeSerials() {
        for place in entries.indices { entries[place].serial = 0 }
    }

    /// The packages of both lists. Where both have one, it is this list's.
    ///
    /// - Parameter areShared: whether a package is shown as both lists have it: then it changed last when either did, and where
    ///   one of them does not say when, nobody knows.
    package func merging(_ other: PackageList, areShared: Bool = false) -> PackageList {
        if isEmpty { return other }
        if other.isEmpty { return self }
        var merged = PackageList()
        var left = 0
        var right = 0
        while left < count || right < other.count {
            let order =
                left == count ? 1 : right == other.count ? -1 : Self.order(id(entries[left]), other.id(other.entries[right]))
            if order <= 0 {
                merged.append(entries[left], of: self)
                if order == 0 {
                    if areShared {
                        let serials = (entries[left].serial, other.entries[right].serial)
                        merged.setLastSerial(
                            Swift.min(serials.0, serials.1) == 0 ? 0 : Swift.max(serials.0, serials.1))
                    }
                    right += 1
                }
                left += 1
            } else {
                merged.append(other.entries[right], of: other)
                right += 1
            }
        }
        return merged
    }

    // MARK: Bytes

    private func id(_ entry: Entry) -> ArraySlice<UInt8> { bytes[entry.id] }

    private mutating func append(_ package: PackageSummary) {
        let id = package.id.name.utf8
        let name = ASCII.isEqual(package.id.name, package.displayName) ? "".utf8 : package.displayName.utf8
        let made = Entry(start: bytes.count, id: id.count, displayName: name.count, serial: package.serial ?? 0)
        guard let entry = made else { return }
        bytes.append(contentsOf: id)
        bytes.append(contentsOf: name)
        entries.append(entry)
    }

    private mutating func append(_ entry: Entry, of list: PackageList) {
        let moved = Entry(
            start: bytes.count, id: entry.id.count, displayName: entry.displayName.count, serial: entry.serial)
        guard let moved else { return }
        bytes.append(contentsOf: list.bytes[entry.all])
        entries.append(moved)
    }

    private mutating func setLastSerial(_ serial: Int64) {
        if !entries.isEmpty { entries[entries.count - 1].serial = serial }
    }

    /// Most indexes are in order; for others the entries are moved, not the names.
    private mutating func sort() {
        // Of equal ids the one that came first stays, which is the one whose bytes lie first.
        let sorted = entries.sorted { left, right in
            let order = Self.order(id(left), id(right))
            return order == 0 ? left.start < right.start : order < 0
        }
        var distinct: [Entry] = []
        distinct.reserveCapacity(sorted.count)
        for entry in sorted {
            if let last = distinct.last, Self.order(id(last), id(entry)) == 0 { continue }
            distinct.append(entry)
        }
        entries = distinct
    }

    /// Negative where the left comes first, 0 where they are equal.
    private static func order(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Int {
        var others = right.makeIterator()
        for byte in left {
            guard let other = others.next() else { return 1 }
            if byte != other { return byte < other ? -1 : 1 }
        }
        return others.next() == nil ? 0 : -1
    }
}

extension PackageList: Equatable {
    public static func == (left: PackageList, right: PackageList) -> Bool {
        left.count == right.count && left.elementsEqual(right)
    }
}

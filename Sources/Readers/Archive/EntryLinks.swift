/// The links of an archive, none of which may lead out of the archive's top directory.
///
/// Installers refuse such archives when they unpack them (PEP 706), after the name is taken. What is allowed here is what needs
/// no file system to be judged: a target that goes up first and then only down, and no entry that lies behind a link, where
/// going up would start somewhere else.
struct EntryLinks {
    /// The paths of symbolic links as a tree of their segments: to look for all of them takes one walk along a name.
    private var tree: [[ArraySlice<UInt8>: Int]] = [[:]]
    /// The places in the tree where a link ends.
    private var ends: Set<Int> = []

    /// Takes in a symbolic link.
    ///
    /// - Parameters:
    ///   - name: of the link, checked.
    ///   - target: relative to the directory that the link is in.
    /// - Throws: ``ArchiveError`` for a target outside of the top directory.
    mutating func add(_ name: [UInt8], to target: [UInt8]) throws {
        let path = Self.segments(name)
        // Directories between the top one and the link.
        var above = path.count - 2
        var goesDown = false
        var isInside = above >= 0 && target.first != UInt8(ascii: "/") && !target.contains(UInt8(ascii: "\\"))
        for segment in Self.segments(target) where !segment.elementsEqual(".".utf8) {
            if segment.elementsEqual("..".utf8) {
                above -= 1
                isInside = isInside && !goesDown && above >= 0
            } else {
                goesDown = true
            }
        }
        guard isInside else { throw Self.outside(name, target) }
        var place = 0
        for segment in path {
            if let next = tree[place][segment] {
                place = next
            } else {
                tree.append([:])
                tree[place][segment] = tree.count - 1
                place = tree.count - 1
            }
        }
        ends.insert(place)
    }

    /// Checks a hard link, whose target is the name of another entry.
    ///
    /// - Throws: ``ArchiveError`` for a target outside of the top directory.
    static func checkHard(_ name: [UInt8], to target: [UInt8]) throws {
        let path = segments(target).drop { $0.elementsEqual(".".utf8) }
        guard target.first != UInt8(ascii: "/"), !target.contains(UInt8(ascii: "\\")), path.count > 1,
            !path.contains(where: { $0.elementsEqual("..".utf8) }), let top = path.first, let own = segments(name).first,
            top.elementsEqual(own)
        else { throw outside(name, target) }
    }

    /// - Throws: ``ArchiveError`` for an entry that has a link among its directories.
    func check(_ names: some Sequence<[UInt8]>) throws {
        guard !ends.isEmpty else { return }
        for name in names {
            var place = 0
            for segment in Self.segments(name).dropLast() {
                guard let next = tree[place][segment] else { break }
                guard !ends.contains(next) else {
                    throw ArchiveError(
                        "the archive has \(EntryName.shown(name)) behind a link, \(EntryName.shown(name[..<segment.endIndex]))")
                }
                place = next
            }
        }
    }

    private static func segments(_ path: [UInt8]) -> [ArraySlice<UInt8>] { path.split(separator: UInt8(ascii: "/")) }

    private static func outside(_ name: [UInt8], _ target: [UInt8]) -> ArchiveError {
        ArchiveError(
            "the archive has a link \(EntryName.shown(name)) that leads out of its top directory, to \(EntryName.shown(target))")
    }
}

/// The name of an entry, as the bytes that the archive has.
enum EntryName {
    /// Bytes that no system takes for a longer path.
    static let maxBytes = 4096

    /// Checks a name whose bytes may be of any encoding that has ASCII in it.
    ///
    /// - Throws: ``ArchiveError`` for one that would leave the directory it is unpacked to, or that readers read in
    ///   different ways.
    static func check(_ name: [UInt8]) throws {
        let segments = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // An empty segment at the end marks a directory.
        let inner = segments.last?.isEmpty == true ? segments.dropLast() : segments[...]
        guard name.count <= maxBytes, !inner.isEmpty,
            inner.allSatisfy({ !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }),
            name.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") })
        else { throw ArchiveError("the archive has an entry with a name that is not allowed: \(shown(name))") }
    }

    /// The name in a message: on one line, and not too long.
    static func shown(_ name: some Collection<UInt8>) -> String {
        let plain = name.prefix(200).map { $0 >= 0x20 && $0 != 0x7F ? $0 : UInt8(ascii: "?") }
        return "'\(String(decoding: plain, as: UTF8.self))'"
    }
}

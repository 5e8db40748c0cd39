internal import SavePlatform
internal import SaveStorage

/// What is directly in a directory, page by page: what is further down is passed over, not read.
struct DirectoryListing: Sendable {
    struct Entry: Sendable {
        let name: String
        /// nil for a directory.
        let asset: StoredAsset?

        /// What orders it: the beginning of the paths that it stands for.
        var key: String { asset == nil ? name + "/" : name }
    }

    let entries: [Entry]
    /// The key of the last entry, where others follow.
    let next: String?

    /// - Parameters:
    ///   - directory: its path with a slash at the end; empty for the top.
    ///   - sources: the repositories that have it, in the order in which they are asked.
    ///   - after: the key of an entry.
    init(
        of directory: String, in sources: [Int64], after: String?, limit: Int, _ reading: any ContentReading
    ) throws {
        var found: [[UInt8]: Entry] = [:]
        for source in sources {
            for entry in try Self.entries(of: directory, source, after, limit + 1, reading)
            where found[Array(entry.key.utf8)] == nil {
                found[Array(entry.key.utf8)] = entry
            }
        }
        let ordered = found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
        entries = Array(ordered.prefix(limit))
        next = ordered.count > limit ? entries.last?.key : nil
    }

    private static func entries(
        of directory: String, _ source: Int64, _ after: String?, _ limit: Int, _ reading: any ContentReading
    ) throws -> [Entry] {
        var found: [Entry] = []
        var place = try after.map { try self.place(behind: directory + $0) }
        // Directories are passed over one by one, files come in one piece.
        var batch = limit
        while found.count < limit {
            let assets = try reading.assets(source, under: directory, after: place, limit: batch)
            var isPassed = false
            for asset in assets {
                let rest = asset.record.path.text.utf8.dropFirst(directory.utf8.count)
                if let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
                    let name = String(Substring(rest[..<slash]))
                    found.append(Entry(name: name, asset: nil))
                    place = try self.place(behind: directory + name + "/")
                    isPassed = true
                    break
                }
                found.append(Entry(name: String(Substring(rest)), asset: asset))
                place = asset.record.path
                if found.count == limit { break }
            }
            if !isPassed, assets.count < batch { break }
            batch = isPassed ? 2 : limit
        }
        return found
    }

    /// The last place that belongs to an entry: of a directory behind all that is in it.
    private static func place(behind key: String) throws -> AssetPath {
        try AssetPath(key.utf8.last == UInt8(ascii: "/") ? key + "\u{10FFFF}" : key)
    }
}

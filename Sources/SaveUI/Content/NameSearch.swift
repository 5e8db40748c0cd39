internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Packages by a part of their names, in repositories of any size: names that begin with the text are found at once, and of the others so many
/// are looked at as a page has time for. The rest is looked at from there on.
struct NameSearch: Sendable {
    /// The repositories, by their ids.
    let places: [Int64]
    let text: String

    /// As it was written, and in small letters, which is how most formats write keys.
    private var spellings: [String] { Array(Set([text, ASCII.lowercased(text)])).sorted() }

    /// Names that are looked at in one transaction: others get their turn between two.
    var window = 5_000
    /// Nanoseconds.
    private static let longest: UInt64 = 15_000_000

    /// Whether a page that begins to look now has time to go on.
    static func patience(_ call: PageCall) -> @Sendable () -> Bool {
        let (clock, begun) = (call.context.clock, call.context.clock.uptime())
        return { clock.uptime() &- begun < longest }
    }

    private func isBeginning(of name: String) -> Bool { spellings.contains { name.utf8.starts(with: $0.utf8) } }

    /// The first packages whose names begin with the text, in the order of names.
    func beginning(after start: PackageID? = nil, limit: Int, in reading: any ContentReading) throws -> [PackageRecord] {
        var found: [PackageRecord] = []
        for place in places {
            for spelling in spellings {
                let itself = PackageID(normalized: spelling)
                if start.map({ Self.precedes($0, itself) }) ?? true {
                    found += try reading.package(place, itself).map { [$0] } ?? []
                }
                let begin = [start, itself].compactMap(\.self).max(by: Self.precedes)
                found += try reading.packages(place, after: begin, limit: limit, matching: nil).prefix {
                    $0.id.name.utf8.starts(with: spelling.utf8)
                }
            }
        }
        return Self.merged(found, limit)
    }

    /// Packages whose names contain the text and do not begin with it, in the order of names.
    ///
    /// - Parameters:
    ///   - start: the last name that was looked at already.
    ///   - mayGoOn: whether there is time for more names. One part of them is always looked at.
    /// - Returns: what was found, and the last name that was looked at; nil where there is none behind it.
    func containing(
        after start: PackageID?, limit: Int, in store: any MetadataStore, while mayGoOn: @Sendable () -> Bool
    ) async throws -> (found: [PackageRecord], looked: PackageID?) {
        var found: [PackageRecord] = []
        var position = start
        repeat {
            let wanted = limit - found.count
            let (more, end) = try await store.read { [places, spellings, window, position] reading in
                // Where all places are looked at up to the same name, the next look begins there.
                let end = try places.compactMap { try reading.package($0, place: window, after: position) }.min(by: Self.precedes)
                let more = try places.flatMap { place in
                    try spellings.flatMap {
                        try reading.packages(place, after: position, upTo: end, limit: wanted + 1, matching: $0)
                    }
                }
                return (Self.merged(more, wanted + 1), end)
            }
            let others = more.filter { !isBeginning(of: $0.id.name) }
            found += others.prefix(wanted)
            if others.count > wanted { return (found, found.last?.id ?? position) }
            if more.count > wanted, let last = more.last?.id {
                position = behindBeginnings(last)
            } else {
                guard let end else { return (found, nil) }
                position = end
            }
        } while mayGoOn()
        return (found, position)
    }

    /// The name, or behind all that begin with the text where it is one of them.
    private func behindBeginnings(_ name: PackageID) -> PackageID {
        let spelling = spellings.first { name.name.utf8.starts(with: $0.utf8) }
        return spelling.map { PackageID(normalized: $0 + "\u{10FFFF}") } ?? name
    }

    /// In the order of names, each once: the first place that has it.
    private static func merged(_ packages: [PackageRecord], _ limit: Int) -> [PackageRecord] {
        var seen: Set<[UInt8]> = []
        let each = packages.filter { seen.insert(Array($0.id.name.utf8)).inserted }
        return Array(each.sorted { precedes($0.id, $1.id) }.prefix(limit))
    }

    /// As databases order names: by bytes.
    private static func precedes(_ left: PackageID, _ right: PackageID) -> Bool {
        left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}

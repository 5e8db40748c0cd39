internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// Packages by a part of their names, in all repositories that somebody may read, each with the line that installs it.
enum SearchPage {
    /// Results on a page, and what one repository gives of them at most.
    private static let limit = 50
    private static let perRepository = 20

    private struct Result: Sendable {
        let package: PackageRecord
        let source: Repository
        /// Where a client gets it: a group over the source, or the source itself.
        let entry: Repository
    }

    static func answer(_ call: PageCall) async throws -> PageAnswer {
        if call.session == nil, call.viewer.repositories.isEmpty { throw SaveError.signInForThis }
        let text = call.query["q"] ?? ""
        guard text.utf8.count <= 200 else { throw SaveError.invalid("q", "a search has at most 200 bytes: write less") }
        let found = text.isEmpty ? Found() : try await call.searches.take { try await find(text, call) }
        let results = Array(found.all.prefix(limit))
        let mayGoOn = NameSearch.patience(call)
        var rows: [HTML] = []
        // What a format says of its clients is asked once for each place, not for each package.
        var setUps: [Int64: SetUp] = [:]
        for result in results {
            let entry = result.entry
            let setUp = if let known = setUps[entry.record.id] { known } else { await SetUp(of: entry, call) }
            setUps[entry.record.id] = setUp
            rows.append(row(result, setUp, version: await version(of: result, setUp, while: mayGoOn, call), call))
        }
        var answer = PageAnswer(
            text.isEmpty ? "Search" : "\(text) in all repositories",
            main: """
                <div class="head"><h1>Search</h1><p>\(summary(text, results.count, isPartial: found.isPartial))</p></div>
                <ul class="results">
                \(rows)
                </ul>
                \(results.isEmpty && !text.isEmpty ? await AskUpstreams.html(text, call) : "")
                """)
        answer.searched = text
        return answer
    }

    private static func summary(_ text: String, _ count: Int, isPartial: Bool) -> HTML {
        if text.isEmpty { return "Write a part of a package's name into the box above." }
        if isPartial {
            return
                "\(Figures.several(count, "package")) whose name begins with <strong>\(text)</strong>, or contains it. There may be more: write how the name begins."
        }
        if count == 0 {
            return
                "No package whose name contains <strong>\(text)</strong> is in a repository that you may read. A proxy shows what was asked for through it."
        }
        return count < limit
            ? "\(Figures.several(count, "package")) whose name contains <strong>\(text)</strong>."
            : "The first \(count) packages whose name contains <strong>\(text)</strong>. Write more of the name to see others."
    }

    /// The very name first, then names that begin so, then those that contain it, as far as there is time.
    private static func find(_ text: String, _ call: PageCall) async throws -> Found {
        let places = entries(call.viewer)
        var found = Found()
        for (source, entry) in places {
            // A format that fails has no such name.
            let name = (try? await source.naming?.ask { $0.package(named: text) }) ?? nil
            let search = NameSearch(places: [source.record.id], text: text)
            let (exact, beginning) = try await read(source, entry, call) { reading in
                (
                    try [name].compactMap(\.self).compactMap { try reading.package(source.record.id, $0) },
                    try search.beginning(limit: perRepository, in: reading)
                )
            }
            found.add(exact, to: \.exactly, source, entry)
            found.add(beginning, to: \.beginning, source, entry)
            if beginning.count == perRepository { found.isPartial = true }
        }
        let mayGoOn = NameSearch.patience(call)
        for (source, entry) in places where found.all.count < limit {
            guard mayGoOn() else {
                found.isPartial = true
                break
            }
            let (some, looked) = try await NameSearch(places: [source.record.id], text: text).containing(
                after: nil, limit: perRepository, in: call.context.store, while: mayGoOn)
            if looked != nil { found.isPartial = true }
            let (_, containing) = try await read(source, entry, call) { _ in ([], some) }
            found.add(containing, to: \.containing, source, entry)
        }
        return found
    }

    /// Reads packages of one repository, in a transaction of its own, so that others get their turn between two; what its entry does not give
    /// out is left out.
    private static func read(
        _ source: Repository, _ entry: Repository, _ call: PageCall,
        _ body: @escaping @Sendable (any MetadataReading) throws -> ([PackageRecord], [PackageRecord])
    ) async throws -> ([PackageRecord], [PackageRecord]) {
        let viewer = call.viewer
        let (first, second) = try await call.context.store.read { reading in
            let shown: (PackageRecord) throws -> Bool = { try isShown($0.id, from: source, in: entry, viewer, reading) }
            let (first, second) = try body(reading)
            return (try first.filter(shown), try second.filter(shown))
        }
        let owned = try await ownedNearby((first + second).map(\.id), from: source, in: entry, call)
        return (first.filter { !owned.contains($0.id) }, second.filter { !owned.contains($0.id) })
    }

    /// The packages of an upstream that lie in a namespace of which a hosted repository of the entry has something: clients never get
    /// them from there (`docs/adr/0048-namespaces-have-owners.md`).
    private static func ownedNearby(
        _ packages: [PackageID], from source: Repository, in entry: Repository, _ call: PageCall
    ) async throws -> Set<PackageID> {
        guard source.record.kind != .hosted, !packages.isEmpty, entry.record.kind == .group, entry.record.group.policy != .union,
            let naming = source.format.cast({ $0 as? any PackageNamespaces })
        else { return [] }
        let owners = call.viewer.leaves(of: entry).filter { $0.record.kind == .hosted }.map(\.record.id)
        guard !owners.isEmpty else { return [] }
        // Nothing is shown of an upstream while nobody can say whose the names are.
        guard let namespaces = try? await naming.ask({ format in packages.map { ($0, format.namespaces(of: $0)) } }) else {
            return Set(packages)
        }
        return try await call.context.store.read { reading in
            let owned = try namespaces.filter { _, namespaces in
                try owners.contains { owner in
                    try namespaces.contains { namespace in
                        let first = PackageID(normalized: namespace)
                        let next = try reading.packages(owner, after: first, limit: 1, matching: nil).first?.id
                        // What was deleted keeps its namespace, too.
                        let retired = try reading.packagesOfRetiredNames(owner, after: first, limit: 1).first
                        return [next, retired].compactMap(\.self).contains { $0.name.utf8.starts(with: namespace.utf8) }
                    }
                }
            }
            return Set(owned.map(\.0))
        }
    }

    /// What a search has found so far.
    private struct Found {
        var exactly: [Result] = []
        var beginning: [Result] = []
        var containing: [Result] = []
        /// There was no time to look at all names.
        var isPartial = false
        /// Of members of one group, the first that has a name answers for it.
        private var taken: Set<[UInt8]> = []

        var all: [Result] { exactly + beginning + containing }

        mutating func add(
            _ packages: [PackageRecord], to list: WritableKeyPath<Found, [Result]>, _ source: Repository, _ entry: Repository
        ) {
            for package in packages where taken.insert(Array("\(entry.record.id) \(package.id.name)".utf8)).inserted {
                self[keyPath: list].append(Result(package: package, source: source, entry: entry))
            }
        }
    }

    /// Whether the entry gives the name out as this source has it: what somebody here has, or could have alone, is never shown as a
    /// stranger's.
    private static func isShown(
        _ package: PackageID, from source: Repository, in entry: Repository, _ viewer: Viewer, _ reading: any MetadataReading
    ) throws -> Bool {
        guard source.record.kind != .hosted else { return true }
        let leaves = viewer.leaves(of: entry, for: package)
        guard leaves.contains(where: { $0.record.id == source.record.id }) else { return false }
        if entry.record.kind == .group, entry.record.group.policy == .union { return true }
        for owner in leaves where owner.record.kind == .hosted {
            // Names of deleted packages stay with their owner, too.
            if try reading.package(owner.record.id, package) != nil
                || !reading.retiredNames(owner.record.id, package: package).isEmpty
            {
                return false
            }
        }
        return true
    }

    /// Each hosted and proxy repository once, in the order in which groups ask them, with the place that clients are pointed at.
    private static func entries(_ viewer: Viewer) -> [(source: Repository, entry: Repository)] {
        let all = viewer.repositories
        var found: [(Repository, Repository)] = []
        var seen: Set<Int64> = []
        for group in all where group.record.kind == .group {
            for leaf in viewer.leaves(of: group) where seen.insert(leaf.record.id).inserted { found.append((leaf, group)) }
        }
        for leaf in all where leaf.record.kind != .group && seen.insert(leaf.record.id).inserted { found.append((leaf, leaf)) }
        return found
    }

    /// The newest version, where clients install nothing without one; nil where they do, or where there is no time to find it out.
    private static func version(of result: Result, _ setUp: SetUp, while mayGoOn: () -> Bool, _ call: PageCall) async -> String? {
        guard setUp.installers(of: nil).isEmpty, !setUp.installers(of: "1").isEmpty, mayGoOn() else { return nil }
        return try? await PackagePage.facts(of: result.package.id, in: result.entry, call, refresh: false).newest?.version
    }

    private static func row(_ result: Result, _ setUp: SetUp, version: String?, _ call: PageCall) -> HTML {
        let name = result.package.displayName
        let line = setUp.installers(of: version).first.flatMap { setUp.line(for: $0, package: name, version: version) }
        let kind = result.source.record.kind == .hosted ? Parts.badge("hosted here", .ok) : Parts.badge("from an upstream")
        return """
            <li><h2><a href="\(call.links.package(result.package.id.name, in: result.entry))">\(name)</a></h2> \
            \(Parts.badge(result.entry.descriptor.displayName)) \(kind) <span class="faint small">in \
            <a href="\(call.links.repository(result.entry))">\(result.entry.record.coordinates)</a>, \
            changed \(Parts.time(result.package.updated, now: call.now))</span>\(line.map(Parts.copy))</li>
            """
    }
}

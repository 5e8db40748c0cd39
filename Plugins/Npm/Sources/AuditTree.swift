internal import SavePlatform

/// The packages of a tree that clients have audited, as in a lock file: each below `dependencies` of the package that it is installed for, with
/// `requires` for what it needs from there or from further up. yarn 3 sends all packages in one level.
struct AuditTree {
    struct Package {
        let name: String
        let version: String
        let isDevelopment: Bool
        let isOptional: Bool
        let isBundled: Bool
        fileprivate let parent: Int
        fileprivate var requires: [String]
        fileprivate var children: [String: Int] = [:]
        /// The package by which it is reached from the root, and the first one on that way.
        fileprivate var cause: Int?
        fileprivate var top: Int?
    }

    /// The root first, which is the project itself.
    private var nodes: [Package] = []

    /// A way of more packages is told by its beginning and its end.
    private static let maxNames = 20

    /// Places of packages; a large project has some ten thousand.
    static let maxPlaces = 50_000

    /// - Throws: `invalidRequest` for a tree of more places.
    init(_ question: JSONObject) throws {
        try add(question, named: "", below: 0)
        // A client that does not say what the project needs means all that is there.
        if question["requires"]?.object == nil { nodes[0].requires = nodes[0].children.keys.sorted() }
        findWays()
    }

    /// All packages, without the project.
    var packages: Range<Int> { 1..<nodes.count }
    subscript(index: Int) -> Package { nodes[index] }

    /// The versions of each name, each once.
    var versions: [String: [String]] {
        var versions: [String: Set<String>] = [:]
        for package in nodes.dropFirst() { versions[package.name, default: []].insert(package.version) }
        return versions.mapValues { $0.sorted() }
    }

    /// A shortest way from a dependency of the project to a package, in the form of npm: `a>b>c`.
    func path(to index: Int) -> String {
        var names: [String] = []
        var position: Int? = index
        while let place = position, place > 0, names.count < Self.maxNames {
            names.append(nodes[place].name)
            position = nodes[place].cause ?? nodes[place].parent
        }
        if let place = position, place > 0, let top = nodes[place].top { names.append(nodes[top].name) }
        return names.reversed().joined(separator: ">")
    }

    /// - Parameter object: no deeper than the reader of JSON goes.
    /// - Throws: `invalidRequest` where there are too many places.
    private mutating func add(_ object: JSONObject, named name: String, below parent: Int) throws {
        let place = nodes.count
        guard place <= Self.maxPlaces else {
            throw SaveError(
                .invalidRequest,
                "the tree has packages at more than \(Self.maxPlaces) places: audit the parts of the project by themselves")
        }
        nodes.append(
            Package(
                name: name, version: object["version"]?.string ?? "", isDevelopment: object["dev"]?.bool ?? false,
                isOptional: object["optional"]?.bool ?? false, isBundled: object["bundled"]?.bool ?? false, parent: parent,
                requires: (object["requires"]?.object?.members ?? []).map(\.key)))
        for member in object["dependencies"]?.object?.members ?? [] {
            guard let child = member.value.object else { continue }
            nodes[place].children[member.key] = nodes.count
            try add(child, named: member.key, below: place)
        }
    }

    /// Goes through what is needed, the nearest to the project first.
    private mutating func findWays() {
        var queue = [0]
        var position = 0
        while position < queue.count {
            let place = queue[position]
            position += 1
            for name in nodes[place].requires {
                guard let found = provider(of: name, for: place), found != 0, nodes[found].cause == nil else { continue }
                nodes[found].cause = place
                nodes[found].top = place == 0 ? found : nodes[place].top
                queue.append(found)
            }
        }
    }

    /// The package of a name that another one gets: its own, or the nearest further up.
    private func provider(of name: String, for place: Int) -> Int? {
        var place = place
        while true {
            if let found = nodes[place].children[name] { return found }
            guard place > 0 else { return nil }
            place = nodes[place].parent
        }
    }
}

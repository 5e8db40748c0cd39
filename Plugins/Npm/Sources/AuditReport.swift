internal import SavePlatform
internal import SaveVersions

/// What older clients are told of a tree: the advisories about it, where each package is in it, and how many there are. yarn 1 goes by
/// `actions`, yarn 3 by `advisories`, and both by the counts in `metadata`.
struct AuditReport {
    /// A version of a package, with all its places: what is decided of it is decided once for all of them.
    private struct Installed {
        let version: String
        let key: [UInt8]?
        let places: [Int]
        let isDevelopment: Bool
        let isOptional: Bool
        let isBundled: Bool

        init(_ version: String, at places: [Int], in tree: AuditTree) {
            self.version = version
            key = SemanticVersion(npm: version)?.key
            self.places = places
            isDevelopment = places.allSatisfy { tree[$0].isDevelopment }
            isOptional = places.allSatisfy { tree[$0].isOptional }
            isBundled = places.allSatisfy { tree[$0].isBundled }
        }
    }

    private static let severities = ["info", "low", "moderate", "high", "critical"]

    private var advisories: [(String, JSONValue)] = []
    private var actions: [JSONValue] = []
    private var counts: [String: Int64] = [:]
    private let packages: Int64
    private var used: Set<String> = []
    private var told = 0

    /// So many places are told; all are counted.
    private static let maxPlaces = 20_000

    /// - Parameter found: the advisories of each name, of which one affects at least one version in the tree.
    init(on tree: AuditTree, _ found: [String: [JSONObject]]) {
        packages = Int64(tree.packages.count)
        var places: [String: [Int]] = [:]
        for index in tree.packages where found[tree[index].name]?.isEmpty == false {
            places[tree[index].name, default: []].append(index)
        }
        for (name, indexes) in places.sorted(by: { $0.key < $1.key }) {
            var resolves: [JSONValue] = []
            let installed = Dictionary(grouping: indexes) { tree[$0].version }.map { Installed($0.key, at: $0.value, in: tree) }
                .sorted { $0.version < $1.version }
            for advisory in found[name] ?? [] { add(advisory, about: name, installed, of: tree, &resolves) }
            // What would mend it is the client's to find out, which knows what its project takes.
            if !resolves.isEmpty {
                actions.append(["action": "review", "module": .string(name), "resolves": .array(resolves)])
            }
        }
    }

    private mutating func add(
        _ advisory: JSONObject, about name: String, _ installed: [Installed], of tree: AuditTree, _ resolves: inout [JSONValue]
    ) {
        let versions = VulnerableVersions(advisory["affected"]?.array ?? [])
        var notice = Audit.notice(of: advisory)
        guard var id = notice["id"]?.string, let severity = notice["severity"]?.string else { return }
        // One advisory may be about several packages, and clients find each by its id.
        if !used.insert(id).inserted { id += " " + name }
        notice["id"] = .string(id)
        // Affected versions are those that the engine counted; the range says which of several.
        let inRange = installed.filter { $0.key.map(versions.contains(key:)) ?? false }
        let affected = inRange.isEmpty ? installed : inRange
        var findings: [JSONValue] = []
        for version in affected {
            let shown = version.places.prefix(max(0, Self.maxPlaces - told))
            told += shown.count
            for index in shown {
                let package = tree[index]
                resolves.append([
                    "id": .string(id), "path": .string(tree.path(to: index)), "dev": .bool(package.isDevelopment),
                    "optional": .bool(package.isOptional), "bundled": .bool(package.isBundled),
                ])
            }
            findings.append([
                "version": .string(version.version), "paths": .array(shown.map { .string(tree.path(to: $0)) }),
                "dev": .bool(version.isDevelopment), "optional": .bool(version.isOptional), "bundled": .bool(version.isBundled),
            ])
        }
        counts[severity, default: 0] += Int64(affected.reduce(0) { $0 + $1.places.count })
        let patched = versions.patched
        notice["module_name"] = .string(name)
        notice["findings"] = .array(findings)
        notice["patched_versions"] = .string(patched ?? "<0.0.0")
        notice["recommendation"] = .string(
            patched.map { "Upgrade to a version in \($0)" } ?? "No version is named as fixed: use another package")
        notice["overview"] = notice["title"]
        notice["access"] = "public"
        advisories.append((id, .object(notice)))
    }

    var json: JSONValue {
        let vulnerabilities = Self.severities.map { ($0, JSONValue.integer(counts[$0] ?? 0)) }
        return [
            "actions": .array(actions), "advisories": .object(JSONObject(advisories)), "muted": [],
            "metadata": [
                "vulnerabilities": .object(JSONObject(vulnerabilities)), "dependencies": .integer(packages), "devDependencies": 0,
                "optionalDependencies": 0, "totalDependencies": .integer(packages),
            ],
        ]
    }
}

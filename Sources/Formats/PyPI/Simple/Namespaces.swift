internal import SavePlatform

/// The namespaces of a repository (PEP 752, API 1.5), made of the names that it reserves.
///
/// `acme-*` is the namespace `acme`: what is reserved with a star, without the hyphen before it. A name that is reserved by itself is
/// no namespace, and neither is what no project can be called. A repository without namespaces does not claim to have the API.
struct Namespaces {
    private struct Grant {
        let name: String
        /// What the names that are reserved begin with.
        let beginning: String
        let project: String
        let isOwned: Bool

        func covers(_ package: PackageID) -> Bool { package.name.utf8.starts(with: beginning.utf8) }
    }

    /// In the order of their names, each once.
    private let grants: [Grant]
    /// Names that are reserved by themselves.
    private let names: Set<String>

    static let list = IndexKey.document("namespaces")
    private static let detailPrefix = "namespace/"

    static func detail(_ name: String) -> IndexKey { .document(detailPrefix + name) }

    init(_ context: RenderContext) {
        var grants: [String: Grant] = [:]
        var names: Set<String> = []
        for member in context.reservedNames.members {
            guard member.key.utf8.last == UInt8(ascii: "*") else {
                names.insert(member.key)
                continue
            }
            let beginning = String(Substring(member.key.utf8.dropLast()))
            let name = beginning.utf8.last == UInt8(ascii: "-") ? String(Substring(beginning.utf8.dropLast())) : beginning
            guard ProjectName.normalized(name)?.name == name, grants[name] == nil, let facts = member.value.object,
                let project = facts["project"]?.string
            else { continue }
            grants[name] = Grant(
                name: name, beginning: beginning, project: project, isOwned: facts["owned"] == true)
        }
        self.grants = grants.values.sorted { $0.name < $1.name }
        self.names = names
    }

    var isEmpty: Bool { grants.isEmpty }

    /// What a project's page says: the namespaces that it is in, or that it is in none.
    func value(of package: PackageID) -> JSONValue {
        let found = grants.filter { grant in
            grant.covers(package) || grant.name == package.name && names.contains(package.name)
        }
        guard !found.isEmpty else { return .null }
        return .array(found.map { ["name": .string($0.name), "owned": .bool($0.isOwned)] })
    }

    /// - Throws: `notFound` for a namespace that there is not, and where there are none.
    func document(_ key: IndexKey) throws -> [UInt8] {
        guard !isEmpty else { throw SaveError(.notFound, "this repository reserves no namespaces: an owner sets reserved_names") }
        var document: JSONObject = ["meta": ["api-version": "1.5"]]
        if key == Self.list {
            document["namespaces"] = .array(grants.map { .object(members(of: $0)) })
        } else {
            guard let grant = grants.first(where: { Self.detail($0.name) == key }) else {
                throw SaveError(.notFound, "there is no such namespace: simple/namespaces lists those there are")
            }
            for member in members(of: grant).members { document[member.key] = member.value }
        }
        return JSONValue.object(document).bytes
    }

    private func members(of grant: Grant) -> JSONObject {
        let above = grants.filter { grant.name.utf8.starts(with: "\($0.name)-".utf8) }
        let below = grants.filter { $0.name.utf8.starts(with: "\(grant.name)-".utf8) }
        return [
            "name": .string(grant.name), "parent": JSONValue(above.max { $0.name.utf8.count < $1.name.utf8.count }?.name),
            "children": .array(below.map { .string($0.name) }), "owner": .string(grant.project),
        ]
    }
}

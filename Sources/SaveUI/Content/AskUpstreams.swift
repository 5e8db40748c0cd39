internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage

/// Where a package could come from that nobody has asked for yet: the ways to its page in the repositories that have an upstream.
enum AskUpstreams {
    private static let most = 10

    /// - Parameter name: as somebody searched for it.
    /// - Returns: nothing where no repository takes the name, and for visitors, who ask no upstream.
    static func html(_ name: String, _ call: PageCall) async -> HTML {
        guard call.session != nil else { return "" }
        var links: [HTML] = []
        for entry in entries(call.viewer) where links.count < most {
            // A format that fails takes no name.
            guard let package = try? await entry.naming?.ask({ format in format.package(named: name) }) else { continue }
            links.append(
                "<li><a href=\"\(call.links.package(package.name, in: entry))\">\(name) in \(entry.record.coordinates)</a></li>")
        }
        return links.isEmpty ? "" : "<p>Nobody has asked an upstream for it yet. It may be there:</p><ul>\(links)</ul>"
    }

    /// Groups over an upstream, and upstreams that are in no group.
    private static func entries(_ viewer: Viewer) -> [Repository] {
        let all = viewer.repositories.filter { $0.record.online }
        let groups = all.filter { group in
            group.record.kind == .group && viewer.leaves(of: group).contains { $0.record.kind == .proxy }
        }
        let inGroups = Set(groups.flatMap { viewer.leaves(of: $0).map(\.record.id) })
        return groups + all.filter { $0.record.kind == .proxy && !inGroups.contains($0.record.id) }
    }
}

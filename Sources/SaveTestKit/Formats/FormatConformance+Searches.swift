internal import SaveHTTP
public import SavePlatform
internal import SaveStorage

/// The rules of `PackageSearching`.
extension FormatConformance {
    func searching(_ format: any RepositoryFormat) async throws -> [String] {
        guard let searching = format as? any RepositoryFormat & PackageSearching else {
            return searches.isEmpty ? [] : ["a search is given, and the format has none"]
        }
        if searches.isEmpty { return ["has searches, and none is given"] }
        var found: [String] = []
        for search in searches {
            guard case .index(let key, let offers) = try? route(format, .get, search.path), case .search = key else {
                found.append("GET \(search.path) is no search")
                continue
            }
            found += searchRoundTrips(searching, search, key, offers)
        }
        return try await found + searchRepositories()
    }

    /// The keys of the searches that are given, for the rules of all indexes.
    func searchKeys(_ format: any RepositoryFormat) -> [IndexKey] {
        searches.compactMap { search in
            guard case .index(let key, _) = try? route(format, .get, search.path) else { return nil }
            return key
        }
    }

    /// What one repository shows is what a proxy of it reads.
    private func searchRoundTrips(
        _ format: any RepositoryFormat & PackageSearching, _ search: SampleSearch, _ key: IndexKey, _ offers: [MediaType]
    ) -> [String] {
        let package = PackageSummary(id: search.finds, displayName: search.finds.name)
        guard let listing = indexes.first(where: { $0.key == .package(search.finds) })?.listing,
            let match = format.match(package, in: listing)
        else { return ["\(search.path): '\(search.finds)' has nothing to show"] }
        var found: [String] = []
        if match.package.id != search.finds { found.append("\(search.path): shows another package than was found") }
        let results = FoundPackages(matches: [match], total: 1)
        for type in offers {
            let place = "\(search.path) as \(type)"
            let context = RenderContext(basePath: "/x/project/repository/")
            guard let page = try? format.render(key, as: type, from: Listing(found: results), context: context) else {
                found.append("\(place): cannot be rendered")
                continue
            }
            guard abilities.contains(.upstreamIndexes) else { continue }
            let document = UpstreamDocument(
                url: "https://save.example.com/x/project/repository/", contentType: page.type.value, bytes: page.bytes)
            if (try? format.listing(from: document, for: key))?.found.matches != [match] {
                found.append("\(place): other packages are read than were found")
            }
        }
        return found
    }

    /// A hosted repository, its proxy and its group find the same.
    private func searchRepositories() async throws -> [String] {
        guard abilities.contains(.hosted), !uploads.isEmpty else { return [] }
        let platform = try await InMemoryPlatform(type)
        try await platform.add("hosted", .hosted)
        var copies = ["hosted"]
        if abilities.contains(.proxy) {
            try await platform.add("proxy", .proxy, upstream: "hosted")
            copies.append("proxy")
        }
        if abilities.contains(.group) {
            try await platform.add("group", .group, members: ["hosted"])
            copies.append("group")
        }
        func pages(_ search: SampleSearch) async throws -> [String] {
            var pages: [String] = []
            for copy in copies {
                let response = await platform.send(.get, platform.path(of: copy) + search.path.drop { $0 == "/" })
                let text = String(decoding: try await response.body.stream().collect(limit: 1 << 20), as: UTF8.self)
                pages.append(response.status == 200 ? text : "\(response.status) \(text)")
            }
            return pages
        }
        var before: [[String]] = []
        for search in searches { before.append(try await pages(search)) }
        _ = try await publish(to: platform, "hosted")
        var found: [String] = []
        for (search, before) in zip(searches, before) {
            let after = try await pages(search)
            for (copy, (before, after)) in zip(copies, zip(before, after)) {
                if before == after { found.append("GET \(search.path): the \(copy) does not find what was uploaded: \(after)") }
            }
            if Set(after).count > 1 { found.append("GET \(search.path): \(copies) find \(after)") }
        }
        return found
    }
}

/// A search as a client sends it.
public struct SampleSearch: Sendable {
    /// Below the repository, with its query.
    public let path: String
    /// A package of the sample uploads, and of the sample indexes, that it finds.
    public let finds: PackageID

    public init(_ path: String, finds: PackageID) {
        self.path = path
        self.finds = finds
    }
}

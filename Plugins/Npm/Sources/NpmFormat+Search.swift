public import SavePlatform

extension NpmFormat: PackageSearching {
    public func searchText(of attributes: JSONObject) -> String { attributes[SearchEntry.textKey]?.string ?? "" }

    public func match(_ package: PackageSummary, in listing: Listing) -> PackageMatch? {
        SearchEntry.match(package, Packument(of: package.id, listing: listing, origin: ""))
    }

    /// The answer to `GET /-/v1/search`. Save knows nothing of quality and popularity: the order says how well a package fits.
    static func page(_ found: FoundPackages) -> JSONValue {
        let score: JSONValue = ["final": 1, "detail": ["quality": 1, "popularity": 1, "maintenance": 1]]
        let objects = found.matches.map { match -> JSONValue in
            ["package": .object(match.attributes), "score": score, "searchScore": 1]
        }
        return ["objects": .array(objects), "total": .integer(Int64(found.total))]
    }

    /// The query of a search. What else npm sends says how to weigh what Save does not know.
    ///
    /// - Throws: `invalidRequest` naming `text`, `size` or `from`.
    static func search(_ items: QueryItems) throws -> SearchQuery {
        func number(_ name: String, otherwise: Int) throws -> Int {
            guard let text = items[name] else { return otherwise }
            guard text.utf8.allSatisfy(ASCII.isDigit), let number = Int(text) else {
                throw SaveError.invalid(name, "\(name): must be a number, from 0 on")
            }
            return number
        }
        return try SearchQuery(
            text: items["text"] ?? "", from: number("from", otherwise: 0), size: number("size", otherwise: 20))
    }

    static func upstreamSearch(_ query: SearchQuery, at base: String) -> UpstreamRequest {
        let text = ASCII.percentEncoded(query.text)
        return UpstreamRequest(
            url: "\(base)-/v1/search?text=\(text)&size=\(query.size)&from=\(query.from)", accept: MediaType.json.value,
            maxSize: maxSearchBytes)
    }

    /// - Throws: `upstreamInvalid` for what is no answer to a search.
    static func found(in document: UpstreamDocument) throws -> Listing {
        guard let object = (try? JSONValue(parsing: document.bytes))?.object, let objects = object["objects"]?.array else {
            throw SaveError(.upstreamInvalid, "the upstream's answer is not that of a search: check remote_url")
        }
        let entries = objects.prefix(SearchQuery.deepest).compactMap { SearchEntry.shown($0) }
        let total = object["total"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        return Listing(
            assets: entries.map(\.file),
            found: FoundPackages(matches: entries.map(\.match), total: max(total, entries.count)))
    }

    /// Bytes of an upstream's answer to a search.
    private static let maxSearchBytes: Int64 = 4 << 20
}

public import SavePlatform
internal import SaveVersions

extension CargoFormat: PackageSearching {
    public func searchText(of attributes: JSONObject) -> String { attributes[CrateRecord.textKey]?.string ?? "" }

    public func match(_ package: PackageSummary, in listing: Listing) -> PackageMatch? {
        guard let newest = CrateRecord.newest(of: listing.assets), let version = newest.version else { return nil }
        var shown: JSONObject = ["name": .string(package.displayName), "max_version": .string(version)]
        shown["description"] = CrateRecord(newest).about["description"] ?? .null
        return PackageMatch(package: package, attributes: shown)
    }

    /// The query of a search.
    ///
    /// - Throws: `invalidRequest` naming `q`, `per_page` or `page`.
    static func search(_ items: QueryItems) throws -> SearchQuery {
        func number(_ name: String, _ otherwise: Int, _ range: ClosedRange<Int>) throws -> Int {
            guard let text = items[name] else { return otherwise }
            guard text.utf8.allSatisfy(ASCII.isDigit), let number = Int(text), range.contains(number) else {
                throw SaveError.invalid(name, "\(name): must be a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        let size = try number("per_page", 10, 0...100)
        let page = try number("page", 1, 1...1_000_000)
        return try SearchQuery(text: items["q"] ?? "", from: (page - 1) * size, size: size)
    }

    /// The answer to a search.
    static func page(_ found: FoundPackages) -> JSONValue {
        ["crates": .array(found.matches.map { .object($0.attributes) }), "meta": ["total": .integer(Int64(found.total))]]
    }

    /// - Throws: `upstreamInvalid` for what is no answer to a search.
    static func found(in document: UpstreamDocument) throws -> Listing {
        guard let object = (try? JSONValue(parsing: document.bytes))?.object, let crates = object["crates"]?.array else {
            throw SaveError(.upstreamInvalid, "the upstream's answer is not that of a search: check remote_url")
        }
        let matches = crates.prefix(SearchQuery.deepest).compactMap { shown -> PackageMatch? in
            guard let shown = shown.object, let name = shown["name"]?.string.flatMap(CrateName.init),
                let version = shown["max_version"]?.string, SemanticVersion(crate: version) != nil
            else { return nil }
            let description = shown["description"]?.string.map { CrateRecord.cut($0) }
            return PackageMatch(
                package: PackageSummary(id: name.package, displayName: name.text),
                attributes: [
                    "name": .string(name.text), "max_version": .string(version), "description": JSONValue(description),
                ])
        }
        let total = object["meta"]?.object?["total"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        return Listing(found: FoundPackages(matches: matches, total: max(total, matches.count)))
    }
}

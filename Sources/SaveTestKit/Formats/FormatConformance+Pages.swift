internal import SavePlatform

/// What pages show, and what is read from them again.
extension FormatConformance {
    func pages(_ format: any RepositoryFormat) -> [String] {
        guard abilities.contains(.indexes) else { return [] }
        var found: [String] = []
        let context = RenderContext(basePath: "/x/project/repository/")
        for (key, listing) in indexes + documentKeys(format).map({ ($0, Listing()) }) {
            let offers = offers(of: key, format)
            if offers.isEmpty { found.append("\(key.text): no path leads to this index") }
            for type in offers {
                let place = "\(key.text) as \(type)"
                guard let page = try? format.render(key, as: type, from: listing, context: context) else {
                    found.append("\(place): cannot be rendered")
                    continue
                }
                if page.type.value != type.value { found.append("\(place): is sent as \(page.type)") }
                if page != (try? format.render(key, as: type, from: listing, context: context)) {
                    found.append("\(place): two pages differ")
                }
                let text = String(decoding: page.bytes, as: UTF8.self)
                for origin in listing.assets.compactMap(\.origin) where text.contains(origin) {
                    found.append("\(place): shows where an upstream keeps a file")
                }
            }
        }
        return found
    }

    func roundTrips(_ format: any RepositoryFormat) -> [String] {
        guard abilities.contains(.indexes), abilities.contains(.upstreamIndexes) else { return [] }
        var found: [String] = []
        for (key, listing) in indexes where isReadUpstream(key, format) {
            for type in offers(of: key, format) {
                let context = RenderContext(basePath: "/x/project/repository/")
                guard let page = try? format.render(key, as: type, from: listing, context: context) else { continue }
                found += roundTrip(format, key, listing, page, "\(key.text) as \(type)")
            }
        }
        return found
    }

    private func roundTrip(
        _ format: any RepositoryFormat, _ key: IndexKey, _ listing: Listing, _ page: Document, _ place: String
    ) -> [String] {
        let document = UpstreamDocument(
            url: "https://save.example.com/x/project/repository/simple/x/", contentType: page.type.value, bytes: page.bytes,
            configuration: configuration(format))
        guard let read = try? format.listing(from: document, for: key) else { return ["\(place): cannot be read again"] }
        var found: [String] = []
        if read.packages.map(\.id) != listing.packages.map(\.id) {
            found.append("\(place): other packages are read than were written")
        }
        let shown = { (listing: Listing) in
            listing.assets.filter { $0.sidecarOf == nil }.map { [$0.path.text, $0.version ?? "", $0.withdrawn?.reason ?? "-"] }
        }
        if shown(read) != shown(listing) { found.append("\(place): other files are read than were written") }
        if read.assets.contains(where: { origin(of: $0, format, configuration(format)) == nil }) {
            found.append("\(place): a file is read without its place")
        }
        return found
    }
}

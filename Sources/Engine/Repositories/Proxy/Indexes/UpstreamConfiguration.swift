internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// What an upstream says of itself, for formats that read such a document (`UpstreamConfigurationReading`). It is asked for, kept and
/// revalidated as an index of the upstream, which no client can ask for.
struct UpstreamConfiguration: Sendable {
    /// What it is kept as.
    static let index = IndexKey.custom("configuration of the upstream", package: nil)

    let known: UpstreamMemory.KnownIndex
    /// Taken before it was looked for.
    let version: ChangeCounters.Version

    var value: JSONObject { known.listing.attributes }

    /// The path of a URL: clients see messages with it, and may not know who the upstream is.
    static func path(_ url: String) -> String {
        let parts = URLReference.shown(url).utf8.split(
            separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        return parts.count == 4 ? "/" + String(Substring(parts[3])) : "/"
    }
}

/// Where an upstream keeps the files that its indexes name without a place.
struct FilePlaces: Sendable {
    /// Bytes. One template makes the URLs of all files, and a long one must not be kept as often as there are files.
    private static let maxURLBytes = 2048

    let base: String
    let configuration: UpstreamConfiguration?

    /// What a document says: of an index, or of the upstream itself.
    ///
    /// - Throws: what the format throws, and `upstreamInvalid` for more than is believable.
    func listing(in document: UpstreamDocument, of index: IndexKey, by format: any RepositoryFormat) throws -> Listing {
        if index == UpstreamConfiguration.index, let format = format as? any UpstreamConfigurationReading {
            return Listing(attributes: try format.configuration(from: document))
        }
        let listing = try format.listing(from: document, for: index).verified()
        guard let format = format as? any FileLocating else { return listing }
        return filling(listing, by: format)
    }

    /// An index with the places of its files, as far as there are any: what is wrong with one is told to clients that ask for the file.
    private func filling(_ listing: Listing, by format: any FileLocating) -> Listing {
        var filled = listing
        for place in listing.assets.indices where listing.assets[place].origin == nil {
            filled.assets[place].origin = (try? location(of: listing.assets[place], by: format)) ?? nil
        }
        return filled
    }

    /// The URL of a file; nil where the upstream does not have it.
    ///
    /// - Throws: `upstreamInvalid` for what is no http or https URL, and what the format throws.
    func location(of file: AssetRecord, by format: any FileLocating) throws -> String? {
        let value = configuration?.value ?? JSONObject()
        guard let text = try format.location(of: file, base: base, configuration: value) else { return nil }
        guard text.utf8.count <= Self.maxURLBytes, let url = URLReference.normalized(text), URLOrigin(of: url) != nil else {
            let document = configuration.map { UpstreamConfiguration.path($0.known.row.url) } ?? "index"
            throw SaveError(
                .upstreamInvalid,
                "the upstream's \(document) says that '\(file.path.filename)' is at '\(Self.shown(text))', which is no http or https URL of at most \(Self.maxURLBytes) bytes: check remote_url, or ask its operator to mend that document"
            )
        }
        return url
    }

    /// The beginning of a text that anybody may have written.
    private static func shown(_ text: String) -> String {
        String(decoding: text.utf8.prefix(200).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}

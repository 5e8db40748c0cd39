internal import SaveDigest
internal import SaveHTML
internal import SavePlatform

/// An upstream's page in HTML: anchors, a base and a few metas are all that is read of it.
enum UpstreamHTML {
    private static let maxFiles = 250_000
    private static let maxPackages = 2_000_000
    private static let attributes = [
        "href", "data-requires-python", "data-yanked", "data-core-metadata", "data-dist-info-metadata", "data-size",
        "data-upload-time", "data-provenance", "name", "content", "type",
    ]

    static func listing(_ document: UpstreamDocument, _ index: IndexKey) throws -> Listing {
        guard !document.isWhole || !isCutOff(document.bytes) else {
            throw SaveError(.upstreamInvalid, "the upstream's index is cut off: ask again")
        }
        let package = index.package
        let tags: [HTMLTag]
        do {
            tags = try HTMLTags.read(
                document.bytes, named: ["a", "base", "meta", "input"], attributes: attributes,
                limit: package == nil ? maxPackages : maxFiles)
        } catch { throw SaveError(.upstreamInvalid, "the upstream's index has too many links: check remote_url") }
        let metas = metas(tags)
        if let version = metas["pypi:repository-version"], !version.utf8.starts(with: "1.".utf8) {
            throw SaveError(.upstreamInvalid, "the upstream's index has the unknown version '\(version)': check remote_url")
        }
        guard let package else { return try root(tags, document) }
        var listing = UpstreamListing(package, base: base(of: tags, document))
        for tag in tags where tag.name == "a" {
            if let file = file(tag) { listing.add(file) }
        }
        if listing.assets.isEmpty { try EmptyPage.check(document, of: package) }
        return listing.listing(
            ProjectStatus(marker: metas["pypi:project-status"], reason: metas["pypi:project-status-reason"]))
    }

    /// Whether a page ends within a tag or a link. The parser would make the best of it, and a page without its newest files
    /// would look like any other.
    private static func isCutOff(_ page: [UInt8]) -> Bool {
        guard let open = page.lastIndex(of: UInt8(ascii: "<")) else { return false }
        let tag = page[(open + 1)...]
        guard let first = tag.first, ASCII.isLetter(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "!") else {
            return false
        }
        let isLink = ASCII.lowercased(first) == UInt8(ascii: "a") && tag.dropFirst().first.map { $0 <= 0x20 } ?? true
        return isLink || !tag.contains(UInt8(ascii: ">"))
    }

    private static func root(_ tags: [HTMLTag], _ document: UpstreamDocument) throws -> Listing {
        let ends = tags.filter { $0.name == "a" }.compactMap { $0["href"].flatMap(lastSegment) }
        let files = ends.compactMap { DistributionFilename($0) }
        if !files.isEmpty, files.count * 2 > ends.count { return FlatPage.root(files, at: document.url) }
        if EmptyPage.asksForPassword(tags) { throw EmptyPage.refusal("asks for a password") }
        let directory = URLReference.resolve("./", against: base(of: tags, document)) ?? ""
        var links = PageLinks(base: base(of: tags, document))
        var packages = UpstreamPackages()
        var isEmpty = true
        for tag in tags where tag.name == "a" {
            guard let href = tag["href"], let linked = lastSegment(href), ProjectName.normalized(linked) != nil else { continue }
            let name = trimmed(tag.text)
            // PEP 503: the text is the name, and the link leads to it. Lists of directories show `name/`. Where the text is
            // something else, a folder in this one is a package all the same.
            if ProjectName.normalized(name) == ProjectName.normalized(linked) {
                packages.add(name)
            } else if href.utf8.last == UInt8(ascii: "/"),
                links.resolve(href)?.utf8.elementsEqual((directory + linked + "/").utf8) ?? false
            {
                packages.add(linked)
            } else {
                continue
            }
            isEmpty = false
        }
        if isEmpty, !files.isEmpty { return FlatPage.root(files, at: document.url) }
        if isEmpty { try EmptyPage.checkRoot(document) }
        return packages.listing()
    }

    /// The first of each name.
    private static func metas(_ tags: [HTMLTag]) -> [String: String] {
        let pairs = tags.filter { $0.name == "meta" }.compactMap { tag in
            tag["name"].map { (ASCII.lowercased($0), tag["content"] ?? "") }
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private static func base(of tags: [HTMLTag], _ document: UpstreamDocument) -> String {
        let href = tags.first { $0.name == "base" && $0["href"] != nil }?["href"]
        return href.flatMap { URLReference.resolve($0, against: document.url) } ?? document.url
    }

    private static func file(_ tag: HTMLTag) -> UpstreamFile? {
        var file = UpstreamFile(url: "")
        for (name, value) in tag.attributes {
            switch name {
            case "href":
                file.url = value
                file.checksums = fragment(value).map { [$0] } ?? []
            case "data-requires-python": file.requiresPython = value
            // Present and empty is yanked, without a reason.
            case "data-yanked": file.withdrawn = Withdrawal(reason: value)
            // PEP 714's name and PEP 658's: the newer one counts, in whichever order they come.
            case "data-core-metadata":
                file.metadata = CoreMetadata(htmlValue: value)
                file.namesCoreMetadata = true
            case "data-dist-info-metadata" where !file.namesCoreMetadata: file.metadata = CoreMetadata(htmlValue: value)
            case "data-size": file.size = Int64(value).flatMap { $0 >= 0 ? $0 : nil }
            case "data-upload-time": file.published = UpstreamListing.time(value)
            case "data-provenance": file.provenance = value
            default: break
            }
        }
        return file.url.utf8.isEmpty ? nil : file
    }

    /// `#sha256=<hex>`, alone or among other fields; what nobody could verify is dropped.
    private static func fragment(_ href: String) -> Checksum? {
        guard let hash = href.utf8.firstIndex(of: UInt8(ascii: "#")) else { return nil }
        let fields = href.utf8[href.utf8.index(after: hash)...].split(separator: UInt8(ascii: "&"))
        let found = fields.compactMap { field -> Checksum? in
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return UpstreamListing.checksum(
                String(Substring(field[..<equals])), String(Substring(field[field.index(after: equals)...])))
        }
        return found[.sha256] ?? found.first
    }

    /// The last segment of a link's path, decoded; nil for a bad escape.
    static func lastSegment(_ href: String) -> String? {
        var path = Substring(href).utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { path.index(after: $0) } ?? path.startIndex
        return UpstreamListing.decoded(path[start...])
    }

    private static func trimmed(_ text: String) -> String {
        var bytes = Substring(text).utf8
        while let first = bytes.first, first <= 0x20 { bytes.removeFirst() }
        while let last = bytes.last, last <= 0x20 || last == UInt8(ascii: "/") { bytes.removeLast() }
        return String(Substring(bytes))
    }
}

internal import SaveHTML
internal import SavePlatform

/// Tells an index that lists nothing from a page that is no index: a place to sign in, a portal, an error sent with 200.
///
/// Taken for an index, such a page says that every file was taken away, or that there is no such package, after which clients
/// and groups ask somebody else for the name. An index shows what it is: by links to files, by what it calls itself, or by
/// saying nothing at all.
enum EmptyPage {
    private static let words = ["links", "index of", "simple", "directory listing"]
    private static let texts = ["title", "h1", "h2", "h3", "p", "div", "center", "pre", "body", "td", "li", "strong"]
    private static let doers = ["form", "input", "script", "iframe", "frame", "frameset"]
    private static let maxTags = 100_000

    /// Checks a page of a package on which no file of the package is.
    ///
    /// - Throws: `upstreamInvalid` where it is no index.
    static func check(_ document: UpstreamDocument, of package: PackageID) throws {
        let tags = try read(document)
        let links = tags.filter { $0.name == "a" }.compactMap { $0["href"] }.filter { leadsSomewhere($0, document.url) }
        // Files of another package, or of a kind that clients do not know, are links as an index has them.
        if links.contains(where: isFile) { return }
        guard links.isEmpty else { throw refusal("has links, and none of them is a file of a package") }
        try checkParts(tags)
        guard ending(of: document.url) == package else { throw refusal("came from another place than the package's") }
        try checkText(tags, naming: package.name)
    }

    /// Checks a list of packages that lists none.
    ///
    /// - Throws: `upstreamInvalid` where it is no index.
    static func checkRoot(_ document: UpstreamDocument) throws {
        let tags = try read(document)
        let links = tags.filter { $0.name == "a" }.compactMap { $0["href"] }.filter { leadsSomewhere($0, document.url) }
        guard links.isEmpty else { throw refusal("has links, and none of them is a package") }
        try checkParts(tags)
        try checkText(tags, naming: nil)
    }

    /// Whether a page asks for a password, which no index does.
    static func asksForPassword(_ tags: [HTMLTag]) -> Bool {
        tags.contains { $0.name == "input" && $0["type"].map(ASCII.lowercased) == "password" }
    }

    static func refusal(_ why: String) -> SaveError {
        SaveError(.upstreamInvalid, "the upstream sent a page that is not an index: it \(why); check remote_url")
    }

    private static func read(_ document: UpstreamDocument) throws -> [HTMLTag] {
        guard document.bytes.contains(where: { $0 > 0x20 }) else { throw refusal("is empty") }
        do {
            return try HTMLTags.read(
                document.bytes, named: ["a", "meta"] + doers + texts, attributes: ["href", "http-equiv", "type", "name"],
                limit: maxTags)
        } catch { throw refusal("has too many parts, and none of them is a file") }
    }

    private static func checkParts(_ tags: [HTMLTag]) throws {
        if let tag = tags.first(where: { doers.contains($0.name) }) { throw refusal("has a <\(tag.name)>, and no file") }
        if tags.contains(where: { $0.name == "meta" && $0["http-equiv"].map(ASCII.lowercased) == "refresh" }) {
            throw refusal("sends browsers on, and has no file")
        }
    }

    /// What an index without files says is its name, or nothing.
    private static func checkText(_ tags: [HTMLTag], naming package: String?) throws {
        // PEP 629: a page that says which version of the protocol it speaks is an index.
        if tags.contains(where: { $0.name == "meta" && $0["name"].map(ASCII.lowercased) == "pypi:repository-version" }) { return }
        for tag in tags where texts.contains(tag.name) {
            let text = folded(tag.text)
            guard !text.isEmpty, !words.contains(where: { contains(text, $0) }) else { continue }
            if let package, contains(text, folded(package)) { continue }
            throw refusal("has no file, and its text is not that of an index")
        }
    }

    /// In small letters, with what stands between words as one space: `Foo_Bar` and `foo-bar` are one name.
    private static func folded(_ text: String) -> String {
        let words = text.utf8.split { !ASCII.isAlphanumeric($0) && $0 < 0x80 }
        return ASCII.lowercased(words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard !part.isEmpty, text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }

    /// Whether a link is to more than the page itself or a folder above it, to which lists of directories link.
    private static func leadsSomewhere(_ href: String, _ page: String) -> Bool {
        guard let target = URLReference.resolve(href, against: page) else { return false }
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        let isFolder = path.last == UInt8(ascii: "/")
        return !(page.utf8.starts(with: path) && (isFolder || path.count == page.utf8.count))
    }

    private static func isFile(_ href: String) -> Bool {
        if let hash = href.utf8.firstIndex(of: UInt8(ascii: "#")) {
            let name = href.utf8[href.utf8.index(after: hash)...].prefix { $0 != UInt8(ascii: "=") }
            if ["sha256", "sha512", "sha384", "sha224", "sha1", "md5"].contains(String(Substring(name))) { return true }
        }
        return UpstreamHTML.lastSegment(href).map(DistributionFilename.hasKnownEnding) ?? false
    }

    /// The package whose page a URL is by its last segment, but for the name that static servers give a folder's page.
    private static func ending(of url: String) -> PackageID? {
        guard let last = UpstreamHTML.lastSegment(url) else { return nil }
        guard ["index.html", "index.htm"].contains(ASCII.lowercased(last)) else { return ProjectName.normalized(last) }
        return URLReference.resolve("./", against: url).flatMap(UpstreamHTML.lastSegment).flatMap { ProjectName.normalized($0) }
    }
}

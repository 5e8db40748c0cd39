internal import SaveDigest
internal import SavePlatform

/// The page of a directory: its directories, then its files, each in the order of their bytes.
struct RawDirectory {
    static let offers: [MediaType] = [.html, .json]

    private let path: String
    private let directories: [(name: String, link: String)]
    private let files: [AssetRecord]
    /// Where a name alone does not say what to ask for.
    private let directoryLinks: [String: String]

    init(_ directory: AssetPath?, _ listing: Listing) {
        directoryLinks = listing.directoryLinks
        path = directory.map { $0.text + "/" } ?? ""
        directories = listing.directories.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
            (name, listing.directoryLinks[name] ?? (try? AssetPath(name).link) ?? ASCII.percentEncoded(name))
        }
        files = listing.assets.filter { $0.sidecarOf == nil }.sorted { $0.path < $1.path }
    }

    func document(_ type: MediaType) -> Document {
        Document(type: type, bytes: type.essence == MediaType.json.essence ? json : html)
    }

    private var json: [UInt8] {
        let entries = files.map { file in
            var object: JSONObject = ["name": .string(file.path.filename), "href": .string(file.path.link)]
            object["size"] = file.size.map(JSONValue.integer)
            object["sha256"] = file.checksums[.sha256].map { .string($0.hex) }
            object["published"] = file.published.map { .string($0.rfc3339) }
            return JSONValue.object(object)
        }
        var page: JSONObject = [
            "path": .string(path), "directories": .array(directories.map { .string($0.name) }), "files": .array(entries),
        ]
        if !directoryLinks.isEmpty {
            var links = JSONObject()
            for directory in directories { links[directory.name] = .string(directory.link) }
            page["directory_links"] = .object(links)
        }
        return JSONValue.object(page).bytes + [0x0A]
    }

    private var html: [UInt8] {
        var page = "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>"
        let title = ASCII.htmlEscaped("/" + path)
        page += "\(title)</title>\n</head>\n<body>\n<h1>\(title)</h1>\n<ul>\n"
        if !path.isEmpty { page += "<li><a href=\"../\">../</a></li>\n" }
        for directory in directories { page += item(directory.name + "/", href: directory.link + "/", note: "") }
        for file in files {
            let note = file.size.map { " \($0)" } ?? ""
            page += item(file.path.filename, href: file.path.link, note: note)
        }
        return Array((page + "</ul>\n</body>\n</html>\n").utf8)
    }

    private func item(_ name: String, href: String, note: String) -> String {
        "<li><a href=\"\(ASCII.htmlEscaped(href))\">\(ASCII.htmlEscaped(name))</a>\(note)</li>\n"
    }
}

internal import SaveDigest
internal import SavePlatform

/// The page of a directory: its directories, then its files, each in the order of their bytes.
struct MavenDirectory {
    static let offers: [MediaType] = [.html]

    private let path: String
    private let directories: [String]
    private let files: [AssetRecord]

    init(_ directory: AssetPath?, _ listing: Listing) {
        path = directory.map { $0.text + "/" } ?? ""
        directories = listing.directories.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        files = listing.assets.filter { $0.sidecarOf == nil }.sorted { $0.path < $1.path }
    }

    var html: [UInt8] {
        let title = ASCII.htmlEscaped("/" + path)
        var page =
            "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>\(title)</title>\n</head>\n<body>\n<h1>\(title)</h1>\n<pre>\n"
        if !path.isEmpty { page += "<a href=\"../\">../</a>\n" }
        for name in directories {
            let link = (try? AssetPath(name).link) ?? ASCII.percentEncoded(name)
            page += "<a href=\"\(ASCII.htmlEscaped(link))/\">\(ASCII.htmlEscaped(name))/</a>\n"
        }
        for file in files {
            let note = [file.published?.rfc3339, file.size.map(String.init)].compactMap(\.self).joined(separator: " ")
            page += "<a href=\"\(ASCII.htmlEscaped(file.path.link))\">\(ASCII.htmlEscaped(file.path.filename))</a> \(note)\n"
        }
        return Array((page + "</pre>\n</body>\n</html>\n").utf8)
    }
}

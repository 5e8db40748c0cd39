/// What files are served as, by their extensions. Nothing that a browser runs is among them.
enum MavenContentType {
    static func of(_ fileExtension: String) -> String {
        let last = fileExtension.utf8.lastIndex(of: UInt8(ascii: ".")).map {
            String(Substring(fileExtension.utf8[$0...].dropFirst()))
        }
        return types[last ?? fileExtension] ?? "application/octet-stream"
    }

    private static let types: [String: String] = [
        "pom": "application/xml", "xml": "application/xml", "module": "application/json", "json": "application/json",
        "jar": "application/java-archive", "war": "application/java-archive", "ear": "application/java-archive",
        "aar": "application/java-archive", "zip": "application/zip", "gz": "application/gzip", "tgz": "application/gzip",
        "tar": "application/x-tar", "bz2": "application/x-bzip2", "xz": "application/x-xz",
        "asc": "text/plain; charset=utf-8", "txt": "text/plain; charset=utf-8", "md": "text/plain; charset=utf-8",
    ]
}

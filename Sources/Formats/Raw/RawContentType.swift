internal import SavePlatform

/// What a file is served as, by its name alone.
///
/// Types that a browser could run or render with scripts (HTML, SVG, XML, scripts, style sheets, PDF) are not here on
/// purpose: such files, and those with unknown names, are plain bytes.
enum RawContentType {
    static func of(_ path: AssetPath) -> MediaType {
        let name = path.filename.utf8
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return .bytes }
        let ending = ASCII.lowercased(String(Substring(name[name.index(after: dot)...])))
        if texts.contains(ending) { return .text }
        return types[ending].map { MediaType($0) } ?? .bytes
    }

    private static let texts: Set<String> = [
        "txt", "md", "log", "csv", "yaml", "yml", "toml", "ini", "cfg", "sha256", "sha512", "md5", "asc",
    ]

    private static let types: [String: String] = [
        "json": "application/json",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
        "zip": "application/zip", "jar": "application/java-archive", "whl": "application/zip", "tar": "application/x-tar",
        "gz": "application/gzip", "tgz": "application/gzip", "bz2": "application/x-bzip2", "xz": "application/x-xz",
        "zst": "application/zstd", "7z": "application/x-7z-compressed",
        "deb": "application/vnd.debian.binary-package", "rpm": "application/x-rpm",
    ]
}

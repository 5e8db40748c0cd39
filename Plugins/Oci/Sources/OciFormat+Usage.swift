public import SavePlatform

extension OciFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        let images = Self.prefix(of: url)
        let host = String(Substring(images.utf8.prefix { $0 != UInt8(ascii: "/") }))
        var examples = [
            UsageExample("Sign in", "podman login --username USER --password KEY \(host)", client: "podman"),
            UsageExample("Pull an image", "podman pull \(images)PACKAGE:VERSION", client: "podman"),
            UsageExample("Sign in", "docker login --username USER --password KEY \(host)", client: "docker"),
            UsageExample("Pull an image", "docker pull \(images)PACKAGE:VERSION", client: "docker"),
        ]
        if takesUploads {
            examples.append(UsageExample("Push an image", "podman push IMAGE \(images)IMAGE:TAG", client: "podman"))
            examples.append(
                UsageExample("Copy an image here", "skopeo copy docker://FROM docker://\(images)IMAGE:TAG", client: "skopeo"))
        }
        return examples
    }

    /// What the names of a repository's images begin with: its URL without the scheme, and without the path that clients put before every name.
    private static func prefix(of url: String) -> String {
        let authority = url.utf8.firstIndex(of: UInt8(ascii: ":")).map { url.utf8[$0...].dropFirst(3) } ?? url.utf8[...]
        let host = authority.prefix { $0 != UInt8(ascii: "/") }
        let path = authority.dropFirst(host.count)
        return String(Substring(host)) + String(Substring(path.starts(with: "/v2/".utf8) ? path.dropFirst(3) : path))
    }
}

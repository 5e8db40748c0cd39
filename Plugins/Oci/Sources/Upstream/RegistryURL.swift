internal import SavePlatform

/// Where a registry keeps things: below `/v2/`, which stands at the root of its host, before the path of `remote_url`.
struct RegistryURL {
    private let base: String

    /// - Throws: `invalidRequest` for a remote URL that is none.
    init(_ remote: String) throws {
        let url = try URLReference.directory(remote)
        let authority = url.utf8.firstIndex(of: UInt8(ascii: ":")).map { url.utf8[$0...].dropFirst(3) } ?? url.utf8[...]
        let path = authority.drop { $0 != UInt8(ascii: "/") }
        let origin = String(Substring(url.utf8.prefix(url.utf8.count - path.count)))
        base = path.starts(with: "/v2/".utf8) ? url : origin + "/v2" + String(Substring(path))
    }

    /// All tags: how many of them the registry tells without being asked for pages is its own matter.
    func tags(of image: ImageName) -> UpstreamRequest {
        UpstreamRequest(url: "\(base)\(image.text)/tags/list", accept: "application/json", maxSize: 16 << 20)
    }

    func manifest(_ tag: ImageTag, of image: ImageName) -> UpstreamRequest {
        UpstreamRequest(
            url: "\(base)\(image.text)/manifests/\(tag.text)", accept: Self.manifestTypes, maxSize: Int64(Manifest.maxBytes))
    }

    func referrers(of digest: ContentDigest, in image: ImageName) -> UpstreamRequest {
        UpstreamRequest(
            url: "\(base)\(image.text)/referrers/\(digest.text)", accept: Referrers.type.value, maxSize: Int64(Manifest.maxBytes))
    }

    /// A blob or a manifest; nil for a path that is neither's.
    func file(_ path: AssetPath) -> UpstreamRequest? {
        guard let parts = ImagePlace.parts(of: path) else { return nil }
        let url = "\(base)\(parts.image.text)/\(parts.kind)/\(parts.digest.text)"
        let isManifest = parts.kind == "manifests"
        return UpstreamRequest(
            url: url, accept: isManifest ? Self.manifestTypes : nil, maxSize: isManifest ? Int64(Manifest.maxBytes) : .max)
    }

    /// What clients of the day ask for. A registry may have nothing to give to a client that names no types.
    private static let manifestTypes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
        "*/*;q=0.1",
    ].joined(separator: ", ")
}

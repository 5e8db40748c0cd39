internal import SavePlatform

/// What is rendered of an image, as the name of an index.
enum ImageIndex: Equatable {
    /// The tags: so many of them at most, those behind another.
    case tags(count: Int?, last: String?)
    /// The manifest that a tag names.
    case manifest(ImageTag)
    /// The manifests that say that they are about another one, of one type or of all.
    case referrers(ContentDigest, artifactType: String?)

    /// A name for the platform, read by `init`.
    var text: String {
        switch self {
        case .tags(let count, let last): "tags/\(count.map(String.init) ?? "")/\(last ?? "")"
        case .manifest(let tag): "manifest/\(tag.text)"
        case .referrers(let digest, let type): "referrers/\(digest.text)/\(type ?? "")"
        }
    }

    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        let rest = parts.count > 2 && !parts[2].utf8.isEmpty ? parts[2] : nil
        switch (parts[0], parts.count) {
        case ("tags", 3): self = .tags(count: Int(parts[1]), last: rest)
        case ("manifest", 2):
            guard let tag = ImageTag(parts[1]) else { return nil }
            self = .manifest(tag)
        case ("referrers", 3):
            guard let digest = ContentDigest(parts[1]) else { return nil }
            self = .referrers(digest, artifactType: rest)
        default: return nil
        }
    }

    func key(of image: ImageName) -> IndexKey { .custom(text, package: image.package) }
}

internal import SaveDigest
internal import SavePlatform

/// What a listing says of an image: its tags, which are attributes of its package, and its manifests, which are files.
struct Image {
    private static let prefix = "tag:"

    let listing: Listing

    init(_ listing: Listing) { self.listing = listing }

    /// What the attribute of a tag is called.
    static func attribute(of tag: String) -> String { prefix + tag }

    /// What the attribute is called that has the type of the manifest that a tag of an upstream names.
    static func typeAttribute(of tag: String) -> String { "type:" + tag }

    /// The tags in their order. What a tag of an upstream names is not known before it is asked for.
    var tags: [String] {
        listing.attributes.keys.filter { $0.utf8.starts(with: Self.prefix.utf8) }
            .map { String(Substring($0.utf8.dropFirst(Self.prefix.utf8.count))) }
            .filter { ImageTag($0) != nil }.sorted(by: ImageTag.precedes)
    }

    /// The tags that name a manifest.
    func tags(of digest: ContentDigest) -> [String] {
        tags.filter { tag in ImageTag(tag).flatMap(self.digest) == digest }
    }

    /// What a tag names.
    func digest(of tag: ImageTag) -> ContentDigest? {
        listing.attributes[Self.attribute(of: tag.text)]?.string.flatMap(ContentDigest.init)
    }

    /// The type of the manifest that a tag names.
    func type(of tag: ImageTag) -> String? {
        guard let digest = digest(of: tag) else { return nil }
        return manifests.first { $0.digest == digest }?.record.contentType
            ?? listing.attributes[Self.typeAttribute(of: tag.text)]?.string
    }

    /// The records of manifests.
    var manifests: [(record: AssetRecord, digest: ContentDigest)] {
        listing.assets.compactMap { record in
            guard let parts = ImagePlace.parts(of: record.path), parts.kind == "manifests" else { return nil }
            return (record, parts.digest)
        }
    }

    /// The digests that manifests refer to.
    var referenced: Set<String> {
        Set(manifests.flatMap { Self.references(of: $0.record) })
    }

    static func references(of manifest: AssetRecord) -> [String] {
        manifest.attributes["references"]?.array?.compactMap(\.string) ?? []
    }
}

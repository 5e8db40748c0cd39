internal import SaveDigest
internal import SavePlatform

/// What a listing says of an image: its tags, which are attributes of its package, and its manifests, which are files.
struct Image {
    private static let prefix = "tag:"

    let listing: Listing

    init(_ listing: Listing) { self.listing = listing }

    /// What the attribute of a tag is called.
    static func attribute(of tag: String) -> String { prefix + tag }

    /// The tags in their order, each with the digest that it names.
    var tags: [(tag: String, digest: ContentDigest)] {
        listing.attributes.members.compactMap { member -> (String, ContentDigest)? in
            guard member.key.utf8.starts(with: Self.prefix.utf8), let digest = member.value.string.flatMap(ContentDigest.init),
                let tag = ImageTag(String(Substring(member.key.utf8.dropFirst(Self.prefix.utf8.count))))
            else { return nil }
            return (tag.text, digest)
        }.sorted { ImageTag.precedes($0.0, $1.0) }
    }

    /// What a tag names.
    func digest(of tag: ImageTag) -> ContentDigest? {
        listing.attributes[Self.attribute(of: tag.text)]?.string.flatMap(ContentDigest.init)
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

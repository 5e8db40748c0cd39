internal import SavePlatform

/// What a change does to an image as it is at that moment.
struct ImageChange {
    let listing: Listing
    let rules: TagRules
    let package: PackageID

    private var image: Image { Image(listing) }

    /// Checks that what a manifest refers to is there.
    ///
    /// - Throws: `invalidRequest` naming what is missing.
    func check(_ required: [ContentDigest]) throws {
        let present = Set(listing.assets.map { $0.path.filename })
        guard let missing = required.first(where: { !present.contains($0.text) }) else { return }
        throw SaveError(
            .invalidRequest, "manifest: refers to \(missing.text), which the image does not have: push that first",
            details: ["field": "manifest", "code": "MANIFEST_BLOB_UNKNOWN"])
    }

    /// - Throws: `conflict` for an immutable tag that names another image.
    func tag(_ digest: ContentDigest, as tag: ImageTag) throws -> PackageChange {
        if let before = image.digest(of: tag), before != digest { try rules.checkChange(of: tag.text, in: package) }
        var attributes = listing.attributes
        attributes[Image.attribute(of: tag.text)] = .string(digest.text)
        return PackageChange(attributes: attributes)
    }

    /// - Throws: `assetNotFound`, `conflict` for an immutable tag.
    func untag(_ tag: ImageTag) throws -> PackageChange {
        guard image.digest(of: tag) != nil else { throw Self.noManifest }
        try rules.checkChange(of: tag.text, in: package)
        var attributes = listing.attributes
        attributes[Image.attribute(of: tag.text)] = nil
        return PackageChange(attributes: attributes)
    }

    /// A blob or a manifest goes, a manifest with its tags. What a manifest refers to stays.
    ///
    /// - Throws: `assetNotFound`, `methodNotAllowed` for what a manifest refers to, `conflict` for an immutable tag.
    func remove(_ path: AssetPath) throws -> PackageChange {
        guard let parts = ImagePlace.parts(of: path), listing.assets.contains(where: { $0.path == path }) else {
            throw SaveError(.assetNotFound, "there is no '\(path)': check the digest", details: ["code": Self.code(path)])
        }
        guard !image.referenced.contains(parts.digest.text) else {
            // "If deletion is disabled, the registry MUST respond with either a 400 Bad Request or a 405 Method Not Allowed."
            throw SaveError(
                .methodNotAllowed, "a manifest of the image refers to \(parts.digest.text): delete that manifest first",
                details: ["allow": "GET, HEAD"])
        }
        var attributes = listing.attributes
        if parts.kind == "manifests" {
            for tag in image.tags(of: parts.digest) {
                try rules.checkChange(of: tag, in: package)
                attributes[Image.attribute(of: tag)] = nil
            }
        }
        return PackageChange(attributes: attributes, removed: [path])
    }

    static let noManifest = SaveError(
        .assetNotFound, "there is no such manifest: check the tag", details: ["code": "MANIFEST_UNKNOWN"])

    private static func code(_ path: AssetPath) -> String {
        ImagePlace.parts(of: path)?.kind == "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN"
    }
}

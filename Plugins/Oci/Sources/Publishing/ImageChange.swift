internal import SavePlatform

/// What a change does to an image as it is at that moment.
struct ImageChange {
    let listing: Listing
    let rules: TagRules
    let package: PackageID

    private var image: Image { Image(listing) }

    /// Checks that what a manifest refers to is there, where clients will ask for it: as a blob or as a manifest.
    ///
    /// - Throws: `invalidRequest` naming what is missing.
    func check(_ required: [Manifest.Reference]) throws {
        var present: [String: Set<ContentDigest>] = [:]
        for parts in listing.assets.compactMap({ ImagePlace.parts(of: $0.path) }) {
            present[parts.kind, default: []].insert(parts.digest)
        }
        guard let missing = required.first(where: { one in !one.kinds.contains { present[$0]?.contains(one.digest) == true } })
        else { return }
        let kind = missing.kinds == ["manifests"] ? "the manifest" : "the blob"
        throw SaveError(
            .invalidRequest, "manifest: refers to \(kind) \(missing.digest.text), which the image does not have: push that first",
            details: ["field": "manifest", "code": "MANIFEST_BLOB_UNKNOWN"])
    }

    /// Checks that a manifest that is there already is served as what it is sent as: its bytes need not say.
    ///
    /// - Throws: `invalidRequest` for another type.
    func check(type: String, at path: AssetPath) throws {
        guard let there = listing.assets.first(where: { $0.path == path })?.contentType,
            !ASCII.isEqual(MediaType(there).essence, MediaType(type).essence)
        else { return }
        throw Manifest.invalid("is there already as \(there), and says no type itself: push it with that as Content-Type")
    }

    /// - Throws: `conflict` for an immutable tag that names another image.
    func tag(_ digest: ContentDigest, as tag: ImageTag) throws -> PackageChange {
        if let before = named(by: tag), before != digest {
            try rules.checkChange(of: tag.text, in: package, "names another image: push under another tag")
        }
        var attributes = listing.attributes
        attributes[Image.attribute(of: tag.text)] = .string(digest.text)
        return PackageChange(attributes: attributes)
    }

    /// - Throws: `assetNotFound`, `conflict` for an immutable tag.
    func untag(_ tag: ImageTag) throws -> PackageChange {
        guard image.digest(of: tag) != nil else { throw Self.noManifest }
        if named(by: tag) != nil { try rules.checkChange(of: tag.text, in: package, Self.stays) }
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
        return PackageChange(attributes: try attributes(without: [path]), removed: [path])
    }

    /// The tags, once some files are gone: those that name one of them go, too.
    ///
    /// - Throws: `conflict` for what a manifest that stays refers to, and for an immutable tag.
    func attributes(without files: [AssetPath]) throws -> JSONObject {
        let gone = Set(files)
        let doomed = gone.compactMap { ImagePlace.parts(of: $0) }
        let needed = Image(Listing(assets: listing.assets.filter { !gone.contains($0.path) })).referenced
        if let digest = doomed.map(\.digest.text).filter(needed.contains).min() {
            throw SaveError(.conflict, "a manifest of the image refers to \(digest): delete that manifest first, or with it")
        }
        let untagged = Set(doomed.filter { $0.kind == "manifests" }.map(\.digest))
        let tags = image.tags.filter { tag in ImageTag(tag).flatMap(image.digest).map(untagged.contains) ?? false }
        for tag in tags { try rules.checkChange(of: tag, in: package, Self.stays) }
        let leaving = Set(tags.map { Image.attribute(of: $0) })
        return JSONObject(listing.attributes.members.filter { !leaving.contains($0.key) }.map { ($0.key, $0.value) })
    }

    /// The manifest that a tag leads to; nil for a tag whose manifest is gone, which names no image any more.
    private func named(by tag: ImageTag) -> ContentDigest? {
        guard let digest = image.digest(of: tag), image.manifests.contains(where: { $0.digest == digest }) else { return nil }
        return digest
    }

    private static let stays = "stays: have an owner change immutable_tags first"

    static let noManifest = SaveError(
        .assetNotFound, "there is no such manifest: check the tag", details: ["code": "MANIFEST_UNKNOWN"])

    private static func code(_ path: AssetPath) -> String {
        ImagePlace.parts(of: path)?.kind == "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN"
    }
}

internal import SaveDigest
internal import SavePlatform

/// What another registry says of an image, as attributes: it lists no files, and says of those that it has by their digests.
struct UpstreamImage {
    let document: UpstreamDocument

    /// - Throws: `upstreamInvalid` for what is no list of tags.
    func tags() throws -> Listing {
        guard let object = try? JSONValue(parsing: document.bytes).object else {
            throw Self.invalid("list of tags is no JSON object")
        }
        // A registry that has lost its tags says null.
        let tags = object["tags"].flatMap { $0.isNull ? [] : $0.array }
        guard let tags else { throw Self.invalid("list of tags has no tags: check remote_url") }
        let known = Set(tags.compactMap(\.string).filter { ImageTag($0) != nil })
        return Listing(attributes: JSONObject(known.sorted().map { (Image.attribute(of: $0), JSONValue.bool(true)) }))
    }

    /// The digest of the manifest that a tag names, and its type. Its bytes are asked for by the digest, so that what is refused by that is refused
    /// by the tag.
    ///
    /// - Throws: `upstreamInvalid` for what is no manifest.
    func manifest(_ tag: ImageTag) throws -> Listing {
        // What a proxy says of a file that has no type is no type of a manifest.
        let sent = document.contentType.flatMap { type in
            let essence = MediaType(type).essence
            return ["application/json", "text/plain", "application/octet-stream"].contains(essence) ? nil : type
        }
        let manifest: Manifest
        do {
            manifest = try Manifest(document.bytes, contentType: sent)
        } catch {
            throw Self.invalid("manifest of the tag is none: \((error as? SaveError)?.message ?? "unknown")")
        }
        guard let digest = ContentDigest(Checksum(.sha256, hex: Digest.hex(document.bytes))) else {
            throw Self.invalid("manifest has no digest")
        }
        return Listing(attributes: [
            Image.attribute(of: tag.text): .string(digest.text), Image.typeAttribute(of: tag.text): .string(manifest.type),
        ])
    }

    /// - Throws: `upstreamInvalid` for what is no index of images.
    func referrers() throws -> Listing {
        guard let entries = try? JSONValue(parsing: document.bytes).object?["manifests"]?.array else {
            throw Self.invalid("list of referrers is no index of images")
        }
        let plausible = entries.filter { $0.object?["digest"]?.string.flatMap(ContentDigest.init) != nil }
        return Listing(attributes: [Referrers.attribute: .array(plausible)])
    }

    private static func invalid(_ what: String) -> SaveError { SaveError(.upstreamInvalid, "the upstream's \(what)") }
}

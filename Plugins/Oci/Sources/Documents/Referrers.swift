internal import SaveDigest
internal import SavePlatform

/// The manifests whose subject is another one, as an index of images (distribution-spec, "Listing Referrers").
enum Referrers {
    static let type: MediaType = "application/vnd.oci.image.index.v1+json"

    /// What the attribute is called that has what an upstream lists.
    static let attribute = "referrers"

    /// - Parameter artifactType: of which type they are to be; nil for all.
    /// - Throws: `packageNotFound` for what was fetched from an upstream that has no such list.
    static func document(of image: Image, about subject: ContentDigest, artifactType: String?) throws -> Document {
        let all = try image.listing.attributes[attribute]?.array?.compactMap(\.object) ?? hosted(image, about: subject)
        let found = all.filter { descriptor in
            guard let artifactType else { return true }
            return descriptor["artifactType"]?.string.map { ASCII.isEqual($0, artifactType) } ?? false
        }
        let object: JSONObject = [
            "schemaVersion": 2, "mediaType": .string(type.value),
            "manifests": .array(found.map(JSONValue.object)),
        ]
        var document = Document(type: type, bytes: JSONValue.object(object).bytes)
        if artifactType != nil { document.headers["OCI-Filters-Applied"] = "artifactType" }
        return document
    }

    /// The manifests that were pushed here. Of what a proxy has fetched nobody looked at the subjects, and nobody published it: clients are told that there is no such list, and
    /// go on to the tag that has it instead ("Unavailable Referrers API").
    private static func hosted(_ image: Image, about subject: ContentDigest) throws -> [JSONObject] {
        guard image.listing.assets.isEmpty || image.listing.assets.contains(where: { $0.publisher != nil }) else {
            throw SaveError(.packageNotFound, "the upstream has no list of referrers: look for the tag that has it")
        }
        return image.manifests.filter { manifest in
            manifest.record.attributes["subject"]?.string.map { ASCII.isEqual($0, subject.text) } ?? false
        }.map { descriptor($0.record, $0.digest) }
    }

    private static func descriptor(_ record: AssetRecord, _ digest: ContentDigest) -> JSONObject {
        var descriptor: JSONObject = [
            "mediaType": JSONValue(record.contentType), "digest": .string(digest.text), "size": JSONValue(record.size),
        ]
        for member in ["artifactType", "annotations"] { descriptor[member] = record.attributes[member] }
        return descriptor
    }
}

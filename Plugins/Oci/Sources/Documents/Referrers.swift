internal import SaveDigest
internal import SavePlatform

/// The manifests whose subject is another one, as an index of images (distribution-spec, "Listing Referrers").
enum Referrers {
    static let type: MediaType = "application/vnd.oci.image.index.v1+json"

    /// - Parameter artifactType: of which type they are to be; nil for all.
    static func document(of image: Image, about subject: ContentDigest, artifactType: String?) -> Document {
        let found = image.manifests.filter { manifest in
            guard let about = manifest.record.attributes["subject"]?.string, ASCII.isEqual(about, subject.text) else {
                return false
            }
            guard let artifactType else { return true }
            return manifest.record.attributes["artifactType"]?.string.map { ASCII.isEqual($0, artifactType) } ?? false
        }
        let object: JSONObject = [
            "schemaVersion": 2, "mediaType": .string(type.value),
            "manifests": .array(found.map { .object(descriptor($0.record, $0.digest)) }),
        ]
        var document = Document(type: type, bytes: JSONValue.object(object).bytes)
        if artifactType != nil { document.headers["OCI-Filters-Applied"] = "artifactType" }
        return document
    }

    private static func descriptor(_ record: AssetRecord, _ digest: ContentDigest) -> JSONObject {
        var descriptor: JSONObject = [
            "mediaType": JSONValue(record.contentType), "digest": .string(digest.text), "size": JSONValue(record.size),
        ]
        for member in ["artifactType", "annotations"] { descriptor[member] = record.attributes[member] }
        return descriptor
    }
}

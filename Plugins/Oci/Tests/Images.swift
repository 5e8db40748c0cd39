import SaveDigest
import SavePlatform

@testable import FormatOci

/// An image of one layer, as clients push it.
struct SampleImage {
    static let ociType = "application/vnd.oci.image.manifest.v1+json"

    let config: [UInt8]
    let layer: [UInt8]
    let manifest: [UInt8]

    /// - Parameter members: more of the manifest, before what every one has.
    init(_ text: String = "layer", members: String = "") {
        config = Array("{\"architecture\":\"amd64\",\"os\":\"linux\"}".utf8)
        layer = Array(text.utf8)
        manifest = Array(
            """
            {"schemaVersion":2,"mediaType":"\(Self.ociType)",\(members)"config":\(Self.descriptor(config, "application/vnd.oci.image.config.v1+json")),\
            "layers":[\(Self.descriptor(layer, "application/vnd.oci.image.layer.v1.tar"))]}
            """.utf8)
    }

    static func descriptor(_ bytes: [UInt8], _ type: String) -> String {
        "{\"mediaType\":\"\(type)\",\"digest\":\"\(digest(bytes))\",\"size\":\(bytes.count)}"
    }

    static func digest(_ bytes: [UInt8]) -> String { "sha256:" + Digest.hex(bytes) }

    var digest: String { Self.digest(manifest) }
}

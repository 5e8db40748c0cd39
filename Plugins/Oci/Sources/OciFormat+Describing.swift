public import SavePlatform

/// The annotations of a manifest say what an image is (image-spec, annotations.md).
extension OciFormat: ReleaseDescribing {
    /// Digests are in no order.
    public func isPrerelease(_ version: String) -> Bool { false }

    public func status(of package: JSONObject) -> (word: String, reason: String?)? { nil }

    public func metadataPath(of file: AssetRecord) -> AssetPath? {
        ImagePlace.parts(of: file.path).flatMap { ASCII.isEqual($0.kind, "manifests") ? file.path : nil }
    }

    public func summary(of file: AssetRecord, metadata: [UInt8]?) -> String? {
        let description = DescribedImage(metadata)?.annotation("description")
        return description.map { String(decoding: $0.utf8.prefix { $0 != 0x0A }.prefix(300), as: UTF8.self) }
    }

    public func readme(of file: AssetRecord, metadata: [UInt8]?, package: JSONObject) -> Document? {
        DescribedImage(metadata)?.annotation("description").map { Document(type: .text, bytes: Array($0.utf8)) }
    }

    public func facts(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, value: String)] {
        DescribedImage(metadata)?.facts ?? []
    }

    public func dependencies(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, versions: String, group: String)] { [] }
}

private struct DescribedImage {
    private let manifest: JSONObject

    init?(_ bytes: [UInt8]?) {
        guard let bytes, let manifest = (try? JSONValue(parsing: bytes))?.object else { return nil }
        self.manifest = manifest
    }

    /// One of the keys that the specification has defined.
    func annotation(_ name: String) -> String? {
        let text = manifest["annotations"]?.object?["org.opencontainers.image.\(name)"]?.string
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    var facts: [(name: String, value: String)] {
        let named = [
            ("Title", "title"), ("Version", "version"), ("Licence", "licenses"), ("Authors", "authors"), ("Vendor", "vendor"),
            ("Homepage", "url"), ("Source", "source"), ("Revision", "revision"), ("Documentation", "documentation"),
            ("Created", "created"), ("Base image", "base.name"),
        ]
        let said = named.compactMap { name, key in annotation(key).map { (name, $0) } }
        let artifact = manifest["artifactType"]?.string.map { [("Artifact", $0)] } ?? []
        return said + (platforms.isEmpty ? [] : [("Platforms", platforms.joined(separator: ", "))]) + artifact
    }

    /// Of an index: `linux/amd64`, `linux/arm/v7`.
    private var platforms: [String] {
        (manifest["manifests"]?.array ?? []).prefix(50).compactMap { entry in
            guard let platform = entry.object?["platform"]?.object, let system = platform["os"]?.string,
                let processor = platform["architecture"]?.string, !ASCII.isEqual(system, "unknown")
            else { return nil }
            return ([system, processor] + [platform["variant"]?.string].compactMap(\.self)).joined(separator: "/")
        }
    }
}

internal import SavePlatform
internal import SaveXML

/// A plugin of a group, by the prefix that people type: `mvn acme:check`.
struct Plugin: Hashable {
    let prefix: String
    let artifact: String
    let name: String?

    /// Plugins of a group.
    static let maxCount = 10_000
    private static let attribute = "plugin"

    init?(prefix: String?, artifact: String?, name: String?) {
        guard let prefix, let artifact, MavenName.isName(prefix), MavenName.isName(artifact) else { return nil }
        self.prefix = prefix
        self.artifact = artifact
        let shown = name.map { String(decoding: $0.utf8.prefix(200).filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self) }
        self.name = shown?.isEmpty == true ? nil : shown
    }

    /// The plugins that a metadata file has.
    static func read(_ metadata: XMLElement) -> [Plugin] {
        let elements = metadata["plugins"]?.children.prefix(maxCount) ?? []
        return elements.compactMap {
            Plugin(prefix: $0.text(of: "prefix"), artifact: $0.text(of: "artifactId"), name: $0.text(of: "name"))
        }
    }

    /// The plugins of a group, in the order of their prefixes.
    static func all(in listing: Listing) -> [Plugin] {
        listing.assets.lazy.filter { $0.version == nil && $0.withdrawn == nil }.compactMap { Plugin($0) }.sorted {
            "\($0.prefix):\($0.artifact)".utf8.lexicographicallyPrecedes("\($1.prefix):\($1.artifact)".utf8)
        }
    }

    /// The record by which a plugin of a group is kept: a file of its own in the folder of its artifact, so that it goes with that, and that a group of
    /// repositories has the plugins of all its members.
    func record(of package: MavenName) throws -> AssetRecord {
        var record = AssetRecord(
            path: try AssetPath("\(package.directory)/\(artifact)/.plugin-\(prefix).xml"), package: package.id,
            contentType: MavenContentType.of("xml"))
        // A deleted one may come again.
        record.isMutable = true
        var object: JSONObject = ["prefix": .string(prefix), "artifact": .string(artifact)]
        object["name"] = name.map(JSONValue.string)
        record.attributes[Self.attribute] = .object(object)
        return record
    }

    /// nil for the record of another file.
    init?(_ record: AssetRecord) {
        guard let object = record.attributes[Self.attribute]?.object else { return nil }
        self.init(prefix: object["prefix"]?.string, artifact: object["artifact"]?.string, name: object["name"]?.string)
    }
}

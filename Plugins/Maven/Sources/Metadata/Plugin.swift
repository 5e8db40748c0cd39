internal import SavePlatform

/// A plugin of a group, by the prefix that people type: `mvn acme:check`.
struct Plugin: Hashable {
    let prefix: String
    let artifact: String
    let name: String?

    /// Plugins of a group.
    static let maxCount = 10_000
    private static let attribute = "plugins"

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

    /// The plugins of a group that are kept with its metadata file, in the order of their prefixes.
    static func all(in listing: Listing) -> [Plugin] {
        let kept = listing.assets.lazy.filter { $0.version == nil && $0.withdrawn == nil }.flatMap { all(of: $0) }
        return merged(Array(kept), [])
    }

    /// - Returns: of plugins with the same prefix and artifact, the last.
    static func merged(_ plugins: [Plugin], _ others: [Plugin]) -> [Plugin] {
        var found: [String: Plugin] = [:]
        for plugin in plugins + others { found["\(plugin.prefix):\(plugin.artifact)"] = plugin }
        return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    }

    /// The record of a group's metadata file, by which its plugins are kept.
    static func record(of package: MavenName, _ plugins: [Plugin]) throws -> AssetRecord {
        var record = AssetRecord(
            path: try AssetPath("\(package.directory)/\(MavenMetadata.filename)"), package: package.id,
            contentType: MavenContentType.of("xml"))
        // Each deployment of a plugin changes it, and a deleted one may come again.
        record.isMutable = true
        write(plugins, to: &record)
        return record
    }

    static func write(_ plugins: [Plugin], to record: inout AssetRecord) {
        record.attributes[attribute] = .array(
            plugins.map { plugin in
                var object: JSONObject = ["prefix": .string(plugin.prefix), "artifact": .string(plugin.artifact)]
                object["name"] = plugin.name.map(JSONValue.string)
                return .object(object)
            })
    }

    static func all(of record: AssetRecord) -> [Plugin] {
        (record.attributes[attribute]?.array ?? []).compactMap { value in
            guard let object = value.object else { return nil }
            return Plugin(prefix: object["prefix"]?.string, artifact: object["artifact"]?.string, name: object["name"]?.string)
        }
    }
}

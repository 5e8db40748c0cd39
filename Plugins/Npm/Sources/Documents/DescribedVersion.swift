public import SavePlatform
internal import SaveVersions

/// `package.json` says what a version is; the packument of another registry has the README of the newest one.
extension NpmFormat: ReleaseDescribing {
    public func isPrerelease(_ version: String) -> Bool { SemanticVersion(version)?.isPrerelease ?? false }

    public func status(of package: JSONObject) -> (word: String, reason: String?)? { nil }

    public func metadataPath(of file: AssetRecord) -> AssetPath? { nil }

    public func summary(of file: AssetRecord, metadata: [UInt8]?) -> String? {
        VersionRecord(file).manifest["description"]?.string
    }

    public func readme(of file: AssetRecord, metadata: [UInt8]?, package: JSONObject) -> Document? {
        let texts = [VersionRecord(file).manifest["readme"]?.string, package["readme"]?.string]
        // What the public registry says of a version without one.
        guard
            let text = texts.compactMap(\.self).first(where: {
                !$0.utf8.isEmpty && !$0.utf8.starts(with: "ERROR: No README data found".utf8)
            })
        else { return nil }
        return Document(type: "text/markdown", bytes: Array(text.utf8))
    }

    public func facts(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, value: String)] {
        let manifest = VersionRecord(file).manifest
        var facts: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { facts.append((name, value)) }
        }
        add("Node", manifest["engines"]?.object?["node"]?.string)
        add("Licence", license(of: file, sidecar: nil))
        add("Author", manifest["author"]?.string ?? manifest["author"]?.object?["name"]?.string)
        add("Homepage", manifest["homepage"]?.string)
        let repository = manifest["repository"]?.string ?? manifest["repository"]?.object?["url"]?.string
        // `git+https://…/x.git`, as npm writes what `package.json` abbreviates.
        add("Repository", repository.map { $0.utf8.starts(with: "git+http".utf8) ? String(Substring($0.utf8.dropFirst(4))) : $0 })
        add("Bugs", manifest["bugs"]?.string ?? manifest["bugs"]?.object?["url"]?.string)
        add("Keywords", manifest["keywords"]?.array?.compactMap(\.string).prefix(20).joined(separator: ", "))
        add("Deprecated", manifest["deprecated"]?.string)
        let isAttested = manifest["dist"]?.object?["attestations"] != nil
        add("Provenance", isAttested ? "attested by its publisher" : nil)
        return facts
    }

    public func dependencies(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, versions: String, group: String)] {
        let manifest = VersionRecord(file).manifest
        let groups = [
            ("dependencies", ""), ("peerDependencies", "peer"), ("optionalDependencies", "optional"),
            ("devDependencies", "development"),
        ]
        return groups.flatMap { key, group in
            (manifest[key]?.object?.members ?? []).prefix(500).map { ($0.key, $0.value.string ?? "", group) }
        }
    }
}

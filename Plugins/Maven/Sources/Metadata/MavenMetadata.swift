internal import SavePlatform
internal import SaveXML

/// What a `maven-metadata.xml` says (Maven, "Repository Metadata"): of an artifact its versions, of a group its plugins, of a snapshot version its
/// newest files. One file may be about an artifact and about the group of the same folders.
enum MavenMetadata {
    /// Bytes of a metadata file that is read: 100,000 versions.
    static let maxBytes = 8 << 20
    static let filename = "maven-metadata.xml"
    /// An attribute of a package: when the newest file of it came, as `lastUpdated` has it.
    static let lastUpdated = "last-updated"

    // MARK: Written

    static func document(of package: MavenName, _ listing: Listing) throws -> [UInt8] {
        let versions = versions(of: package, in: listing)
        let plugins = Plugin.all(in: listing)
        guard !versions.isEmpty || !plugins.isEmpty else {
            throw refusal(in: listing)
                ?? SaveError(.packageNotFound, "there is no version of \(package.id) here: check the ids")
        }
        var writer = XMLWriter()
        writer.element("metadata") { metadata in
            if !versions.isEmpty {
                metadata.element("groupId", package.group)
                metadata.element("artifactId", package.artifact)
                metadata.element("versioning") { versioning in
                    versioning.element("latest", versions.last)
                    versioning.element("release", versions.last { !MavenPath.isSnapshot($0) })
                    versioning.element("versions") { list in
                        for version in versions { list.element("version", version) }
                    }
                    versioning.element("lastUpdated", lastUpdated(in: listing))
                }
            }
            guard !plugins.isEmpty else { return }
            metadata.element("plugins") { list in
                for plugin in plugins {
                    list.element("plugin") { element in
                        element.element("name", plugin.name)
                        element.element("prefix", plugin.prefix)
                        element.element("artifactId", plugin.artifact)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// The versions of which something is given out, in their order.
    private static func versions(of package: MavenName, in listing: Listing) -> [String] {
        var found: Set<String> = []
        var last: String?
        // Files come in the order of their paths: those of a version one after the other.
        for record in listing.assets where record.withdrawn == nil {
            guard let version = record.version, version != last else { continue }
            found.insert(version)
            last = version
        }
        return VersionOrder.sorted(found, of: package)
    }

    /// What an upstream says, or when the newest file came.
    private static func lastUpdated(in listing: Listing) -> String? {
        let newest = listing.assets.lazy.compactMap(\.published).max().map(text)
        return [listing.attributes[lastUpdated]?.string, newest].compactMap(\.self).max()
    }

    /// `20261127191122`.
    static func text(_ time: Timestamp) -> String {
        String(decoding: time.rfc3339.utf8.prefix(19).filter(ASCII.isDigit), as: UTF8.self)
    }

    /// The moment that `20261127191122` means.
    static func time(_ digits: String) -> Timestamp? {
        let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<12, 12..<14].map {
            String(Substring(digits.utf8.dropFirst($0.lowerBound).prefix($0.count)))
        }
        return Timestamp(rfc3339: "\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])Z")
    }

    static func snapshots(_ version: String, of package: MavenName, _ listing: Listing) throws -> [UInt8] {
        let files = SnapshotFile.newest(of: version, in: listing)
        guard !files.isEmpty else {
            throw refusal(in: listing, of: version)
                ?? SaveError(.packageNotFound, "there is no snapshot \(version) of \(package.id) here: check the version")
        }
        let newest = files.compactMap(\.build).max(by: <)
        var writer = XMLWriter()
        writer.element("metadata") { metadata in
            metadata.element("groupId", package.group)
            metadata.element("artifactId", package.artifact)
            metadata.element("version", version)
            metadata.element("versioning") { versioning in
                if let newest {
                    versioning.element("snapshot") { snapshot in
                        snapshot.element("timestamp", newest.timestamp)
                        snapshot.element("buildNumber", String(newest.number))
                    }
                }
                versioning.element("lastUpdated", files.map(\.updated).max())
                versioning.element("snapshotVersions") { list in
                    for file in files {
                        list.element("snapshotVersion") { element in
                            element.element("classifier", file.path.classifier)
                            element.element("extension", file.path.fileExtension)
                            element.element("value", file.path.fileVersion)
                            element.element("updated", file.updated)
                        }
                    }
                }
            }
        }
        return writer.bytes
    }

    /// Why nothing is given out, where there is something: the newest version's reason.
    private static func refusal(in listing: Listing, of version: String? = nil) -> SaveError? {
        let refused = listing.assets.filter { $0.withdrawn?.reason.isEmpty == false && (version == nil || $0.version == version) }
        let newest = refused.map {
            (key: $0.version.flatMap(ComparableVersion.init)?.key ?? [], reason: $0.withdrawn?.reason ?? "")
        }
        .max { $0.key.lexicographicallyPrecedes($1.key) }
        return newest.map { SaveError(.blocked, $0.reason) }
    }

    // MARK: Read

    /// The versions and plugins that an upstream has, without what makes no sense.
    ///
    /// - Throws: `upstreamInvalid`.
    static func listing(of package: MavenName, in document: UpstreamDocument) throws -> Listing {
        let metadata = try read(document)
        var listing = Listing()
        let versioning = metadata["versioning"]
        // Metadata without ids is that of a group alone.
        let isOther = metadata.text(of: "artifactId").map { !ASCII.isEqual($0, package.artifact) } ?? false
        if !isOther, let versioning {
            var seen: Set<String> = []
            for element in versioning["versions"]?.children ?? [] where ASCII.isEqual(element.name, "version") {
                let version = element.text
                guard MavenPath.isVersion(version), ComparableVersion(version) != nil, seen.insert(version).inserted else {
                    continue
                }
                listing.assets.append(try MavenPath.pom(of: package, version))
            }
            listing.attributes[lastUpdated] = versioning.text(of: "lastUpdated").flatMap(digits).map(JSONValue.string)
        }
        var places: Set<AssetPath> = []
        for plugin in Plugin.read(metadata) {
            let record = try plugin.record(of: package)
            if places.insert(record.path).inserted { listing.assets.append(record) }
        }
        return listing
    }

    /// The files of a snapshot version that an upstream says are the newest.
    static func snapshots(_ version: String, of package: MavenName, in document: UpstreamDocument) throws -> Listing {
        let metadata = try read(document)
        guard let versioning = metadata["versioning"] else { throw invalid }
        var listing = Listing()
        var seen: Set<AssetPath> = []
        for element in versioning["snapshotVersions"]?.children ?? [] {
            guard let value = element.text(of: "value"), let ending = element.text(of: "extension") else { continue }
            let classifier = element.text(of: "classifier").map { "-\($0)" } ?? ""
            let text = "\(package.directory)/\(version)/\(package.artifact)-\(value)\(classifier).\(ending)"
            guard let path = try? AssetPath(text), let file = MavenPath(path), ASCII.isEqual(file.version, version),
                ASCII.isEqual(file.fileVersion, value), seen.insert(path).inserted
            else { continue }
            listing.assets.append(SnapshotFile.record(file, path, updated: element.text(of: "updated").flatMap(digits)))
        }
        // Older servers name the newest build alone.
        if listing.assets.isEmpty, let snapshot = versioning["snapshot"], let timestamp = snapshot.text(of: "timestamp"),
            let number = snapshot.text(of: "buildNumber").flatMap({ Int($0) }),
            let build = SnapshotBuild(timestamp: timestamp, number: number)
        {
            let value = "\(String(Substring(version.utf8.dropLast(8))))\(build.timestamp)-\(build.number)"
            for ending in ["pom", "jar"] {
                let path = try AssetPath("\(package.directory)/\(version)/\(package.artifact)-\(value).\(ending)")
                guard let file = MavenPath(path) else { continue }
                listing.assets.append(SnapshotFile.record(file, path, updated: nil))
            }
        }
        return listing
    }

    private static func read(_ document: UpstreamDocument) throws -> XMLElement {
        guard let metadata = XMLElement(parsing: document.bytes), ASCII.isEqual(metadata.name, "metadata") else { throw invalid }
        return metadata
    }

    private static let invalid = SaveError(
        .upstreamInvalid, "the upstream's \(filename) is no repository metadata of Maven: check remote_url")

    /// The digits of a time, as `lastUpdated` and `updated` have it.
    private static func digits(_ text: String) -> String? {
        text.utf8.count == 14 && text.utf8.allSatisfy(ASCII.isDigit) ? text : nil
    }
}

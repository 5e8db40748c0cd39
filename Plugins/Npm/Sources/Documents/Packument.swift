internal import SaveDigest
internal import SavePlatform
internal import SaveVersions

/// Everything about a package in one document: what `GET /{package}` answers (npm registry API, package metadata).
struct Packument {
    /// One version with its file.
    private struct Entry {
        let version: SemanticVersion
        let asset: AssetRecord
        let record: VersionRecord
    }

    /// The package's attribute, and the document's member, that has the tags.
    static let tagsKey = "dist-tags"
    static let full: MediaType = .json
    /// What installers ask for: "the minimum … to resolve and install".
    static let abbreviated: MediaType = "application/vnd.npm.install-v1+json"

    private static let abbreviatedMembers = [
        "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies", "bundleDependencies",
        "bundledDependencies", "peerDependencies", "peerDependenciesMeta", "acceptDependencies", "bin", "directories", "engines",
        "cpu", "os", "libc", "funding", "hasInstallScript", "hasShrinkwrap", "_hasShrinkwrap",
    ]
    /// What a package says is what its newest version says.
    private static let packageMembers = [
        "description", "maintainers", "author", "contributors", "homepage", "keywords", "repository", "bugs", "license", "readme",
        "readmeFilename",
    ]

    private let name: String
    private let entries: [Entry]
    private let attributes: JSONObject
    private let origin: String
    let tags: JSONObject

    /// - Parameter origin: where the repository is, with a slash at its end.
    init(of package: PackageID, listing: Listing, origin: String) {
        name = package.name
        self.origin = origin
        attributes = listing.attributes
        entries = listing.assets.compactMap { asset -> Entry? in
            guard let version = asset.version.flatMap({ SemanticVersion($0) }) else { return nil }
            return Entry(version: version, asset: asset, record: VersionRecord(asset))
        }.sorted { $0.version < $1.version }
        tags = Self.tags(entries, listing.attributes[Self.tagsKey]?.object ?? JSONObject())
    }

    var isEmpty: Bool { entries.isEmpty }

    /// The package's tags, as far as they lead to a version that is there; `latest` always does. Where that one was withdrawn, or is
    /// kept from clients, listed or not, it leads to the newest before it that was not, or to the newest of all that were not.
    private static func tags(_ entries: [Entry], _ given: JSONObject) -> JSONObject {
        var tags = JSONObject()
        for member in given.members where entries.contains(where: { $0.version.description == member.value.string }) {
            tags[member.key] = member.value
        }
        let named = entries.first { $0.version.description == tags["latest"]?.string }
        if let named, named.asset.withdrawn == nil { return tags }
        let offered = entries.filter { $0.asset.withdrawn == nil }
        let bound = given["latest"]?.string.flatMap({ SemanticVersion($0) })
        let earlier = bound.map { bound in offered.filter { $0.version < bound } } ?? []
        if let newest = newest(earlier) ?? newest(offered) ?? named ?? newest(entries) {
            tags["latest"] = .string(newest.version.description)
        }
        return tags
    }

    private static func newest(_ entries: [Entry]) -> Entry? {
        entries.last { !$0.version.isPrerelease } ?? entries.last
    }

    /// The version that `latest` leads to, as it was published; nil where there is none.
    var latestVersion: (version: String, manifest: JSONObject, published: Timestamp?)? {
        latest.map { ($0.version.description, withPeople($0), $0.asset.published) }
    }

    private var latest: Entry? { tags["latest"]?.string.flatMap(entry) }

    private func entry(_ version: String) -> Entry? { entries.first { ASCII.isEqual($0.version.description, version) } }

    /// Changes with everything that a change may be based on: versions, tags, what authors note on versions. Not with what rules
    /// withhold: publishers see the package as rules show it, and change it as it is kept.
    var revision: String {
        let facts = entries.map { entry -> JSONValue in
            [.string(entry.version.description), entry.record.manifest["deprecated"] ?? .null]
        }
        let digest = Digest.hex(JSONValue.array([.object(attributes[Self.tagsKey]?.object ?? JSONObject())] + facts).bytes)
        return "\(entries.count)-\(digest.prefix(32))"
    }

    // MARK: - Documents

    /// The whole document.
    func document() -> JSONValue {
        var document: JSONObject = [
            "_id": .string(name), "_rev": .string(revision), "name": .string(name), Self.tagsKey: .object(tags),
        ]
        document["versions"] = .object(JSONObject(entries.map { ($0.version.description, .object(manifest($0))) }))
        var time: [(String, JSONValue)] = [("created", .string(first)), ("modified", .string(last))]
        time += entries.compactMap { entry in
            entry.asset.published.map { (entry.version.description, .string($0.rfc3339)) }
        }
        document["time"] = .object(JSONObject(time))
        let newest = latest.map(withPeople)
        for member in Self.packageMembers {
            guard let value = attributes[member] ?? newest?[member] else { continue }
            document[member] = value
        }
        return .object(document)
    }

    /// What installers need.
    func abbreviatedDocument() -> JSONValue {
        let versions = entries.map { entry -> (String, JSONValue) in
            let manifest = manifest(entry)
            var short = JSONObject()
            for member in Self.abbreviatedMembers { short[member] = manifest[member] }
            short["dist"] = manifest["dist"]
            return (entry.version.description, .object(short))
        }
        return [
            "name": .string(name), "modified": .string(last), Self.tagsKey: .object(tags),
            "versions": .object(JSONObject(versions)),
        ]
    }

    /// One version, by its number or a tag; nil where there is none.
    func version(_ wanted: String) -> JSONValue? {
        entry(tags[wanted]?.string ?? wanted).map { .object(manifest($0)) }
    }

    private func attestationsURL(of version: SemanticVersion) -> String {
        "\(origin)\(NpmRoutes.attestationsPath)/\(PackageName(name)?.percentEncoded ?? name)@\(ASCII.percentEncoded(version.description))"
    }

    private var first: String { (entries.compactMap(\.asset.published).min() ?? .distantPast).rfc3339 }
    private var last: String { (entries.compactMap(\.asset.published).max() ?? .distantPast).rfc3339 }

    /// What was published, with who did it: `npm owner ls`, `npm view` and `npm search` show them.
    private func withPeople(_ entry: Entry) -> JSONObject {
        var manifest = entry.record.manifest
        guard let publisher = entry.asset.publisher else { return manifest }
        // npm shows the address whether there is one or not.
        let person: JSONValue = ["name": .string(publisher), "email": ""]
        manifest["_npmUser"] = person
        if manifest["maintainers"]?.array?.isEmpty ?? true { manifest["maintainers"] = [person] }
        return manifest
    }

    /// What clients read of a version that was withdrawn: why, and then what its author says.
    static func note(on withdrawn: Withdrawal, _ record: VersionRecord) -> String {
        let written = record.manifest["deprecated"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        if withdrawn.reason.isEmpty { return written ?? "this version was withdrawn" }
        return withdrawn.reason + (written.map { "; \($0)" } ?? "")
    }

    private func manifest(_ entry: Entry) -> JSONObject {
        var manifest = withPeople(entry)
        manifest["_id"] = .string("\(name)@\(entry.version)")
        var dist = manifest["dist"]?.object ?? JSONObject()
        dist["tarball"] = .string(origin + entry.asset.path.percentEncoded.replacingEscapedAt())
        dist["shasum"] = entry.asset.checksums[.sha1].map { .string($0.hex) }
        // Absent where nothing is known: `null` is no digest, and some clients take it for one.
        if let integrity = Integrity.text(entry.asset.checksums) { dist["integrity"] = .string(integrity) }
        if var attestations = dist["attestations"]?.object {
            attestations["url"] = .string(attestationsURL(of: entry.version))
            dist["attestations"] = .object(attestations)
        }
        manifest["dist"] = .object(dist)
        if let withdrawn = entry.asset.withdrawn { manifest["deprecated"] = .string(Self.note(on: withdrawn, entry.record)) }
        return manifest
    }
}

extension Timestamp {
    /// Before everything that was ever published.
    fileprivate static let distantPast = Timestamp(seconds: 0)
}

extension String {
    /// A scope's `@` may stand in a path as it is (RFC 3986, 3.3), and lock files have it so.
    fileprivate func replacingEscapedAt() -> String {
        utf8.starts(with: "%40".utf8) ? "@" + dropFirst(3) : self
    }
}

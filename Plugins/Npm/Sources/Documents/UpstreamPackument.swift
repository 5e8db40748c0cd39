internal import SaveDigest
internal import SavePlatform
internal import SaveVersions

/// Reads the packument of another registry into neutral records. What is malformed is left out.
///
/// Version by version, without a tree of the whole. Thousands of versions say nearly the same, and say it in one storage here:
/// a packument of megabytes takes no more as records than as text.
struct UpstreamPackument {
    private let document: UpstreamDocument
    private let name: PackageName

    init(_ document: UpstreamDocument, of name: PackageName) {
        self.document = document
        self.name = name
    }

    /// - Throws: `upstreamInvalid` for a document that is no packument of the package.
    func listing() throws -> Listing {
        let (members, manifests) = try parts()
        guard let manifests, ASCII.isEqual(members["name"]?.string ?? "", name.text) else {
            throw SaveError(.upstreamInvalid, "the upstream's document is not about '\(name.text)': check remote_url")
        }
        // A member of an object is looked for from the front, and there are as many times as versions.
        let times = Dictionary(members["time"]?.object?.members.map { ($0.key, $0.value) } ?? []) { first, _ in first }
        let files = manifests.members.compactMap { asset($0.key, $0.value, times[$0.key]?.string) }
        var listing = Listing(assets: files + files.compactMap(attestations))
        if let tags = members[Packument.tagsKey]?.object { listing.attributes[Packument.tagsKey] = .object(tags) }
        if let readme = members["readme"] { listing.attributes["readme"] = readme }
        return listing
    }

    private func parts() throws -> (JSONObject, manifests: JSONObject?) {
        do {
            return try Self.parts(JSONReader(document.bytes))
        } catch {
            throw SaveError(.upstreamInvalid, "the upstream's document about '\(name.text)' is not JSON: \(error)")
        }
    }

    /// The members that count, but for the versions, and these.
    private static func parts(_ reader: consuming JSONReader) throws(JSONError) -> (JSONObject, JSONObject?) {
        var reader = reader
        var members = JSONObject()
        var manifests: JSONObject?
        try reader.object { key, reader throws(JSONError) in
            switch key {
            case "versions" where try reader.kind() == .object:
                guard manifests == nil else { throw reader.error("the same key twice") }
                manifests = try Self.manifests(&reader)
            case "name", "time", Packument.tagsKey, "readme":
                guard members[key] == nil else { throw reader.error("the same key twice") }
                members[key] = try reader.value()
            default: try reader.skip()
            }
        }
        try reader.end()
        return (members, manifests)
    }

    private static func manifests(_ reader: inout JSONReader) throws(JSONError) -> JSONObject {
        var manifests: [(String, JSONValue)] = []
        var seen: Set<String> = []
        var earlier = JSONObject()
        try reader.object { key, reader throws(JSONError) in
            guard seen.insert(key).inserted else { throw reader.error("the same version twice") }
            guard let manifest = try reader.value().object else { return }
            earlier = manifest.sharing(earlier)
            manifests.append((key, .object(earlier)))
        }
        return JSONObject(manifests)
    }

    /// The attestations of a file, where another registry has some: a document at the place that it names.
    private func attestations(of file: AssetRecord) -> AssetRecord? {
        guard let known = VersionRecord(file).manifest["dist"]?.object?["attestations"]?.object,
            let place = known["url"]?.string, let origin = URLReference.resolve(place, against: document.url),
            let version = file.version.flatMap({ SemanticVersion($0) }), let path = try? Provenance.path(of: name, version)
        else { return nil }
        return AssetRecord(
            path: path, package: name.package, version: file.version, sidecarOf: file.path, origin: origin,
            contentType: MediaType.json.value)
    }

    private func asset(_ key: String, _ value: JSONValue, _ time: String?) -> AssetRecord? {
        guard let version = SemanticVersion(key), let manifest = value.object, let dist = manifest["dist"]?.object,
            let tarball = dist["tarball"]?.string, let origin = URLReference.resolve(tarball, against: document.url),
            let path = try? name.tarball(version)
        else { return nil }
        var checksums = dist["integrity"]?.string.map(Integrity.checksums) ?? []
        if let sha1 = dist["shasum"]?.string.flatMap({ Checksum(.sha1, hex: $0) }), !checksums.contains(sha1) {
            checksums.append(sha1)
        }
        var record = AssetRecord(
            path: path, package: name.package, version: version.description, checksums: checksums,
            published: time.flatMap(Timestamp.init(rfc3339:)), origin: origin,
            contentType: "application/octet-stream")
        record.attributes = VersionRecord(manifest: manifest).attributes
        return record
    }
}

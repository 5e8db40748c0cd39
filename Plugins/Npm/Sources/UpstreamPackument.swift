internal import SaveDigest
internal import SavePlatform

/// Reads the packument of another registry into neutral records. What is malformed is left out.
struct UpstreamPackument {
    private let document: UpstreamDocument
    private let name: PackageName

    init(_ document: UpstreamDocument, of name: PackageName) {
        self.document = document
        self.name = name
    }

    /// - Throws: `upstreamInvalid` for a document that is no packument of the package.
    func listing() throws -> Listing {
        guard let object = (try? JSONValue(parsing: document.bytes))?.object, let versions = object["versions"]?.object,
            ASCII.isEqual(object["name"]?.string ?? "", name.text)
        else { throw SaveError(.upstreamInvalid, "the upstream's document is not about '\(name.text)'") }
        let time = object["time"]?.object ?? JSONObject()
        var listing = Listing(assets: versions.members.compactMap { asset($0.key, $0.value, time) })
        if let tags = object["dist-tags"]?.object { listing.attributes[Packument.tagsKey] = .object(tags) }
        if let readme = object["readme"] { listing.attributes["readme"] = readme }
        return listing
    }

    private func asset(_ key: String, _ value: JSONValue, _ time: JSONObject) -> AssetRecord? {
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
            published: time[key]?.string.flatMap(Timestamp.init(rfc3339:)), origin: origin,
            contentType: "application/octet-stream")
        record.attributes = VersionRecord(manifest: manifest).attributes
        return record
    }
}

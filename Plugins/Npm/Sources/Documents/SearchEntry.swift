internal import SavePlatform
internal import SaveVersions

/// A package as a search shows it (npm registry API, `GET /-/v1/search`): what its newest version says of itself.
enum SearchEntry {
    /// The package's attribute in which words are looked for.
    static let textKey = "search"
    /// Texts are cut here; a page has up to 250 of them. Bytes.
    private static let maxTextBytes = 2048
    private static let maxItems = 50

    // MARK: Hosted

    /// What is kept with a package so that it is found by more than its name.
    static func text(of manifest: JSONObject) -> String {
        let author = person(manifest["author"])?["username"]
        let texts = [manifest["description"], author] + keywords(manifest["keywords"]).map(Optional.some)
        return cut(texts.compactMap { $0?.string }.joined(separator: " "))
    }

    static func match(_ package: PackageSummary, _ packument: Packument) -> PackageMatch? {
        guard let latest = packument.latestVersion else { return nil }
        let manifest = latest.manifest
        let links: JSONObject = [
            "homepage": manifest["homepage"] ?? .null, "repository": manifest["repository"] ?? .null,
            "bugs": manifest["bugs"] ?? .null,
        ]
        return PackageMatch(
            package: package,
            attributes: entry(
                manifest, name: package.displayName, version: latest.version, date: latest.published?.rfc3339, links: links,
                publisher: manifest["_npmUser"]))
    }

    // MARK: Upstream

    /// What another registry shows, and the file of the version that it names; nil for what makes no sense.
    static func shown(_ shown: JSONValue) -> (match: PackageMatch, file: AssetRecord)? {
        guard let object = shown.object?["package"]?.object, let name = object["name"]?.string.flatMap(PackageName.init),
            let version = object["version"]?.string.flatMap({ SemanticVersion($0) }), let file = try? name.tarball(version)
        else { return nil }
        let date = object["date"]?.string.flatMap(Timestamp.init(rfc3339:))
        let match = PackageMatch(
            package: PackageSummary(id: name.package, displayName: name.text),
            attributes: entry(
                object, name: name.text, version: version.description, date: date?.rfc3339,
                links: object["links"]?.object ?? [:], publisher: object["publisher"]))
        return (match, AssetRecord(path: file, package: name.package, version: version.description, published: date))
    }

    // MARK: Parts

    /// npm breaks off where there are no maintainers, or one of them has no name; so both are always there.
    private static func entry(
        _ object: JSONObject, name: String, version: String, date: String?, links: JSONObject, publisher: JSONValue?
    ) -> JSONObject {
        var entry: JSONObject = ["name": .string(name), "version": .string(version)]
        entry["description"] = object["description"]?.string.map { .string(cut($0)) }
        entry["keywords"] = .array(keywords(object["keywords"]))
        entry["date"] = date.map(JSONValue.string)
        entry["license"] = object["license"]?.string.map { .string(cut($0)) }
        let people = (object["maintainers"]?.array ?? []).prefix(maxItems).compactMap(person)
        entry["maintainers"] = .array(people.map(JSONValue.object))
        entry["publisher"] = person(publisher).map(JSONValue.object)
        entry["author"] = person(object["author"]).map(JSONValue.object)
        let known = links.members.compactMap { member in link(member.value).map { (member.key, $0) } }
        entry["links"] = .object(JSONObject(known.filter { ["homepage", "repository", "bugs"].contains($0.0) }))
        return entry
    }

    private static func keywords(_ value: JSONValue?) -> [JSONValue] {
        if let text = value?.string { return [.string(cut(text))] }
        return (value?.array ?? []).prefix(maxItems).compactMap { $0.string.map { .string(cut($0)) } }
    }

    /// `name` in a manifest, `username` in a search, or a text of its own (npm documentation, package.json, "people fields").
    private static func person(_ value: JSONValue?) -> JSONObject? {
        let object = value?.object
        guard let name = value?.string ?? object?["username"]?.string ?? object?["name"]?.string else { return nil }
        var person: JSONObject = ["username": .string(cut(name))]
        person["email"] = object?["email"]?.string.map { .string(cut($0)) }
        return person
    }

    /// A URL, or an object with one; nil for what no browser should be led to.
    private static func link(_ value: JSONValue) -> JSONValue? {
        guard let text = value.string ?? value.object?["url"]?.string else { return nil }
        let url = text.utf8.starts(with: "git+".utf8) ? String(text.dropFirst(4)) : text
        guard url.utf8.count <= maxTextBytes, let plain = URLReference.normalized(url) else { return nil }
        return .string(plain)
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= maxTextBytes ? text : String(decoding: text.utf8.prefix(maxTextBytes), as: UTF8.self)
    }
}

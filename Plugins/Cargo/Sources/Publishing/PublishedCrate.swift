internal import SavePlatform
internal import SaveVersions

/// What a publish says of a version, as the index has it (Cargo Book, "Registry Web API", "Publish", and "Registry Index").
struct PublishedCrate {
    let name: CrateName
    let version: SemanticVersion
    let record: CrateRecord
    /// What the publisher should know of what was taken all the same.
    let warnings: [String]

    private static let maxItems = 10_000
    private static let maxTextBytes = 1024

    /// - Throws: `invalidRequest` naming the member.
    init(_ said: JSONObject) throws {
        guard let text = said["name"]?.string, let name = CrateName(text) else {
            throw SaveError.invalid(
                "name", "name: must begin with a letter, and have up to 64 letters, digits, hyphens and underscores")
        }
        guard !name.isReserved else {
            throw SaveError.invalid("name", "name: '\(name.text)' is no name for a crate: take another")
        }
        guard let version = said["vers"]?.string.flatMap({ SemanticVersion(crate: $0) }) else {
            throw SaveError.invalid("vers", "vers: must be a semantic version, such as 1.2.3")
        }
        self.name = name
        self.version = version
        var line: JSONObject = ["name": .string(name.text)]
        line["deps"] = .array(try Self.list(said, "deps").map(Self.dependency))
        (line["features"], line["features2"]) = try Self.features(said)
        line["links"] = try Self.text(said, "links")
        line["rust_version"] = try Self.rustVersion(said)
        // Older versions of Cargo leave out what has a number that they do not know.
        if line["features2"] != nil { line["v"] = 2 }
        record = CrateRecord(line: line, about: Self.about(said))
        warnings =
            record.about["description"] == nil
            ? ["description: there is none, so cargo search finds this crate by its name only"] : []
    }

    // MARK: Dependencies

    private static func dependency(_ value: JSONValue) throws -> JSONValue {
        guard let said = value.object, let name = said["name"]?.string.flatMap(CrateName.init) else {
            throw SaveError.invalid("deps", "deps: each must be an object with the name of a crate")
        }
        func wrong(_ what: String) -> SaveError { SaveError.invalid("deps", "deps: \(name.text): \(what)") }
        guard let requirement = said["version_req"]?.string, VersionRange(cargo: requirement) != nil else {
            throw wrong("version_req is no range of versions")
        }
        let renamed = said["explicit_name_in_toml"].flatMap { $0.isNull ? nil : $0 }
        if let renamed, CrateName(renamed.string ?? "") == nil { throw wrong("explicit_name_in_toml is no name") }
        let kind = said["kind"].flatMap { $0.isNull ? nil : $0 } ?? "normal"
        guard ["normal", "build", "dev"].contains(kind.string) else { throw wrong("kind must be normal, build or dev") }
        guard let features = try? texts(said, "features") else { throw wrong("features must be a list of texts") }
        guard let target = try? text(said, "target") else { throw wrong("target must be a text or null") }
        guard let registry = try? text(said, "registry"), registry.string.map(isIndex) ?? true else {
            throw wrong("registry must be the URL of an index, or null for this registry")
        }
        var line: JSONObject = ["name": renamed ?? .string(name.text), "req": .string(requirement)]
        line["features"] = .array(features)
        line["optional"] = .bool(said["optional"]?.bool ?? false)
        line["default_features"] = .bool(said["default_features"]?.bool ?? true)
        line["target"] = target
        line["kind"] = kind
        // null in both: the registry that the crate itself is in.
        if !registry.isNull { line["registry"] = registry }
        if renamed != nil { line["package"] = .string(name.text) }
        return .object(line)
    }

    /// A URL with a scheme, perhaps behind `sparse+` or `git+`: what clients can ask. Nobody asks it here.
    private static func isIndex(_ text: String) -> Bool {
        let url = text.utf8.starts(with: "sparse+".utf8) ? text.utf8.dropFirst(7) : text.utf8[...]
        return url.firstRange(of: "://".utf8).map { $0.lowerBound > url.startIndex } ?? false
            && url.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    // MARK: Features

    /// The features, and those with a syntax that Cargo reads since 1.60, which have a place of their own.
    private static func features(_ said: JSONObject) throws -> (JSONValue, JSONValue?) {
        let members = (said["features"] ?? [:]).isNull ? [] : said["features"]?.object?.members ?? nil
        guard let members = said["features"] == nil ? [] : members, members.count <= maxItems else {
            throw SaveError.invalid("features", "features: must be an object of lists of texts")
        }
        var (plain, extended) = (JSONObject(), JSONObject())
        for member in members {
            guard isFeature(member.key), let enabled = member.value.array, enabled.count <= maxItems,
                enabled.allSatisfy({ isShort($0.string) })
            else {
                throw SaveError.invalid("features", "features: '\(member.key.prefix(64))' must be a name with a list of texts")
            }
            let isExtended = enabled.contains { value in
                let text = value.string ?? ""
                return text.utf8.starts(with: "dep:".utf8) || text.utf8.firstRange(of: "?/".utf8) != nil
            }
            if isExtended { extended[member.key] = member.value } else { plain[member.key] = member.value }
        }
        return (.object(plain), extended.isEmpty ? nil : .object(extended))
    }

    /// Cargo takes more; no feature begins with `dep:` or has a slash, which mean something else in lists.
    private static func isFeature(_ name: String) -> Bool {
        isShort(name) && name.utf8.allSatisfy { $0 > 0x7F || ASCII.isAlphanumeric($0) || "-_+.".utf8.contains($0) }
    }

    // MARK: Parts

    private static func list(_ said: JSONObject, _ key: String) throws -> [JSONValue] {
        guard let value = said[key], !value.isNull else { return [] }
        guard let values = value.array, values.count <= maxItems else { throw SaveError.invalid(key, "\(key): must be a list") }
        return values
    }

    private static func texts(_ said: JSONObject, _ key: String) throws -> [JSONValue] {
        let values = try list(said, key)
        guard values.allSatisfy({ isShort($0.string) }) else { throw SaveError.invalid(key, "\(key): must be a list of texts") }
        return values
    }

    /// A text, or null for none.
    private static func text(_ said: JSONObject, _ key: String) throws -> JSONValue {
        guard let value = said[key], !value.isNull else { return .null }
        guard isShort(value.string) else { throw SaveError.invalid(key, "\(key): must be a short text or null") }
        return value
    }

    /// "Must be a valid version requirement without an operator."
    private static func rustVersion(_ said: JSONObject) throws -> JSONValue? {
        guard let text = try text(said, "rust_version").string else { return nil }
        guard let first = text.utf8.first, ASCII.isDigit(first), VersionRange(cargo: text) != nil else {
            throw SaveError.invalid("rust_version", "rust_version: must be a version such as 1.70")
        }
        return .string(text)
    }

    private static func isShort(_ text: String?) -> Bool {
        guard let text else { return false }
        return (1...maxTextBytes).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// What is shown of a version. It is for people: what is not of the right kind is left out.
    private static func about(_ said: JSONObject) -> JSONObject {
        var about = JSONObject()
        for key in ["description", "license", "license_file", "documentation", "homepage", "repository"] {
            guard let text = said[key]?.string, !text.isEmpty else { continue }
            about[key] = .string(CrateRecord.cut(text))
        }
        for key in ["keywords", "categories", "authors"] {
            let texts = (said[key]?.array ?? []).prefix(50).compactMap(\.string)
            if !texts.isEmpty { about[key] = .array(texts.map { .string(CrateRecord.cut($0)) }) }
        }
        return about
    }
}

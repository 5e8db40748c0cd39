internal import SavePlatform
internal import SaveTOML

/// The `Cargo.toml` within a crate as the description that `cargo publish` sends beside it: for crates that come without one.
///
/// Cargo writes this file when it packs the crate: every dependency has a table with all that counts, and nothing is inherited from a workspace
/// (Cargo Book, "cargo package").
struct CrateManifest {
    let description: JSONObject

    private static let kinds = [("dependencies", "normal"), ("dev-dependencies", "dev"), ("build-dependencies", "build")]

    /// - Throws: `invalidRequest` naming `crate`.
    init(_ manifest: TOMLTable) throws {
        guard let package = manifest["package"]?.table ?? manifest["project"]?.table else {
            throw Self.wrong("has no [package]")
        }
        var said = JSONObject()
        said["name"] = Self.text(package["name"])
        said["vers"] = Self.text(package["version"])
        for (key, member) in [
            ("description", "description"), ("license", "license"), ("license-file", "license_file"),
            ("documentation", "documentation"), ("homepage", "homepage"), ("repository", "repository"), ("links", "links"),
            ("rust-version", "rust_version"),
        ] { said[member] = Self.text(package[key]) }
        for key in ["keywords", "categories", "authors"] { said[key] = .array(Self.texts(package[key])) }
        var dependencies = try Self.dependencies(in: manifest, target: nil)
        for (target, value) in Self.members(manifest["target"]) {
            guard let table = value.table else { throw Self.wrong("has a target '\(target.prefix(64))' that is no table") }
            dependencies += try Self.dependencies(in: table, target: target)
        }
        said["deps"] = .array(dependencies)
        said["features"] = .object(
            JSONObject(Self.members(manifest["features"]).map { ($0, .array(Self.texts($1))) }))
        description = said
    }

    private static func dependencies(in table: TOMLTable, target: String?) throws -> [JSONValue] {
        try kinds.flatMap { key, kind in
            // Both spellings are read; the other one is of the first years.
            let tables = members(table[key]) + members(key == "dependencies" ? nil : table[key.replacing("-", with: "_")])
            return try tables.map { name, value in
                try dependency(name, value, kind: kind, target: target)
            }
        }
    }

    private static func dependency(_ name: String, _ value: TOMLValue, kind: String, target: String?) throws -> JSONValue {
        var said: JSONObject = ["kind": .string(kind), "target": JSONValue(target)]
        if let version = value.string {
            said["name"] = .string(name)
            said["version_req"] = .string(version)
            return .object(said)
        }
        guard let table = value.table else { throw wrong("has a dependency '\(name.prefix(64))' that is no table") }
        let package = table["package"]?.string
        said["name"] = .string(package ?? name)
        if package != nil { said["explicit_name_in_toml"] = .string(name) }
        said["version_req"] = text(table["version"]) ?? "*"
        said["features"] = .array(texts(table["features"]))
        said["optional"] = .bool(flag(table["optional"]) ?? false)
        said["default_features"] = .bool(flag(table["default-features"]) ?? flag(table["default_features"]) ?? true)
        said["registry"] = text(table["registry-index"])
        return .object(said)
    }

    /// In the order of their names: a table has none of its own.
    private static func members(_ value: TOMLValue?) -> [(String, TOMLValue)] {
        let members = (value?.table?.members ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return members.map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
    }

    private static func text(_ value: TOMLValue?) -> JSONValue? { value?.string.map(JSONValue.string) }

    /// What is no text stands there as null, so that it is refused as it would be in a publish.
    private static func texts(_ value: TOMLValue?) -> [JSONValue] {
        (value?.array ?? []).map { $0.string.map(JSONValue.string) ?? .null }
    }

    private static func flag(_ value: TOMLValue?) -> Bool? { if case .bool(let value) = value { value } else { nil } }

    private static func wrong(_ what: String) -> SaveError {
        SaveError.invalid("crate", "crate: the Cargo.toml within the crate \(what)")
    }
}

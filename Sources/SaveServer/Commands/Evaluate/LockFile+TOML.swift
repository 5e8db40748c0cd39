internal import SavePlatform
internal import SaveTOML

/// Lock files that are written in TOML: those of uv, poetry, and PEP 751.
extension LockFile {
    /// `uv.lock`: a table for each package, with where it comes from. Packages of the workspace have no registry.
    mutating func readUv(_ bytes: [UInt8]) throws {
        for package in try Self.tables(bytes, of: "package") {
            let name = try Self.text("name", in: package)
            let source = package["source"]?.table ?? TOMLTable()
            if source["registry"] != nil {
                add(.python(name, try Self.text("version", in: package)))
            } else if source["editable"] == nil, source["virtual"] == nil {
                let kind = ["git", "url", "path", "directory"].first { source[$0] != nil } ?? "another source"
                skip(name, "comes from \(kind), not from an index")
            }
        }
    }

    /// `poetry.lock`: packages of the default index name no source, those of another index one of the type `legacy`.
    mutating func readPoetry(_ bytes: [UInt8]) throws {
        for package in try Self.tables(bytes, of: "package") {
            let name = try Self.text("name", in: package)
            let kind = package["source"]?.table?["type"]?.string ?? "legacy"
            if kind == "legacy" {
                add(.python(name, try Self.text("version", in: package)))
            } else {
                skip(name, "comes from \(kind), not from an index")
            }
        }
    }

    /// `pylock.toml` (PEP 751): files of an index are `wheels` and an `sdist`; `vcs`, `directory` and `archive` are none.
    mutating func readPylock(_ bytes: [UInt8]) throws {
        for package in try Self.tables(bytes, of: "packages") {
            let name = try Self.text("name", in: package)
            if let kind = ["vcs", "directory", "archive"].first(where: { package[$0] != nil }) {
                skip(name, "comes from \(kind == "vcs" ? "version control" : "a \(kind)"), not from an index")
            } else if let version = package["version"]?.string {
                add(.python(name, version))
            } else {
                skip(name, "has no version in the file")
            }
        }
    }

    private static func tables(_ bytes: [UInt8], of key: String) throws -> [TOMLTable] {
        let document: TOMLTable
        do { document = try TOMLTable(parsing: bytes) } catch { throw SaveError(.invalidRequest, "\(error)") }
        guard let member = document[key] else { return [] }
        guard let values = member.array else { throw SaveError(.invalidRequest, "'\(key)' is not an array of tables") }
        return try values.map { value in
            guard let table = value.table else { throw SaveError(.invalidRequest, "'\(key)' is not an array of tables") }
            return table
        }
    }

    private static func text(_ key: String, in package: TOMLTable) throws -> String {
        guard let text = package[key]?.string, !text.isEmpty else {
            let name = package["name"]?.string.map { " (\($0))" } ?? ""
            throw SaveError(.invalidRequest, "a package\(name) has no '\(key)'")
        }
        return text
    }
}

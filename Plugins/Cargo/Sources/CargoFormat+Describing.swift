internal import SaveArchive
public import SavePlatform
internal import SaveTOML
internal import SaveVersions

/// The index says what a version needs, and a publish what it is; the crate itself has its README, and the rest of what an index leaves out.
extension CargoFormat: ReleaseDescribing {
    public func isPrerelease(_ version: String) -> Bool { SemanticVersion(crate: version)?.isPrerelease ?? false }

    public func status(of package: JSONObject) -> (word: String, reason: String?)? { nil }

    public func metadataPath(of file: AssetRecord) -> AssetPath? { file.path }

    public func summary(of file: AssetRecord, metadata: [UInt8]?) -> String? {
        CrateRecord(file).about["description"]?.string ?? DescribedCrate(metadata)?.text("description")
    }

    public func readme(of file: AssetRecord, metadata: [UInt8]?, package: JSONObject) -> Document? {
        DescribedCrate(metadata)?.readme
    }

    public func facts(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, value: String)] {
        let record = CrateRecord(file)
        let crate = record.about.isEmpty ? DescribedCrate(metadata) : nil
        var facts: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { facts.append((name, value)) }
        }
        func addText(_ name: String, _ key: String) { add(name, record.about[key]?.string ?? crate?.text(key)) }
        func addAll(_ name: String, _ key: String) {
            let texts = record.about[key]?.array?.compactMap(\.string) ?? crate?.texts(key) ?? []
            add(name, texts.prefix(20).joined(separator: ", "))
        }
        add("Rust", (record.line["rust_version"]?.string ?? crate?.text("rust-version")).map { "\($0) or later" })
        addText("Licence", "license")
        addAll("Authors", "authors")
        addText("Homepage", "homepage")
        addText("Repository", "repository")
        addText("Documentation", "documentation")
        addAll("Keywords", "keywords")
        addAll("Categories", "categories")
        return facts
    }

    public func dependencies(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, versions: String, group: String)] {
        (CrateRecord(file).line["deps"]?.array ?? []).prefix(500).compactMap { value in
            guard let said = value.object, let name = said["package"]?.string ?? said["name"]?.string else { return nil }
            let kind = ["dev": "development", "build": "build"][said["kind"]?.string ?? ""]
            let groups = [
                kind, said["optional"]?.bool == true ? "optional" : nil, (said["target"]?.string).map { "on \($0)" },
            ]
            return (name, said["req"]?.string ?? "", groups.compactMap(\.self).joined(separator: ", "))
        }
    }
}

/// A crate, as far as people read it. What cannot be read says nothing.
private struct DescribedCrate {
    private let manifest: TOMLTable
    /// Files that are called README, by their paths below the top folder.
    private let readmes: [String: [UInt8]]

    /// Bytes of each file that is looked at.
    private static let maxBytes: Int64 = 1 << 20
    private static let maxReadmes = 20

    init?(_ bytes: [UInt8]?) {
        guard let bytes else { return nil }
        var left = Self.maxReadmes
        let entries = try? TarGzip.read(ArchiveSource(bytes), limit: Int(Self.maxBytes)) { entry in
            guard entry.size <= Self.maxBytes, let path = Self.path(entry.name) else { return false }
            if ASCII.isEqual(path, "Cargo.toml") { return true }
            left -= Self.isReadme(path) ? 1 : 0
            return Self.isReadme(path) && left >= 0
        }
        let found = (entries ?? []).compactMap { entry, contents in
            contents.flatMap { bytes in Self.path(entry.name).map { (path: $0, bytes: bytes) } }
        }
        guard
            let manifest = found.first(where: { ASCII.isEqual($0.path, "Cargo.toml") }).flatMap({
                try? TOMLTable(parsing: $0.bytes)
            }),
            let package = (manifest["package"] ?? manifest["project"])?.table
        else { return nil }
        self.manifest = package
        readmes = Dictionary(found.map { ($0.path, $0.bytes) }) { first, _ in first }
    }

    /// The path below the folder that all of a crate is in.
    private static func path(_ name: String) -> String? {
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(Substring(name.utf8[name.utf8.index(after: slash)...]))
    }

    private static func isReadme(_ path: String) -> Bool {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        return name.prefix(6).map(ASCII.lowercased).elementsEqual("readme".utf8)
    }

    func text(_ key: String) -> String? { manifest[key]?.string }

    func texts(_ key: String) -> [String] { (manifest[key]?.array ?? []).compactMap(\.string) }

    /// The file that the manifest names; where it names none, the one that Cargo takes (Cargo Book, "The readme field").
    var readme: Document? {
        if case .bool(false)? = manifest["readme"] { return nil }
        let named = manifest["readme"]?.string.map {
            $0.utf8.starts(with: "./".utf8) ? String(Substring($0.utf8.dropFirst(2))) : $0
        }
        for name in [named].compactMap(\.self) + ["README.md", "README.txt", "README"] {
            guard let bytes = readmes[name] else { continue }
            let ending = ASCII.lowercased(String(decoding: name.utf8.suffix(3), as: UTF8.self))
            return Document(type: ASCII.isEqual(ending, ".md") ? "text/markdown" : .text, bytes: bytes)
        }
        return nil
    }
}

internal import SaveArchive
public import SavePlatform

/// The zip of a version has its README, and what it needs in its `go.mod`.
extension GoFormat: ReleaseDescribing {
    public func isPrerelease(_ version: String) -> Bool { ModuleVersion(version).map { !$0.isRelease } ?? false }

    public func status(of package: JSONObject) -> (word: String, reason: String?)? { nil }

    public func metadataPath(of file: AssetRecord) -> AssetPath? {
        guard let file = ModuleFile(file.path) else { return nil }
        return try? file.path(.zip)
    }

    public func summary(of file: AssetRecord, metadata: [UInt8]?) -> String? { nil }

    public func readme(of file: AssetRecord, metadata: [UInt8]?, package: JSONObject) -> Document? {
        DescribedModule(file, zip: metadata)?.readme
    }

    public func facts(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, value: String)] {
        let goMod = DescribedModule(file, zip: metadata)?.goMod ?? []
        return GoModFile.goVersion(goMod).map { [("Go", "\($0) or later")] } ?? []
    }

    public func dependencies(of file: AssetRecord, metadata: [UInt8]?) -> [(name: String, versions: String, group: String)] {
        let goMod = DescribedModule(file, zip: metadata)?.goMod ?? []
        return GoModFile.requirements(goMod).prefix(1000).map { ($0.path, $0.version, $0.isIndirect ? "indirect" : "") }
    }
}

/// The zip of a version, as far as people read it. What cannot be read says nothing.
private struct DescribedModule {
    private let archive: ZipArchive
    /// What every name within begins with.
    private let prefix: String

    /// Bytes of a README that is shown, and of a go.mod.
    private static let maxBytes = 1 << 20

    init?(_ file: AssetRecord, zip: [UInt8]?) {
        guard let zip, let module = ModuleFile(file.path),
            let archive = try? ModuleZip.archive(ArchiveSource(zip), checking: .directory)
        else { return nil }
        self.archive = archive
        prefix = "\(module.module.text)@\(module.version.text)/"
    }

    var goMod: [UInt8]? { bytes(named: "go.mod") }

    /// The file in the module's top folder that is called so, Markdown before others.
    var readme: Document? {
        let names = archive.entries.compactMap { entry -> String? in
            guard entry.name.utf8.starts(with: prefix.utf8), entry.size <= Self.maxBytes else { return nil }
            return String(Substring(entry.name.utf8.dropFirst(prefix.utf8.count)))
        }
        return ReadmeName.best(of: names).flatMap { name in
            bytes(named: name.text).map { Document(type: name.isMarkdown ? "text/markdown" : .text, bytes: $0) }
        }
    }

    private func bytes(named name: String) -> [UInt8]? {
        let entry = archive.entries.first { ASCII.isEqual($0.name, prefix + name) }
        return entry.flatMap { try? archive.contents(of: $0, limit: Self.maxBytes) }
    }
}

/// The name of a file that tells what a module is, as pkg.go.dev looks for it.
struct ReadmeName {
    let text: String
    let isMarkdown: Bool

    /// - Returns: nil where none of the names is one in the top folder.
    static func best(of names: [String]) -> ReadmeName? {
        let known = ["readme.md", "readme.markdown", "readme", "readme.txt", "readme.rst"]
        let found = names.compactMap { name in known.firstIndex(of: ASCII.lowercased(name)).map { (place: $0, name: name) } }
        return found.min { ($0.place, $0.name) < ($1.place, $1.name) }.map { ReadmeName(text: $0.name, isMarkdown: $0.place < 2) }
    }
}

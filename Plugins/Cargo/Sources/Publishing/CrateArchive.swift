internal import SaveArchive
internal import SavePlatform
internal import SaveTOML

/// The file of a version: what Cargo unpacks has to be the crate that the index says it is.
enum CrateArchive {
    /// Bytes of the `Cargo.toml` within.
    private static let maxManifestBytes = 4 << 20

    /// Checks that a file is the crate of a version. Blocks.
    ///
    /// Cargo refuses an archive with an entry outside of `name-version/` when it unpacks it, after the number is taken.
    /// - Throws: `invalidRequest` naming `crate`.
    static func check(_ file: OpenFile, of name: CrateName, _ version: String) throws {
        let top = "\(name.text)-\(version)/"
        let manifest = try manifest(in: read(FileBytes(file)) { ASCII.isEqual($0, top + fileName) }, below: top)
        guard let package = manifest["package"]?.table ?? manifest["project"]?.table else {
            throw refused("the Cargo.toml within the crate has no [package]")
        }
        guard ASCII.isEqual(package["name"]?.string ?? "", name.text) else {
            throw refused("the Cargo.toml within the crate is of another crate than \(name.text)")
        }
        guard ASCII.isEqual(package["version"]?.string ?? "", version) else {
            throw refused("the Cargo.toml within the crate is of another version than \(version)")
        }
    }

    /// What a crate has in its `Cargo.toml`, and the folder that all of it lies in, with a slash at its end. Blocks.
    ///
    /// - Throws: `invalidRequest` naming `crate`.
    static func described(_ file: FileBytes) throws -> (top: String, manifest: TOMLTable) {
        let entries = try read(file, isManifest)
        let top = entries.first.map { folder(of: $0.entry.name) } ?? ""
        return (top, try manifest(in: entries, below: top))
    }

    /// Whether a file is an archive with a `Cargo.toml` where crates have it, and no source distribution of Python, which may have one too. Blocks.
    ///
    /// - Throws: only where the file cannot be read.
    static func hasManifest(_ file: FileBytes) throws -> Bool {
        do {
            let entries = try read(file, isManifest)
            return entries.contains { $0.contents != nil }
                && !entries.contains { ASCII.isEqual($0.entry.name, folder(of: $0.entry.name) + "PKG-INFO") }
        } catch let error as SaveError where error.code == .invalidRequest {
            return false
        }
    }

    private static let fileName = "Cargo.toml"
    private typealias Entries = [(entry: TarGzip.Entry, contents: [UInt8]?)]

    private static func folder(of entry: String) -> String {
        String(Substring(entry.utf8.prefix { $0 != UInt8(ascii: "/") })) + "/"
    }

    private static func isManifest(_ entry: String) -> Bool { ASCII.isEqual(entry, folder(of: entry) + fileName) }

    private static func read(_ file: FileBytes, _ isWanted: (String) -> Bool) throws -> Entries {
        do {
            let source = ArchiveSource(size: file.size) { try file.read(at: $0, count: $1) }
            return try TarGzip.read(source, limit: maxManifestBytes) { isWanted($0.name) }
        } catch let error as ArchiveError {
            throw refused("the file is no crate as cargo packs them: \(error.reason)")
        }
    }

    private static func manifest(in entries: Entries, below top: String) throws -> TOMLTable {
        for (entry, _) in entries {
            guard entry.name.utf8.starts(with: top.utf8) else {
                throw refused("the crate has '\(entry.name.prefix(100))', which is not below \(top)")
            }
            guard entry.isFile || entry.name.utf8.last == UInt8(ascii: "/") else {
                throw refused("the crate has a link, '\(entry.name.prefix(100))': put the file there")
            }
        }
        let found = entries.compactMap(\.contents)
        guard let manifest = found.first else {
            throw refused("the crate has no \(top)\(fileName): pack it with cargo package")
        }
        guard found.count == 1 else { throw refused("the crate has more than one \(top)\(fileName)") }
        do {
            return try TOMLTable(parsing: manifest)
        } catch {
            throw refused("the Cargo.toml within the crate is not TOML: \(error)")
        }
    }

    private static func refused(_ reason: String) -> SaveError { SaveError.invalid("crate", "crate: \(reason)") }
}

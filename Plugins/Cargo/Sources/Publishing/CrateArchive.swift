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
        let manifest = try manifest(in: file, below: top)
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

    private static func manifest(in file: OpenFile, below top: String) throws -> TOMLTable {
        let entries: [(entry: TarGzip.Entry, contents: [UInt8]?)]
        do {
            let source = ArchiveSource(size: file.size) { try file.read(at: $0, count: $1) }
            entries = try TarGzip.read(source, limit: maxManifestBytes) { ASCII.isEqual($0.name, top + "Cargo.toml") }
        } catch let error as ArchiveError {
            throw refused("the file is no crate as cargo packs them: \(error.reason)")
        }
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
            throw refused("the crate has no \(top)Cargo.toml: pack it with cargo package")
        }
        guard found.count == 1 else { throw refused("the crate has more than one \(top)Cargo.toml") }
        do {
            return try TOMLTable(parsing: manifest)
        } catch {
            throw refused("the Cargo.toml within the crate is not TOML: \(error)")
        }
    }

    private static func refused(_ reason: String) -> SaveError { SaveError.invalid("crate", "crate: \(reason)") }
}

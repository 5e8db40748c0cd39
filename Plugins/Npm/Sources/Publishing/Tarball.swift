internal import SaveArchive
internal import SavePlatform
internal import SaveVersions

/// The file of a version: what npm unpacks has to be the package that the registry says it is.
enum Tarball {
    /// Bytes of the `package.json` within.
    private static let maxManifestBytes = 4 << 20

    /// Checks that a file is a tarball of a version. Blocks.
    ///
    /// npm drops the first directory of every entry, whatever it is called, so that two of them can have a `package.json` that
    /// becomes the same file: which one counts would depend on the reader.
    /// - Throws: `invalidRequest` naming `_attachments`.
    static func check(_ file: OpenFile, of name: PackageName, _ version: SemanticVersion) throws {
        let manifest = try manifest(of: FileBytes(file))
        guard ASCII.isEqual(trimmed(manifest?["name"]?.string), name.text) else {
            throw refused("the package.json within the tarball is of another package than \(name.text)")
        }
        guard isVersion(trimmed(manifest?["version"]?.string), version) else {
            throw refused("the package.json within the tarball is of another version than \(version)")
        }
    }

    /// What a tarball says that it is: its `package.json`, with name and version as npm publishes them. Blocks.
    ///
    /// - Throws: `invalidRequest` where it is no tarball, or does not say that.
    static func described(_ file: FileBytes) throws -> (name: PackageName, version: SemanticVersion, manifest: JSONObject) {
        guard var manifest = try manifest(of: file), let name = PackageName(trimmed(manifest["name"]?.string)), name.isNewStyle,
            !name.isReserved
        else { throw refused("the package.json within the tarball has no name that a package can have") }
        let written = trimmed(manifest["version"]?.string).utf8.drop { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "v") }
        guard let version = SemanticVersion(String(Substring(written.prefix { $0 != UInt8(ascii: "+") }))) else {
            throw refused("the package.json within the tarball has no semantic version")
        }
        manifest["name"] = .string(name.text)
        manifest["version"] = .string(version.description)
        manifest["dist"] = nil
        return (name, version, manifest)
    }

    /// Whether a file is an archive that has a `package.json` where npm looks for it. Blocks.
    ///
    /// - Throws: only where the file cannot be read.
    static func hasManifest(_ file: FileBytes) throws -> Bool {
        do {
            return try !manifests(of: file).isEmpty
        } catch is PackedFiles.Refusal {
            return false
        }
    }

    private static func manifests(of file: FileBytes) throws -> [(name: String, contents: [UInt8])] {
        try PackedFiles.read(
            archiveOf: file.size, limit: maxManifestBytes, bytes: { try file.read(at: $0, count: $1) }, wanted: isManifest)
    }

    private static func manifest(of file: FileBytes) throws -> JSONObject? {
        let found: [(name: String, contents: [UInt8])]
        do {
            found = try manifests(of: file)
        } catch let refusal as PackedFiles.Refusal {
            throw refused("the file is no tarball as npm packs them: \(refusal)")
        }
        guard let text = found.first?.contents else {
            throw refused("the tarball has no package.json in its directory: pack it with npm pack")
        }
        guard found.count == 1 else { throw refused("the tarball has more than one package.json in its directory") }
        // npm skips a byte order mark.
        let bytes = text.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(text.dropFirst(3)) : text
        do {
            return try JSONValue(parsing: bytes).object
        } catch {
            throw refused("the package.json within the tarball is not JSON: \(error)")
        }
    }

    private static func isManifest(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts[1].elementsEqual("package.json".utf8)
    }

    /// npm publishes a version without what stands before its number, and without its build (`semver.clean`).
    private static func isVersion(_ written: String, _ version: SemanticVersion) -> Bool {
        let text = written.utf8.drop { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "v") }
        let published = version.description.utf8
        return text.elementsEqual(published) || text.prefix { $0 != UInt8(ascii: "+") }.elementsEqual(published)
    }

    private static func trimmed(_ text: String?) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        var text = (text ?? "").utf8.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text = text.dropLast() }
        return String(Substring(text))
    }

    private static func refused(_ reason: String) -> SaveError { SaveError.invalid("_attachments", "_attachments: \(reason)") }
}

internal import SavePlatform

/// npm's lock files (https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json), of all three versions.
extension LockFile {
    mutating func readNpm(_ bytes: [UInt8]) throws {
        let document: JSONValue
        do { document = try JSONValue(parsing: bytes) } catch { throw SaveError(.invalidRequest, "\(error)") }
        if let packages = document.object?["packages"] {
            guard case .object(let members) = packages else { throw SaveError(.invalidRequest, "'packages' is not an object") }
            for member in members.members { try addInstalled(at: member.key, member.value) }
        } else if let dependencies = document.object?["dependencies"] {
            try addTree(dependencies)
        } else {
            throw SaveError(.invalidRequest, "it has neither 'packages' nor 'dependencies'")
        }
    }

    /// Versions 2 and 3: each package below the path where it is installed. Other paths are the project's own.
    private mutating func addInstalled(at path: String, _ value: JSONValue) throws {
        guard let folder = Self.lastFolder(path) else { return }
        if value.object?["link"]?.bool == true { return }
        let name = value.object?["name"]?.string ?? folder
        guard let version = value.object?["version"]?.string else { return skip(name, "has no version in the file") }
        if let place = value.object?["resolved"]?.string, !Self.isOfRegistry(place) {
            skip(name, "comes from \(place), not from a registry")
        } else {
            add(.npm(name, version))
        }
    }

    /// Version 1: packages with the packages that they brought along.
    private mutating func addTree(_ value: JSONValue) throws {
        guard case .object(let members) = value else { throw SaveError(.invalidRequest, "'dependencies' is not an object") }
        for member in members.members {
            let (name, package) = (member.key, member.value)
            let version = package.object?["version"]?.string ?? ""
            if let (other, version) = Self.alias(version) {
                add(.npm(other, version))
            } else if version.utf8.contains(UInt8(ascii: ":")) {
                skip(name, "comes from \(version), not from a registry")
            } else if version.isEmpty {
                skip(name, "has no version in the file")
            } else {
                add(.npm(name, version))
            }
            if let more = package.object?["dependencies"] { try addTree(more) }
        }
    }

    /// `@scope/name` of `node_modules/a/node_modules/@scope/name`.
    private static func lastFolder(_ path: String) -> String? {
        let marker = Array("node_modules/".utf8)
        let bytes = Array(path.utf8)
        guard bytes.count > marker.count else { return nil }
        for start in stride(from: bytes.count - marker.count, through: 0, by: -1)
        where bytes[start...].starts(with: marker) && (start == 0 || bytes[start - 1] == UInt8(ascii: "/")) {
            return String(decoding: bytes[(start + marker.count)...], as: UTF8.self)
        }
        return nil
    }

    private static func isOfRegistry(_ place: String) -> Bool {
        place.utf8.starts(with: "https://".utf8) || place.utf8.starts(with: "http://".utf8)
    }

    /// `npm:other@1.0` of a package that is installed under another name.
    private static func alias(_ version: String) -> (String, String)? {
        guard version.utf8.starts(with: "npm:".utf8), let at = version.utf8.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let name = version[version.utf8.index(version.startIndex, offsetBy: 4)..<at]
        return name.isEmpty ? nil : (String(name), String(version[version.utf8.index(after: at)...]))
    }
}

internal import FoundationEssentials
internal import Glibc
internal import SaveHTTP
internal import SavePlatform

/// Folders whose names are on the disk.
package enum DurableFolder {
    /// Creates a folder for its owner only, with those above it that are missing, and makes the names of all of them durable,
    /// also of those that an earlier process made.
    ///
    /// - Throws: `storageUnavailable`, naming the folder.
    package static func create(_ path: String) throws {
        var isFolder = false
        let parent = parent(of: path)
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder else { throw failure(path, ENOTDIR) }
        } else {
            if !parent.isEmpty, !FileManager.default.fileExists(atPath: parent) { try create(parent) }
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(path, errno) }
        }
        // A folder of somebody else's may not be readable; then its maker has to have synced it.
        if access(parent.isEmpty ? "." : parent, R_OK) == 0 { try DiskSync.folder(at: parent.isEmpty ? "." : parent) }
    }

    /// The folder that a path is in; empty for a name alone. Foundation's own way traps for a name of one letter.
    package static func parent(of path: String) -> String {
        let slash = UInt8(ascii: "/")
        var rest = Array(path.utf8)[...]
        while rest.count > 1, rest.last == slash { rest.removeLast() }
        guard let end = rest.lastIndex(of: slash) else { return "" }
        rest = rest[..<end]
        while rest.last == slash { rest.removeLast() }
        return rest.isEmpty ? "/" : String(decoding: rest, as: UTF8.self)
    }

    private static func failure(_ path: String, _ code: Int32) -> SaveError {
        PathFailure.error("the directory", path, "cannot be created", code)
    }
}

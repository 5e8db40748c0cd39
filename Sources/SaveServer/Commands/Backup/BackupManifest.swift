internal import FoundationEssentials
internal import Glibc
internal import SaveBlobs
internal import SavePlatform

/// `backup.json`: what a backup holds. It is the last thing that is written, so a backup that lacks it is not whole.
struct BackupManifest: Equatable {
    static let name = "backup.json"

    /// False while a backup is being made.
    var isComplete: Bool
    /// The version of the server that made it.
    var version = Version.current
    var created: Timestamp
    /// SHA-256 of `save.db`, in hexadecimal.
    var database: String?
    /// Stored files, and those among them that the server had lost or damaged already.
    var files: Int64 = 0
    var damaged: Int64 = 0

    func write(to directory: String) throws {
        let json: JSONObject = [
            "complete": .bool(isComplete), "version": .string(version), "created_at": .string(created.rfc3339),
            "database_sha256": JSONValue(database), "files": .integer(files), "damaged_files": .integer(damaged),
        ]
        try PrivateFile.write(JSONValue.object(json).bytes + [UInt8(ascii: "\n")], to: "\(directory)/\(Self.name)")
    }

    /// Reads the manifest of a backup.
    ///
    /// - Throws: `notFound` where there is none, `invalidRequest` for one that makes no sense.
    static func read(from directory: String) throws -> BackupManifest {
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else {
            throw SaveError(.notFound, "\(directory) holds no backup: there is no \(name) in it")
        }
        let json = try? JSONValue(parsing: Array(data)).object
        guard let json, let isComplete = json["complete"]?.bool, let version = json["version"]?.string,
            let created = json["created_at"]?.string.flatMap(Timestamp.init(rfc3339:))
        else { throw SaveError(.invalidRequest, "\(directory)/\(name) is damaged") }
        return BackupManifest(
            isComplete: isComplete, version: version, created: created, database: json["database_sha256"]?.string,
            files: json["files"]?.integer ?? 0, damaged: json["damaged_files"]?.integer ?? 0)
    }
}

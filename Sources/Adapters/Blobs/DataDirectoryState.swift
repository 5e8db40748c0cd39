internal import FoundationEssentials
internal import Glibc
internal import SavePlatform

/// How far a data directory is, in a file of its own, `save.state`: what is missing from a directory that is ready was lost, and
/// what is missing from one that is not was never there. Absence by itself says neither.
enum DataDirectoryState: String {
    /// The first start has begun: what is missing is made.
    case initializing
    /// A restore has begun and did not end.
    case restoring
    /// Everything was there once.
    case ready

    static let file = "save.state"

    /// - Returns: nil where there is no such file.
    /// - Throws: `storageUnavailable` for a file that says something else.
    init?(in directory: String) throws {
        let path = "\(directory)/\(Self.file)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let state = Self(rawValue: String(text.prefix { $0 != "\n" })) else {
            throw SaveError(
                .storageUnavailable,
                "\(path) is damaged: write 'ready' into it, if nothing else is missing from \(directory), or restore a backup")
        }
        self = state
    }

    /// Notes the state. It is on the disk when this returns.
    func write(to directory: String) throws {
        try PrivateFile.write(Array((rawValue + "\n").utf8), to: "\(directory)/\(Self.file)")
    }
}

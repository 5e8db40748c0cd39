internal import SavePlatform

/// Where files are in a repository: `packages/<package>/<file>` and, beside it, `<file>.metadata`.
///
/// One stable prefix and no version in between, so that a file's place follows from its name and its package alone.
enum PyPIPaths {
    static let prefix = "packages"
    static let sidecarEnding = ".metadata"

    static func file(_ filename: String, of package: PackageID) throws -> AssetPath {
        try AssetPath("\(prefix)/\(package.name)/\(filename)")
    }

    /// PEP 658: the file's path with `.metadata` behind it.
    static func sidecar(of file: AssetPath) throws -> AssetPath { try AssetPath(file.text + sidecarEnding) }
}

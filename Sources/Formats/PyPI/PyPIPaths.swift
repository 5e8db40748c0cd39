internal import SavePlatform

/// Where files are in a repository: `packages/<package>/<file>` and, beside it, `<file>.metadata`.
///
/// One stable prefix and no version in between, so that a file's place follows from its name and its package alone.
enum PyPIPaths {
    static let prefix = "packages"
    static let sidecarEnding = ".metadata"

    static func file(_ filename: String, of package: PackageID) throws -> AssetPath {
        try AssetPath(folder(of: package) + filename)
    }

    /// What the paths of a package's files begin with.
    static func folder(of package: PackageID) -> String { "\(prefix)/\(package.name)/" }

    /// PEP 658: the file's path with `.metadata` behind it.
    static func sidecar(of file: AssetPath) throws -> AssetPath { try AssetPath(file.text + sidecarEnding) }

    /// PEP 740: where the provenance of a file is. The version is the one that the file's name has.
    static func provenance(of filename: String, _ distribution: DistributionFilename) throws -> AssetPath {
        try AssetPath("\(integrity)/\(distribution.package.name)/\(distribution.version)/\(filename)/provenance")
    }

    static let integrity = "integrity"
    static let provenanceType: MediaType = "application/vnd.pypi.integrity.v1+json"
}

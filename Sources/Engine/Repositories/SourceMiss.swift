internal import SaveStorage
internal import SaveAccess
package import SavePlatform

/// "Not here", with what that answer depends on, so that a group's answer can depend on it as well.
package struct SourceMiss: Error, Sendable {
    package let error: SaveError
    package let validity: CacheValidity

    /// "Not to be taken from an upstream": refused rather than missing, because a client that is told "not found" goes on to
    /// the next index it knows, where somebody else may have published under the name.
    static func reserved(
        _ package: PackageID, _ pattern: NamePattern, in repository: Repository, _ validity: CacheValidity
    ) -> SourceMiss {
        SourceMiss(
            error: SaveError(
                .blocked,
                "'\(package)' is not hosted here, and \(repository.record.coordinates) takes no package of the reserved name '\(pattern)' from an upstream: publish it here, or have an owner change the reserved names"
            ), validity: validity)
    }

    /// Why a file is not there that is there now; nil for every other miss.
    var absence: SaveError? { error.details[PublishedBy.detail] == nil ? nil : error }

    /// The codes that mean that something is not there, as against not known.
    static let codes: Set<SaveError.Code> = [.packageNotFound, .assetNotFound, .notFound]
}

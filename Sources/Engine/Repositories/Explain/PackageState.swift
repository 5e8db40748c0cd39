package import SaveAccess
package import SavePlatform
internal import SaveStorage

/// How a package was at a moment, for what was made of it: its files, what is said of them, and the settings that count for them.
package struct PackageState: Sendable {
    fileprivate let versions: [ChangeCounters.Version]
}

extension RepositoryAdministration {
    /// The state of a package now. Take it before reading anything of the package.
    ///
    /// - Parameter repositories: all that answer for it.
    package func state(of package: PackageID, in repositories: [Repository]) -> PackageState {
        PackageState(versions: repositories.map { sources.counters.version($0.record.id, .index(.package(package))) })
    }

    /// Whether nothing of it has changed since. What an upstream says now may be known without having been asked for here.
    package func isCurrent(_ state: PackageState) -> Bool { state.versions.allSatisfy(sources.counters.isCurrent) }
}

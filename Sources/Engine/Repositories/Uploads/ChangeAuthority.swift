package import SaveAccess
internal import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// By what right a repository is changed. It is asked for again in the transaction that makes the change: a client takes as
/// long as it likes to send a body, and a caller that lost an account, a key or a role meanwhile changes nothing any more.
///
/// With one writer changes run one at a time, and a request that takes something away is answered when the catalogue knows of it. So what
/// the catalogue says inside of a transaction holds until that is committed. With several writers a change that began before may end after.
package struct ChangeAuthority: Sendable {
    private let authentication: Authentication
    private let permission: Permission
    private let repository: Int64
    /// No more than this, whatever the account may do.
    private let most: Permissions
    private let catalogue: Catalogue
    private let clock: PlatformClock

    /// - Parameters:
    ///   - permission: what the change needs.
    ///   - repository: the id of the repository that is changed.
    package init(
        _ authentication: Authentication, _ permission: Permission, on repository: Int64, most: Permissions = .all,
        _ services: PublishingServices
    ) {
        self.authentication = authentication
        self.permission = permission
        self.repository = repository
        self.most = most
        catalogue = services.catalogue
        clock = services.clock
    }

    /// Why a package that is not there yet may not be published; nil where it may.
    func refusal(of package: PackageID) -> SaveError? {
        let snapshot = catalogue.current
        return snapshot.repository(id: repository).flatMap { snapshot.refusal(of: package, in: $0) }
    }

    /// - Returns: the repository as it is set up now, and what may be done in it.
    /// - Throws: what the request would be answered with if it came now: `unauthenticated`, `repositoryNotFound`, `forbidden`,
    ///   `busy` where the repository is offline.
    func confirm() throws -> (repository: Repository, granted: Permissions) {
        let snapshot = catalogue.current
        let principal = try authentication.renewed(in: snapshot, at: clock.now()).principal
        guard let found = snapshot.repository(id: repository) else { throw SaveError.noSuchRepository }
        let granted = AccessPolicy.permissions(of: principal, on: found, in: snapshot).intersection(most)
        let decision = AccessPolicy.decide(permission, on: found, for: principal, granted: granted)
        if let error = decision.error { throw error }
        // An operator at the command line is no package manager.
        guard found.record.online || principal == .system else { throw SaveError.offline(found) }
        return (found, granted)
    }
}

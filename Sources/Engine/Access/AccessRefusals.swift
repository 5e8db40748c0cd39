package import SavePlatform
internal import SaveStorage

/// What a caller is told who may not do what it asked for.
extension SaveError {
    /// The same whether there is none or the caller may not know of it.
    package static let noSuchRepository = SaveError(
        .repositoryNotFound, "there is no such repository, or you may not read it: check the URL, or sign in as somebody who may")
    package static let signInFirst = SaveError(.unauthenticated, "sign in with a user name and password, or with an API key")

    package static func offline(_ repository: Repository) -> SaveError {
        SaveError(
            .busy, "\(repository.record.coordinates) is offline: ask again later, or have an owner of its project put it online",
            details: ["retry_after": "60"])
    }
}

extension AccessPolicy.Decision {
    /// What a request is refused with; nil for one that is allowed.
    package var error: SaveError? {
        switch self {
        case .allowed: nil
        case .unauthenticated: .signInFirst
        case .hidden: .noSuchRepository
        case .forbidden(let reason): SaveError(.forbidden, reason)
        }
    }
}

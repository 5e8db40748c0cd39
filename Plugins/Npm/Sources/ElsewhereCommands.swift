internal import SavePlatform

/// Commands of npm about what Save keeps elsewhere, or not at all: each is told what is so, and where to go. npm shows the sentence of a
/// refusal with 400 as it is; after 404 it says that a package is missing.
enum ElsewhereCommands {
    static let owners = SaveError(
        .invalidRequest,
        "who may publish is decided by the members of the project, not by npm owner: its owners change them at /api/v1/projects/{project}/members"
    )
    static let access = SaveError(
        .invalidRequest,
        "who may read and publish is decided by the members of the project and by anonymous_read of the repository, not by npm access: see /api/v1/projects/{project}/members and /api/v1/repos/{project}/{name}"
    )
    static let teams = SaveError(
        .invalidRequest,
        "there are no teams and organizations as npm team and npm org have them: the members of a project are at /api/v1/projects/{project}/members"
    )
    static let profiles = SaveError(
        .invalidRequest,
        "accounts are not changed by npm profile: /api/v1/user says who you are, and /api/v1/users/{username}/password takes a new password"
    )
    static let keys = SaveError(
        .invalidRequest, "API keys are listed, made and revoked by Save's own API, at /api/v1/user/keys")
    static let stars = SaveError(
        .invalidRequest, "packages have no stars here: npm star, npm unstar and npm stars have nothing to ask")
    static let hooks = SaveError(.invalidRequest, "there are no hooks here: npm hook has nothing to change")
    static let stages = SaveError(.invalidRequest, "versions are published at once: there is no npm stage here")

    /// What a path of the registry itself is about, without its leading `-`; nil for others.
    static func refusal(of segments: [String]) -> SaveError? {
        switch (segments.first, segments.dropFirst().first, segments.dropFirst(2).first) {
        // `npm owner` asks who somebody is, before it changes anything; `npm access` what packages they have.
        case ("user", _, nil): owners
        case ("user", _, "package"): access
        case ("org", _, "package"): access
        case ("team", _, _) where segments.last == "package": access
        case ("org", _, _), ("team", _, _): teams
        case ("npm", "v1", "user"): profiles
        case ("npm", "v1", "tokens"): keys
        case ("npm", "v1", "hooks"): hooks
        case ("stage", _, _): stages
        case ("_view", "starredByUser", _): stars
        default: nil
        }
    }
}

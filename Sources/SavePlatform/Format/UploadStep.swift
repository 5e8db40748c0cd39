/// A step of an upload that takes more than one request: what comes before the request that ends it.
///
/// The platform keeps what was sent, on disk and invisible, until a request of the same principal whose `UploadPlan` names the
/// session ends it: `receive` then gets all of it, followed by that request's own body, as one stream. So a format has nothing
/// to do but to say which request is which step, and to claim `FormatAbilities.uploadSessions`. Only hosted repositories have
/// sessions, and every step takes write permission.
///
/// A caller that may not know of a session, because it is another caller's or of another repository, gets the 404 of one that is not
/// there. Two requests that change a session at the same time do not: the second is 409.
public struct UploadStep: Sendable, Equatable {
    /// What can be asked.
    public enum Action: Sendable, Equatable {
        /// Begins a session. The request has no body. Answered with 202, and `Location` names the session's URL.
        case open
        /// Adds the body behind what is there. Where `Content-Range` says that it belongs elsewhere: 416, with what is there.
        /// Answered with 202. Of a connection that breaks, what came is kept.
        case append(session: String)
        /// Says how much is there. Answered with 204.
        case status(session: String)
        /// Forgets the session with its bytes. Answered with 204.
        case abandon(session: String)
    }

    /// What is asked.
    public var action: Action
    /// The directory of the sessions' URLs below the repository: the URL of a session is this, a slash, and its id.
    public var place: AssetPath
    /// A field that gives the bare id in every answer, where the protocol has one: `Docker-Upload-UUID`.
    public var idField: String?

    public init(_ action: Action, place: AssetPath, idField: String? = nil) {
        self.action = action
        self.place = place
        self.idField = idField
    }
}

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
    /// What makes the rest of the upload needless.
    package let copy: Copy?

    /// A file of this server, and what it is published as.
    package struct Copy: Sendable, Equatable {
        package let source: String
        package let plan: UploadPlan
    }

    /// - Parameters:
    ///   - source: the path of a file as a request to this server has it, in whatever repository. Where the caller may read it, and its bytes are here, `open`
    ///     publishes it as `plan` says and is answered as that is; `receive` gets it without its bytes being sent, or read. Where not, a session begins.
    ///   - plan: nil where nothing is copied.
    public init(
        _ action: Action, place: AssetPath, idField: String? = nil, copying source: String? = nil, as plan: UploadPlan? = nil
    ) {
        self.action = action
        self.place = place
        self.idField = idField
        if let source, let plan { copy = Copy(source: source, plan: plan) } else { copy = nil }
    }
}

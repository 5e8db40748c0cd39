package import SaveAccess
package import SaveAudit
package import SaveHTTP
package import SavePlatform
package import SaveRepositories
package import SaveStorage

/// What pages are made of. Everything that changes something goes through `askAPI`, so that rules, the audit trail and what is said
/// of a mistake are the REST API's; so do the larger reads.
package struct UIContext: Sendable {
    package let store: any MetadataStore
    package let catalogue: Catalogue
    /// Checks names and passwords: the gate that every sign-in goes through.
    package let authenticator: any RequestAuthenticating
    /// Notes that an account is signed in.
    package let noteSignIn: @Sendable (Principal, HTTPRequest) -> Void
    package let askAPI: APIAsking
    /// The same for answers that are handed on as they come.
    package let openAPI: APIOpening
    package let inspection: ServerInspection
    package let administration: RepositoryAdministration
    package let readmes: ReadmeMemory
    /// Notes for the audit trail that a file was read, where its repository wants that.
    package let noteDownload: DownloadNoting
    /// Records a form that was refused before the REST API was asked.
    package let recordRefusal: RefusalRecording
    /// Seconds that a key may last at most; nil where keys need no end.
    package let maxKeyLifetime: Int64?
    package let upstreamState: @Sendable (Repository) -> RepositoryAdministration.UpstreamState?
    /// The address that clients use; nil to take scheme and host from each request.
    package let publicAddress: PublicAddress?
    package let clock: PlatformClock
    package let log: Log
    /// The server's version, as it shows itself.
    package let version: String

    package init(
        store: any MetadataStore, catalogue: Catalogue, authenticator: any RequestAuthenticating,
        noteSignIn: @escaping @Sendable (Principal, HTTPRequest) -> Void, askAPI: @escaping APIAsking,
        openAPI: @escaping APIOpening, inspection: ServerInspection,
        administration: RepositoryAdministration, processors: BlockingPool, noteDownload: @escaping DownloadNoting,
        recordRefusal: @escaping RefusalRecording, maxKeyLifetime: Int64?, publicAddress: PublicAddress?, clock: PlatformClock,
        log: Log, version: String
    ) {
        self.store = store
        self.catalogue = catalogue
        self.authenticator = authenticator
        self.noteSignIn = noteSignIn
        self.askAPI = askAPI
        self.openAPI = openAPI
        self.inspection = inspection
        self.administration = administration
        readmes = ReadmeMemory(processors)
        self.noteDownload = noteDownload
        self.recordRefusal = recordRefusal
        self.maxKeyLifetime = maxKeyLifetime
        upstreamState = { administration.upstreamState(of: $0) }
        self.publicAddress = publicAddress
        self.clock = clock
        self.log = log
        self.version = version
    }
}

/// Records a refusal: the event, from where, and the form of the path that was asked for.
package typealias RefusalRecording = @Sendable (AuditEvent, AuditContext, String) async -> Void
package typealias DownloadNoting = @Sendable (DownloadSubject?, HTTPResponse, Principal, HTTPRequest) -> Void

/// A request to the REST API, of a caller who is known already.
package struct APIQuestion: Sendable {
    package var method: HTTPMethod
    /// The path below `/api/v1`, decoded.
    package var path: [String]
    package var query: [(name: String, value: String)]
    package var body: JSONValue?
    /// A body of another type than JSON.
    package var payload: (type: MediaType, bytes: ByteStream)?
    /// The tag of what was read and is to be changed; nil to change it as it is.
    package var tag: String?
    /// The type that the answer is wanted in.
    package var accepted = MediaType.json

    package init(_ method: HTTPMethod, _ path: [String], query: [(String, String)] = [], body: JSONValue? = nil) {
        self.method = method
        self.path = path
        self.query = query.map { (name: $0.0, value: $0.1) }
        self.body = body
    }
}

/// What the REST API answered; null where there was no body.
package struct APIReply: Sendable {
    package var status: Int
    package var body: JSONValue
    /// `ETag`
    package var tag: String?

    package init(status: Int, body: JSONValue, tag: String? = nil) {
        self.status = status
        self.body = body
        self.tag = tag
    }
}

/// Asks the REST API as a sender, on behalf of the request that a browser sent.
package typealias APIAsking = @Sendable (APIQuestion, Authentication, HTTPRequest) async -> APIReply

/// The same, with the answer as it is.
package typealias APIOpening = @Sendable (APIQuestion, Authentication, HTTPRequest) async -> HTTPResponse

/// What administrators and auditors see of the server itself.
package struct ServerInspection: Sendable {
    /// A key of the configuration, with what holds and where it was said. No secret is in it.
    package struct Setting: Sendable {
        let key: String
        let value: String
        let source: String

        package init(key: String, value: String, source: String) {
            self.key = key
            self.value = value
            self.source = source
        }
    }

    let failingPart: @Sendable () async -> String?
    let settings: [Setting]

    /// - Parameter failingPart: what does not work, as health checks name it; nil where all does.
    package init(failingPart: @escaping @Sendable () async -> String?, settings: [Setting]) {
        self.failingPart = failingPart
        self.settings = settings
    }
}

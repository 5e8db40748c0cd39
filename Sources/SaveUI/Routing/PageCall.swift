internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage
internal import Synchronization

/// One request for a page.
struct PageCall: Sendable {
    let request: HTTPRequest
    let context: UIContext
    let sessions: BrowserSessions
    let links: Links
    let sentForms: SentForms
    let searches: SearchTurns
    /// The path below `/ui`, decoded.
    var path: [String] = []
    var query = QueryItems()
    /// What a form sent; nil before it is read, and for a page that is only looked at.
    var form: QueryItems?
    /// The file that came with it, to be read once.
    var file: ByteStream?
    var session: BrowserSessions.Session?
    var viewer = Viewer.nobody
    /// Why a form of the page did nothing: the page shows it, with what was typed.
    var refused: RefusedForm?
    /// How its reader is told times.
    var times = TimeStyle()
    let changes = AskedChanges()

    var now: Timestamp { context.clock.now() }

    /// The address that clients reach the server by, without a slash at its end.
    var origin: String { context.publicAddress?.text ?? request.origin ?? "" }

    /// A value of the query that is not empty.
    func asked(_ name: String) -> String? { query[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// A field of the form, or nothing.
    subscript(field: String) -> String { form?[field] ?? "" }

    /// Asks the REST API as the person before the page.
    ///
    /// - Throws: what the API refuses, as it says it.
    func ask(_ question: APIQuestion) async throws -> JSONObject { try await reply(to: question).body.object ?? JSONObject() }

    /// The same, with the tag of what is read.
    func reply(to question: APIQuestion) async throws -> APIReply {
        if !question.method.isRead { changes.note() }
        let reply = await context.askAPI(question, viewer.authentication, request)
        guard reply.status >= 400 else { return reply }
        let error = reply.body.object?["error"]?.object
        let members = (error?["details"]?.object?.members ?? []).compactMap { member in
            member.value.string.map { (member.key, $0) }
        }
        let details = Dictionary(members) { first, _ in first }
        throw SaveError(
            SaveError.Code(rawValue: error?["code"]?.string ?? "internal_failure"),
            Self.choice(details) ?? error?["message"]?.string ?? "the server could not do this", details: details)
    }

    /// The API asks for items of the query that a form has as fields: there they are named as people see them.
    private static func choice(_ details: [String: String]) -> String? {
        switch details["field"] {
        case "names":
            "the names of hosted packages would be free for an upstream in \(details["groups"] ?? "a group"): choose what becomes of them"
        case "force" where details["groups"] != nil:
            "the repository is a member of \(details["groups"] ?? ""): say that it goes out of the groups that it is a member of"
        case "force": "there are files in the repository: say that it goes with the files in it"
        default: nil
        }
    }
}

/// Whether a request for a page went to the REST API with a change, which then records what it refuses.
final class AskedChanges: Sendable {
    private let asked = Atomic(false)

    func note() { asked.store(true, ordering: .relaxed) }
    var areThere: Bool { asked.load(ordering: .relaxed) }
}

/// What becomes of a request: a page, or the way to another one.
struct PageAnswer: Sendable {
    var status = 200
    var title: String
    /// Of the parts that the bar at the top names.
    var section: Section?
    var main: HTML
    /// Values of `Set-Cookie`.
    var cookies: [String] = []
    var location: String?
    /// Seconds, as `Retry-After` has them.
    var retryAfter: String?
    /// Of the package that it is about, where the page may be given again while that has not changed.
    var state: PackageState?
    /// What the search box has in it.
    var searched = ""
    /// What is answered in place of a page: bytes that a page shows, or that are kept.
    var file: HTTPResponse?
    /// Why its form did nothing.
    var refusal: SaveError?

    enum Section { case repositories, administration, audit, account }

    init(_ title: String, section: Section? = nil, status: Int = 200, main: HTML) {
        self.title = title
        self.section = section
        self.status = status
        self.main = main
    }

    /// Bytes in place of a page.
    init(file: HTTPResponse) {
        self.init("", main: "")
        self.file = file
    }

    /// Leads a browser on, with GET (RFC 9110, 15.4.4).
    init(redirectTo location: String, cookies: [String] = []) {
        self.init("", status: 303, main: "")
        self.location = location
        self.cookies = cookies
    }
}

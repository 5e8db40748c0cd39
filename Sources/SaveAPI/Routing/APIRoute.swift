internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// One line of the API: what it takes, which callers it allows, and what it does.
///
/// Everything a client or a test can ask about the API follows from these values: 404, 405 and `Allow`, the description
/// at `/api/v1/openapi.json`, and which callers are refused.
struct APIRoute: Sendable {
    typealias Handler = @Sendable (APICall) async throws -> HTTPResponse

    let method: HTTPMethod
    let pattern: PathPattern
    let requirement: Requirement
    /// Whether a key is not enough.
    let needsPassword: Bool
    let summary: String
    let query: [FieldRule]
    let body: ObjectRule?
    /// What the body is, where it is not an object that the API checks: the handler reads it itself.
    let payload: Payload?
    /// The status of success.
    let status: Int
    /// The schema of the answer, by its name in `APISchema`.
    let answer: String?
    /// Whether clients may choose to be answered at once, with 202 and a job (RFC 7240, 4.1, `respond-async`).
    let isDeferrable: Bool
    /// The types the answer comes in, the default first: what comes in pages can be exported as well. Which type it is,
    /// `Accept` decides before anything is done.
    let representations: [MediaType]
    /// The kinds of repository that have it, where it is about a repository.
    let kinds: [RepositoryKind]
    /// Failures that do not follow from the rest of the declaration.
    let failures: [SaveError.Code]
    /// What the audit trail calls this, where it changes something: `repository.create`, and the type of what it changes.
    let action: String?

    /// Decides whether the caller may, and gives what then does it, with the resource it decided about.
    let admit: @Sendable (APICall) throws -> Handler

    init<Resource: Sendable>(
        _ method: HTTPMethod, _ pattern: String, _ access: Access<Resource>, _ summary: String, query: [FieldRule] = [],
        body: ObjectRule? = nil, payload: Payload? = nil, status: Int = 200, answer: String? = nil, isDeferrable: Bool = false,
        kinds: [RepositoryKind] = RepositoryKind.allCases, failures: [SaveError.Code] = [], action: String? = nil,
        handler: @escaping @Sendable (APICall, Resource) async throws -> HTTPResponse
    ) {
        self.method = method
        self.pattern = PathPattern(pattern)
        self.requirement = access.requirement
        needsPassword = access.needsPassword
        self.summary = summary
        self.query = query
        self.body = body
        self.payload = payload
        self.status = status
        self.answer = answer
        self.isDeferrable = isDeferrable
        representations = query.contains { $0.name == "after" } ? APICall.listTypes : [.json]
        self.kinds = kinds
        self.failures = failures
        self.action = action
        admit = { call in
            let resource = try access.admit(call)
            if let repository = resource as? Repository { try call.requireKind(of: repository) }
            return { call in try await handler(call, resource) }
        }
    }

    /// What it asks of its caller, for people.
    var needs: String { requirement.summary + (needsPassword ? ", signed in with a password" : "") }

    /// The audit trail's type of what this changes: the part of the action before the first dot.
    var resourceType: String {
        action.map { String(Substring($0.utf8.prefix { $0 != UInt8(ascii: ".") })) } ?? "system"
    }
}

/// A body that a handler reads itself.
struct Payload: Sendable {
    let type: MediaType
    let schema: Schema
    /// Whether clients leave the type out. For questions only: what changes something is not for forms.
    var isTypeOptional = false
    var examples: [(name: String, value: JSONObject)] = []

    /// - Throws: `unsupportedMediaType` for a body of another type. A form that another site makes a browser send has a type of its own.
    func check(_ request: HTTPRequest) throws {
        let sent = request.headers["content-type"].map { MediaType($0).essence }
        // Tools that send text on the command line call it a form.
        let isKnown = sent == nil || sent == "application/x-www-form-urlencoded"
        guard sent == type.essence || isTypeOptional && isKnown else {
            throw SaveError(.unsupportedMediaType, "the body must be \(type.essence); say so in Content-Type")
        }
    }
}

/// What a route asks of its caller, for the description and for tests.
enum Requirement: Sendable, Hashable {
    /// Anyone with valid credentials.
    case signedIn
    /// What the setting `advisory_service` says: all callers, all accounts, or none.
    case advisoryService
    /// Administrators and auditors.
    case inspect
    /// Administrators.
    case administer
    /// Callers that may read the project, or a repository in it.
    case seenProject
    case project(Permission)
    case repository(Permission)
    /// Callers that may manage the robot: administrators, and owners of its project.
    case robot
    /// Callers that may manage the policy's scope: administrators, and owners of its project.
    case policy
    /// Callers that asked for the waiver, or own its project.
    case waiver(Caller.WaiverUse)
    /// Callers that may read the repository in which something was refused.
    case refusal
    /// The user that is asked for, or who may do that to all users.
    case selfOrInspect, selfOrAdminister

    var summary: String {
        switch self {
        case .signedIn: "any account"
        case .advisoryService: "nothing, or any account: the setting advisory_service says which"
        case .inspect: "system role admin or auditor"
        case .administer: "system role admin"
        case .seenProject: "permission read in the project, or on a repository in it"
        case .project(let permission): "permission \(permission.rawValue) in the project"
        case .repository(let permission): "permission \(permission.rawValue) on the repository"
        case .robot: "system role admin, or owner of the robot's project"
        case .policy: "system role admin, or permission manage in the policy's scope"
        case .waiver(.reading): "the account that asked, permission manage in the project, or system role admin or auditor"
        case .waiver(.granting): "system role admin, or permission manage in the project and on the policy"
        case .waiver(.removing):
            "the account that asked, while it is not granted; permission manage in the project, or system role admin"
        case .refusal: "permission read on the repository"
        case .selfOrInspect: "the user, or system role admin or auditor"
        case .selfOrAdminister: "the user, or system role admin"
        }
    }
}

/// Thrown where the caller may not: what is shown, and that the audit trail calls it a denial.
struct Denial: Error {
    let shown: SaveError
}

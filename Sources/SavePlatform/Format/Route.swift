public import SaveDigest

/// What a request means. The platform derives the permission from the case, before anything runs.
public enum Route: Sendable, Equatable {
    /// Read an index, in one of the offered types; the first is the default for clients that accept anything.
    case index(IndexKey, offers: [MediaType])
    /// Read a file. The package tells a proxy where to look and a group whom to ask.
    case asset(AssetPath, package: PackageID?)
    /// Read the digest of a file, as a line of hexadecimal digits without an end. It is made of the file, also where an upstream has one
    /// of its own. Read permission.
    case checksum(of: AssetPath, DigestAlgorithm, package: PackageID?)
    /// Add something; `receive` reads it.
    case upload(UploadPlan)
    /// Go on with an upload that takes more than one request. Write permission.
    case session(UploadStep)
    /// Take away from a package what the body, or the path, says; `receive` reads it. Delete permission.
    case unpublish(UploadPlan)
    /// Remove a file. The status of a successful answer is 200, 202 or 204.
    case delete(AssetPath, status: Int = 204)
    /// Remove every file below a directory; nil is the top. Delete permission.
    case deleteAll(under: AssetPath?)
    /// Answer who asks: a JSON object with the name in this member. Read permission.
    case identity(member: String)
    /// Answer a question that the body asks, which is a JSON document (`LookupAnswering`); the text is the format's own. Read permission.
    case lookup(String)
    /// Answer this document, whatever is in the repository. Read permission.
    case staticDocument(Document)
    /// Answer 301 or 302 with a location relative to the request's own path, query kept; the repository itself counts as a
    /// directory, with or without its last slash. Read permission.
    case redirect(to: String, permanent: Bool)
}

/// Names an index.
public enum IndexKey: Sendable, Hashable {
    /// The list of all packages, or what stands in its place.
    case root
    /// The page of a package.
    case package(PackageID)
    /// A directory of a path-oriented repository; nil is the top.
    case directory(AssetPath?)
    /// Anything else about a package; with nil about an upstream as a whole, which hosted repositories do not have. What a caller can choose freely, such
    /// as the size of a page, comes behind a `?`: such an index is not kept in memory, where it would push out those that many ask for.
    case custom(String, package: PackageID?)
    /// A document of the repository itself, such as `config.json` or a list of its services, by a name of the format's own.
    /// Hosted repositories, proxies and groups have it alike: it is rendered out of an empty listing and the context, and neither
    /// a package nor an upstream nor a member is asked for. A public one may be read by everybody, also where the repository is
    /// private (`FormatAbilities.publicDocuments`); that there is such a repository is no secret then.
    case document(String, isPublic: Bool = false)
    /// What a search finds (`PackageSearching`).
    case search(SearchQuery)

    /// The package whose ownership decides who answers in a group.
    public var package: PackageID? {
        switch self {
        case .package(let id): id
        case .custom(_, let id): id
        case .root, .directory, .document, .search: nil
        }
    }

    /// A stable text for storage and logs.
    public var text: String {
        switch self {
        case .root: "root"
        case .package(let id): "package/\(id.name)"
        case .directory(let path): "directory/\(path?.text ?? "")"
        case .custom(let name, let id): "custom/\(id?.name ?? "")/\(name)"
        case .document(let name, _): "document/\(name)"
        case .search(let query): "search/\(query.text)"
        }
    }
}

/// What kind of upload this is.
public struct UploadPlan: Sendable, Equatable {
    /// For a protocol that puts one file to one path; nil where the body says what it contains.
    public var path: AssetPath?
    /// The package that is asked for, where the path says it.
    public var package: PackageID?
    /// What is to be done, in the format's own words, where a path can ask for more than one thing.
    public var purpose: String?
    /// What a change other than adding files is called in the audit trail, in small letters and underscores: `yank` is recorded as
    /// `package.yank`. nil where what arrives decides (`Submission.action`), or for `package.update` and `package.retract`.
    public var action: String?
    /// The status of a successful answer: 200, 202 or 204, which has no body; or 201, which is 200 where nothing was added and
    /// the format has no answer of its own (`Submission.answer`).
    public var status: Int
    /// The id of the session (`UploadStep`) that this request ends: what was sent before comes first in the body that
    /// `receive` gets.
    public var session: String?
    /// Where what is published can be read, below the repository, for protocols that want it said: `Location` of a successful
    /// answer.
    public var location: AssetPath?

    public init(
        path: AssetPath? = nil, package: PackageID? = nil, purpose: String? = nil, action: String? = nil, status: Int = 200,
        session: String? = nil, location: AssetPath? = nil
    ) {
        self.path = path
        self.package = package
        self.purpose = purpose
        self.action = action
        self.status = status
        self.session = session
        self.location = location
    }
}

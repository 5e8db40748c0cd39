/// What a format is called and what it can do.
public struct FormatDescriptor: Sendable, Hashable {
    /// The version of the contract between the platform and formats: it rises when the source of a format that was right has to
    /// change.
    public static let currentContract = 2

    /// The first segment of its URLs: `^[a-z][a-z0-9_]{1,31}$`.
    public let id: String
    /// Its name for people: `PyPI`.
    public let displayName: String
    /// The version of the platform's contract it was written for.
    package let contract: Int
    /// What it implements.
    public let abilities: FormatAbilities
    /// Where clients insist on finding its repositories; nil for below `/<id>/` only.
    public let mount: FormatMount?
    /// How its clients are told why a request was refused.
    public let refusals: ErrorFormat

    /// - Parameter contract: leave it out, so that it is that of the platform the format was compiled against.
    public init(
        id: String, displayName: String, contract: Int = FormatDescriptor.currentContract, abilities: FormatAbilities,
        mount: FormatMount? = nil, refusals: ErrorFormat = .text
    ) {
        self.id = id
        self.displayName = displayName
        self.contract = contract
        self.abilities = abilities
        self.mount = mount
        self.refusals = refusals
    }

    /// The first segment of its repositories' URLs as Save writes them: the mount where there is one.
    package var firstSegment: String { mount?.name ?? id }
}

/// A first segment of URLs for protocols that insist on one, such as `v2`: what is below `/<mount>/<project>/<repository>/` is
/// the same as below `/<id>/<project>/<repository>/`, for everybody and every request.
public struct FormatMount: Sendable, Hashable {
    /// The segment: `^[a-z][a-z0-9_]{1,31}$`, no word of the server's own, and neither the id nor the mount of any format.
    package let name: String
    /// What `/<mount>` and `/<mount>/` answer who is signed in. Everybody else gets 401 with a challenge, because clients ask
    /// there first to learn whether to send the credentials that they have; what may be read without any still is.
    package let pingResponse: Document

    public init(_ name: String, pingResponse: Document) {
        self.name = name
        self.pingResponse = pingResponse
    }

    /// Mounts are told apart by their names.
    public static func == (left: FormatMount, right: FormatMount) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// What a format implements. Everything claimed must work; everything else must throw `unsupported`.
public struct FormatAbilities: OptionSet, Sendable, Hashable {
    /// One bit for each ability.
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Repositories that keep what is uploaded.
    public static let hosted = FormatAbilities(rawValue: 1 << 0)
    /// Repositories that fetch from an upstream: `upstreamRequest` says where things are.
    public static let proxy = FormatAbilities(rawValue: 1 << 1)
    /// Repositories that show several as one.
    public static let group = FormatAbilities(rawValue: 1 << 2)
    /// `render` makes pages.
    public static let indexes = FormatAbilities(rawValue: 1 << 3)
    /// `receive` reads uploads.
    public static let uploads = FormatAbilities(rawValue: 1 << 4)
    /// `route` answers `Route.delete` for some request.
    public static let deletes = FormatAbilities(rawValue: 1 << 5)
    /// A proxy learns of files from the upstream's index, with their digests. Without this, a file's upstream place
    /// follows from its path alone.
    public static let upstreamIndexes = FormatAbilities(rawValue: 1 << 6)
    /// The name of a deleted file is not given to other bytes: clients keep files, and what they locked, by their names.
    public static let permanentNames = FormatAbilities(rawValue: 1 << 7)
    /// Its indexes have absolute URLs: `RenderContext.externalOrigin` is then there, and a page is made for each origin that
    /// clients use.
    public static let absoluteLinks = FormatAbilities(rawValue: 1 << 8)
    /// Names of packages have slashes in them, which clients escape: an escaped slash separates segments as a plain one does.
    public static let slashesInNames = FormatAbilities(rawValue: 1 << 9)
    /// Uploads may take more than one request (`UploadStep`).
    public static let uploadSessions = FormatAbilities(rawValue: 1 << 10)

    /// The names of the abilities, as the REST API shows them.
    package var names: [String] {
        let all: [(FormatAbilities, String)] = [
            (.hosted, "hosted"), (.proxy, "proxy"), (.group, "group"), (.indexes, "indexes"), (.uploads, "uploads"),
            (.deletes, "deletes"), (.upstreamIndexes, "upstream_indexes"), (.permanentNames, "permanent_names"),
            (.absoluteLinks, "absolute_links"), (.slashesInNames, "slashes_in_names"),
            (.uploadSessions, "upload_sessions"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

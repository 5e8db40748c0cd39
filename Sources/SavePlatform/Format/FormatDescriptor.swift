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
    /// Where clients insist on finding its repositories: a path at the root of the server; nil for below `/<id>/` only.
    package let mount: FormatMount?
    /// How its clients are told why a request was refused.
    package let refusals: ErrorFormat
    /// A field that answers with a file have, where clients want one: the first of the record's checksums as `sha256:<hex>`.
    package let digestField: String?

    /// - Parameter contract: leave it out, so that it is that of the platform the format was compiled against.
    public init(
        id: String, displayName: String, contract: Int = FormatDescriptor.currentContract, abilities: FormatAbilities,
        mount: FormatMount? = nil, refusals: ErrorFormat = .text, digestField: String? = nil
    ) {
        self.id = id
        self.displayName = displayName
        self.contract = contract
        self.abilities = abilities
        self.mount = mount
        self.refusals = refusals
        self.digestField = digestField
    }

    /// Where the URLs of its repositories begin as Save writes them, without slashes at the ends: the mount, or else the id.
    package var root: String { mount?.path ?? id }

    /// What is below the format's id or mount in a request's undecoded path; nil for a path that begins with neither.
    package func place(of path: ArraySlice<UInt8>) -> (rest: ArraySlice<UInt8>, isMounted: Bool)? {
        if let rest = Self.rest(of: path, below: id) { return (rest, false) }
        guard let mount else { return nil }
        if let rest = Self.rest(of: path, below: mount.path) { return (rest, true) }
        // Where clients ask first is the mount as well, and nothing below it is.
        if let place = mount.pingPath, let rest = Self.rest(of: path, below: place), rest.count < 2 { return (rest, true) }
        return mount.givesTokens(at: path) ? ([], true) : nil
    }

    /// Whether an undecoded path names a repository and nothing below it, with or without a slash at its end.
    package func namesRepository(_ path: ArraySlice<UInt8>) -> Bool {
        guard let rest = place(of: path)?.rest else { return false }
        let slash = UInt8(ascii: "/")
        return rest.dropLast(rest.last == slash ? 1 : 0).count { $0 == slash } == 2
    }

    /// What follows a prefix that needs no escapes, however the path writes it.
    fileprivate static func rest(of path: ArraySlice<UInt8>, below prefix: String) -> ArraySlice<UInt8>? {
        let slash = UInt8(ascii: "/")
        guard path.first == slash else { return nil }
        var rest = path.dropFirst()
        for byte in prefix.utf8 {
            guard let found = rest.popFirst() else { return nil }
            if found == byte { continue }
            guard found == UInt8(ascii: "%"), byte != slash, rest.count >= 2,
                let high = ASCII.hexDigit(rest[rest.startIndex]), let low = ASCII.hexDigit(rest[rest.startIndex + 1]),
                high << 4 | low == byte
            else { return nil }
            rest = rest.dropFirst(2)
        }
        return rest.isEmpty || rest.first == slash ? rest : nil
    }
}

/// A path at the root of the server for protocols that insist on one, such as `v2`, `.well-known/terraform` or `-/npm`: what is
/// below `/<mount>/<project>/<repository>/` is the same as below `/<id>/<project>/<repository>/`, for everybody and every request.
///
/// What is asked of the mount itself belongs to no repository:
///
/// ```swift
/// FormatMount("v2", pingResponse: Document(type: .json, bytes: Array("{}".utf8)))
/// FormatMount("v2/images", pingPath: "v2", pingResponse: Document(type: .json, bytes: Array("{}".utf8)))
/// FormatMount(".well-known/terraform.json", documents: ["": services])
/// FormatMount("v2/images", pingPath: "v2", tokenPath: "v2/token", packagePaths: ["manifests/*", "blobs/*", "blobs/uploads/*"])
/// ```
public struct FormatMount: Sendable, Hashable {
    /// One to four segments with a slash between two, each `^[a-z0-9._~-]{1,32}$` and no dot segment. The first is no word of the
    /// server's own and not the id of a format. No mount is, or is above, another one.
    package let path: String
    /// What `/<mount>` and `/<mount>/` answer who is signed in. Everybody else gets 401 with a challenge, because clients ask
    /// there first to learn whether to send the credentials that they have; what may be read without any still is.
    package let pingResponse: Document?
    /// Where clients ask for the `pingResponse` whose repositories are further below: `v2` of the mount `v2/images`. No two mounts have one
    /// in common. nil for the mount itself.
    package let pingPath: String?
    /// What anyone gets, without credentials: the answer to `/<mount>/<name>` by its name, to `/<mount>` itself by "".
    package let documents: [String: Document]
    /// Where clients get tokens for their credentials; nil where they send those with every request.
    package let tokenPath: String?
    /// The segments that stand behind the name of a package, those of more segments first.
    private let packagePaths: [[Substring]]

    /// - Parameters:
    ///   - path: without slashes at its ends.
    ///   - pingPath: a path above the mount that answers as the mount itself does; nil for none.
    ///   - pingResponse: what the mount itself answers who is signed in, and 401 for everybody else; nil for 404.
    ///   - documents: what anyone may read below the mount, by name, each one segment; "" is the mount itself. They are the same for
    ///     everybody and say nothing of repositories.
    ///   - tokenPath: where clients of the "Token Authentication Specification" of the registries of images get tokens, a path as the mount's own. A 401 below
    ///     the mount then leads there, in place of the challenge for Basic, which signs in all the same. nil for none.
    ///   - packagePaths: what stands behind the name of a package in the paths that tokens are for, with `*` for any one segment. What is before that, from
    ///     below `pingPath` or the mount on, is the name that the scopes of tokens have.
    public init(
        _ path: String, pingPath: String? = nil, pingResponse: Document? = nil, documents: [String: Document] = [:],
        tokenPath: String? = nil, packagePaths: [String] = []
    ) {
        self.tokenPath = tokenPath
        self.packagePaths = packagePaths.map { $0.split(separator: "/") }.sorted { $0.count > $1.count }
        self.path = path
        self.pingPath = pingPath
        self.pingResponse = pingResponse
        self.documents = documents
    }

    /// The document that belongs to no repository, where one is at a place below the mount, and whether it takes a name to read it.
    package func document(at rest: ArraySlice<UInt8>) -> (document: Document, needsName: Bool)? {
        let slash = UInt8(ascii: "/")
        let name = String(decoding: rest.first == slash ? rest.dropFirst() : rest, as: UTF8.self)
        if name.isEmpty, let pingResponse { return (pingResponse, true) }
        return documents[name].map { ($0, false) }
    }

    /// Whether clients get tokens at an undecoded path.
    package func givesTokens(at path: ArraySlice<UInt8>) -> Bool {
        tokenPath.flatMap { FormatDescriptor.rest(of: path, below: $0) }.map { $0.count < 2 } ?? false
    }

    /// The name that the scope of a token has for what an undecoded path below the mount is about: `images/backend/hosted/team/app`. nil for a path that
    /// is about no package.
    package func packageName(in path: ArraySlice<UInt8>) -> String? {
        guard let segments = try? RequestPath(decoding: path).segments else { return nil }
        let name = segments.dropFirst((pingPath ?? self.path).split(separator: "/").count)
        for ending in packagePaths where ending.count < name.count {
            guard zip(ending, name.suffix(ending.count)).allSatisfy({ $0 == "*" || $0.utf8.elementsEqual($1.utf8) }) else {
                continue
            }
            return name.dropLast(ending.count).joined(separator: "/")
        }
        return nil
    }

    /// Mounts are told apart by their paths.
    public static func == (left: FormatMount, right: FormatMount) -> Bool { left.path == right.path }
    public func hash(into hasher: inout Hasher) { hasher.combine(path) }
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
    /// It has documents that every caller may read, in private repositories as well (`IndexKey.document`). Only such formats are
    /// asked about requests of callers who may not read the repository.
    public static let publicDocuments = FormatAbilities(rawValue: 1 << 11)
    /// A package keeps the spelling of its first publish (`PackageSummary.displayName`), and a publish that spells it in another way is
    /// refused with it. What spellings are of one package says its key (`PackageID`): `my-crate` for `my_crate` as well.
    public static let fixedSpellings = FormatAbilities(rawValue: 1 << 12)
    /// Its clients send an API key as the whole `Authorization` field, without a scheme. It signs in below the format's id and mount
    /// only.
    public static let bareKeys = FormatAbilities(rawValue: 1 << 13)

    /// The names of the abilities, as the REST API shows them.
    package var names: [String] {
        let all: [(FormatAbilities, String)] = [
            (.hosted, "hosted"), (.proxy, "proxy"), (.group, "group"), (.indexes, "indexes"), (.uploads, "uploads"),
            (.deletes, "deletes"), (.upstreamIndexes, "upstream_indexes"), (.permanentNames, "permanent_names"),
            (.absoluteLinks, "absolute_links"), (.slashesInNames, "slashes_in_names"),
            (.uploadSessions, "upload_sessions"), (.publicDocuments, "public_documents"),
            (.fixedSpellings, "fixed_spellings"), (.bareKeys, "bare_keys"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

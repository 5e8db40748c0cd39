/// What a request changes about a package besides adding files: tags, notes on versions, files that go.
///
/// The format decides it from the package as it is; the platform asks inside the transaction that carries it out, so that
/// nothing comes between.
public struct PackageChange: Sendable, Equatable {
    /// The package's attributes afterwards; nil leaves them as they are.
    public var attributes: JSONObject?
    /// Records in place of those with the same paths. Their bytes, sizes and digests stay.
    public var records: [AssetRecord]
    /// Files that go, with what describes them. Only for callers that may delete.
    public var removed: [AssetPath]

    public init(attributes: JSONObject? = nil, records: [AssetRecord] = [], removed: [AssetPath] = []) {
        self.attributes = attributes
        self.records = records
        self.removed = removed
    }

    var isEmpty: Bool { attributes == nil && records.isEmpty && removed.isEmpty }
}

/// A format some of whose files are there for others, and of no use once those are gone, such as the layers of images.
///
/// A second protocol beside `RepositoryFormat`. Deleting by the REST API asks it first. Collecting garbage asks it about each hosted package, and removes what it names, unless that is younger than
/// `gc_grace`, or is only named because of files that are, or the package has changed meanwhile (`docs/adr/0050-files-that-nothing-refers-to.md`). Like every part of a format it is pure.
public protocol ReachabilityTracing: Sendable {
    /// The files of a package that nothing refers to any more, and that nobody asks for by themselves.
    func unreachable(in listing: Listing) -> [AssetPath]

    /// The attributes of a package once some of its files are gone: without tags, say, that name one of them. Asked before files of a hosted package are
    /// deleted by other ways than the format's own.
    ///
    /// - Throws: `conflict` where a file that stays refers to one of them, or a rule of the repository keeps one.
    func attributes(of listing: Listing, without files: [AssetPath]) throws -> JSONObject
}

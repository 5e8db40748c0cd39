public import SaveDigest

/// A format whose upstreams say in a document of their own where things are, such as Cargo's `config.json` or NuGet's service index.
///
/// The platform fetches the document before the first index, once for all who wait, and keeps it as it keeps indexes: for `cache_ttl`,
/// then revalidated, over a restart, and in use while the upstream fails. Every index is read with it (`UpstreamDocument.configuration`); when
/// it changes, the indexes that are kept are read again.
///
/// ```swift
/// func configurationRequest(base: String) throws -> UpstreamRequest {
///     UpstreamRequest(url: try URLReference.directory(base) + "config.json", maxSize: 1 << 20)
/// }
///
/// func configuration(from document: UpstreamDocument) throws -> JSONObject {
///     guard let object = try? JSONValue(parsing: document.bytes).object, object["dl"]?.string != nil else {
///         throw SaveError(.upstreamInvalid, "the upstream's config.json has no text 'dl': check remote_url")
///     }
///     return object
/// }
/// ```
public protocol UpstreamConfigurationReading: Sendable {
    /// Where an upstream keeps its configuration.
    ///
    /// - Parameter base: the repository's resolved base, as `RepositoryFormat.upstreamRequest` gets it.
    /// - Throws: `invalidRequest` for a base that is no URL.
    func configurationRequest(base: String) throws -> UpstreamRequest

    /// What the document says, as the format's other functions want to have it. Never trusted: it may point anywhere, and the platform asks
    /// no address that the operator does not allow.
    ///
    /// - Throws: `upstreamInvalid` for what is no such document, naming it and what is wrong with it.
    func configuration(from document: UpstreamDocument) throws -> JSONObject

    /// Where an upstream keeps an index, for protocols whose configuration says so; without it, what `RepositoryFormat` says.
    ///
    /// - Throws: what `RepositoryFormat.upstreamRequest` throws, and `upstreamInvalid` where the configuration does not tell.
    func upstreamRequest(for target: UpstreamTarget, base: String, configuration: JSONObject) throws -> UpstreamRequest
}

extension UpstreamConfigurationReading where Self: RepositoryFormat {
    public func upstreamRequest(for target: UpstreamTarget, base: String, configuration _: JSONObject) throws -> UpstreamRequest {
        try upstreamRequest(for: target, base: base)
    }
}

/// A format whose indexes name files without saying where they are.
///
/// The platform asks for the place of each file of an index that has no `AssetRecord.origin`. From then on the file is like any other: the
/// digest is verified, the address is checked, `allowed_file_hosts` counts, and the upstream's credentials go to its own server only.
public protocol FileLocating: Sendable {
    /// The URL of a file, absolute, http or https; nil where the upstream does not have the file.
    ///
    /// What is no such URL the client is told as a fault of the upstream, when it asks for the file.
    /// - Parameters:
    ///   - file: as `listing` gave it, with its package, version and checksums.
    ///   - base: the repository's resolved base, as `RepositoryFormat.upstreamRequest` gets it.
    ///   - configuration: what `UpstreamConfigurationReading.configuration` gave; empty for a format without.
    /// - Throws: `upstreamInvalid` where the configuration does not tell, saying what is wrong with it.
    func location(of file: AssetRecord, base: String, configuration: JSONObject) throws -> String?
}

/// A format whose files say by their paths what they are, so that an upstream has files that no index of it lists, such as the classifiers
/// and signatures of a Maven version.
///
/// A second protocol beside `RepositoryFormat`, for formats with `FormatAbilities.upstreamIndexes` whose indexes list versions, and not each
/// file of them (`docs/adr/0047-files-described-by-their-paths.md`). A proxy asks for a file that is not listed where its path says
/// (`UpstreamTarget.asset`), and policies judge it as the file that stands for its version. Like every part of a format it is pure.
public protocol PathDescribing: Sendable {
    /// What a path says of a file: package, version and type; nil for a path that the format's layout does not have. An upstream is
    /// asked for no such path.
    func record(at path: AssetPath) -> AssetRecord?

    /// The file that stands for a file's version in indexes, itself or another one; nil where none does.
    func listedFile(for path: AssetPath) -> AssetRecord?

    /// Whether the file may get other bytes under its name. A publish then takes the place of the one before, whatever the publisher may
    /// delete; a proxy asks its upstream for the file again after `cache_ttl`, and clients do not keep it unasked.
    func mayChange(_ path: AssetPath) -> Bool

    /// The index that an upstream has and that another one is made of, of the same package: most often `IndexKey.package`.
    func upstreamIndex(for index: IndexKey) -> IndexKey

    /// A time after which nothing that an index lists was published, where the index has none for each file. Where that is too late to tell
    /// whether a file is old enough, the upstream's `Last-Modified` of it does.
    func latestPublish(in listing: Listing) -> Timestamp?

    /// Where an upstream says which digest a file has, the first to be asked first: a text that begins with hexadecimal digits. Bytes
    /// with another digest are refused.
    func checksumFiles(of path: AssetPath) -> [(path: AssetPath, algorithm: DigestAlgorithm)]

    /// Whether a file is refused for which there is no such text.
    var requiresChecksums: Bool { get }
}

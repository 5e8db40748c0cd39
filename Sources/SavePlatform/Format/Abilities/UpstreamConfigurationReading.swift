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

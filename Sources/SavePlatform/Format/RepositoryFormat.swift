/// A package format: a translator between one client protocol and neutral records.
///
/// A format never stores anything, never authorizes, never opens a connection. Given the same arguments it gives the
/// same answer. `SaveTestKit.FormatConformance` checks the rules that the compiler cannot.
public protocol RepositoryFormat: Sendable {
    /// Identity, contract version and abilities. No side effects.
    static var descriptor: FormatDescriptor { get }

    /// Reads a repository's `settings`.
    ///
    /// - Throws: `unknownField` or `invalidRequest`, naming the key.
    init(settings: JSONObject) throws

    /// Says what a request means. No I/O.
    ///
    /// - Throws: `notFound` or `packageNotFound` for a path the protocol does not have, `methodNotAllowed` for a method it
    ///   does not have there, `invalidRequest` for a malformed one, `notAcceptable` where `?format=` names no known type.
    func route(_ request: FormatRequest) throws -> Route

    /// Renders an index in one of the types that `route` offered.
    func render(_ index: IndexKey, as type: MediaType, from listing: Listing, context: RenderContext) throws -> Document

    /// Reads an upload and says what it contains. Bytes of files go through `staging`; only small fields are kept.
    ///
    /// - Throws: `invalidRequest` naming the field or the rule, `tooLarge`, `digestMismatch`. After a throw the platform
    ///   discards all that was staged.
    func receive(_ upload: UploadRequest, into staging: any UploadStaging) async throws -> Submission

    /// Says where an upstream keeps something. The platform fetches it.
    ///
    /// - Throws: `unsupported` when the format cannot proxy, `packageNotFound` for what no upstream can have.
    func upstreamRequest(for target: UpstreamTarget, base: String) throws -> UpstreamRequest

    /// Reads an upstream's index into neutral records. Never trusts it: what is malformed is left out.
    ///
    /// - Throws: `upstreamInvalid` when the document is not an index at all, `packageNotFound` when it says so.
    func listing(from document: UpstreamDocument, for index: IndexKey) throws -> Listing
}

extension RepositoryFormat {
    /// For the initializer of a format without settings.
    ///
    /// - Throws: `unknownField` for any setting.
    public static func takeNone(of settings: JSONObject) throws {
        guard let key = settings.keys.first else { return }
        throw SaveError(
            .unknownField, "\(descriptor.displayName) repositories have no setting '\(key)'", details: ["field": key])
    }
}

extension RepositoryFormat {
    public func render(_: IndexKey, as _: MediaType, from _: Listing, context _: RenderContext) throws -> Document {
        throw SaveError.unsupported("indexes")
    }
    public func receive(_: UploadRequest, into _: any UploadStaging) async throws -> Submission {
        throw SaveError.unsupported("uploads")
    }
    public func upstreamRequest(for _: UpstreamTarget, base _: String) throws -> UpstreamRequest {
        throw SaveError.unsupported("proxies")
    }
    public func listing(from _: UpstreamDocument, for _: IndexKey) throws -> Listing {
        throw SaveError.unsupported("upstream indexes")
    }
}

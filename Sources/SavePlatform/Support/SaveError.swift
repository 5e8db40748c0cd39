/// What went wrong: for a program (`code`), for the client (`message`), and for the log (`trail`, `underlying`).
///
/// The one error type that crosses module borders. The HTTP status follows from the code, in one place (`ErrorResponder`).
public struct SaveError: Error, Sendable, CustomStringConvertible {
    /// A stable name for a kind of failure. An open set: new codes break nobody.
    public struct Code: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public init(stringLiteral value: String) { rawValue = value }
    }

    /// What kind of failure this is.
    public let code: Code
    /// One line that may be shown to the client: no path, no SQL, no secret.
    public let message: String
    /// Machine-readable facts that go with the message, such as the field's name.
    public let details: [String: String]
    /// The operations the error passed through, innermost first. For the log only.
    package private(set) var trail: [String]
    /// The cause. For the log only.
    package let underlying: (any Error)?

    public init(_ code: Code, _ message: String, details: [String: String] = [:], underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.details = details
        self.trail = []
        self.underlying = underlying
    }

    /// The same error, with the operation it passed through added to its trail.
    public func adding(_ operation: String) -> SaveError {
        var copy = self
        copy.trail.append(operation)
        return copy
    }

    public var description: String {
        var text = "\(code.rawValue): \(message)"
        if !trail.isEmpty { text += " [\(trail.joined(separator: " <- "))]" }
        if let underlying { text += " (\(underlying))" }
        return text
    }
}

extension SaveError.Code {
    // What the client asked for is not there. Group lookup goes on only after `packageNotFound`.
    public static let packageNotFound: Self = "package_not_found"
    public static let assetNotFound: Self = "file_not_found"
    package static let repositoryNotFound: Self = "repository_not_found"
    public static let notFound: Self = "not_found"

    // The request cannot be served as it stands.
    public static let invalidRequest: Self = "invalid_request"
    public static let unknownField: Self = "unknown_field"
    package static let alreadyExists: Self = "already_exists"
    package static let nameRetired: Self = "name_retired"
    public static let conflict: Self = "conflict"
    package static let preconditionFailed: Self = "precondition_failed"
    public static let tooLarge: Self = "too_large"
    package static let rangeNotSatisfiable: Self = "range_not_satisfiable"
    package static let uriTooLong: Self = "uri_too_long"
    package static let unsupportedMediaType: Self = "unsupported_media_type"
    public static let notAcceptable: Self = "not_acceptable"
    public static let methodNotAllowed: Self = "method_not_allowed"
    public static let unsupported: Self = "unsupported"
    package static let requestTimeout: Self = "request_timeout"

    // The caller.
    package static let unauthenticated: Self = "unauthenticated"
    package static let forbidden: Self = "forbidden"
    public static let blocked: Self = "blocked"
    package static let tooManyRequests: Self = "too_many_requests"

    // The upstream.
    package static let upstreamUnavailable: Self = "upstream_unavailable"
    public static let upstreamInvalid: Self = "upstream_invalid"
    package static let upstreamForbidden: Self = "upstream_address_forbidden"
    public static let digestMismatch: Self = "digest_mismatch"

    // This server.
    package static let busy: Self = "busy"
    package static let storageFull: Self = "storage_full"
    package static let storageUnavailable: Self = "storage_unavailable"
    package static let blobCorrupt: Self = "blob_corrupt"
    public static let internalFailure: Self = "internal_failure"
    package static let formatTimeout: Self = "format_timeout"
    package static let invalidConfiguration: Self = "invalid_configuration"
}

extension SaveError {
    /// The request is malformed; `field` names what to mend.
    public static func invalid(_ field: String, _ message: String) -> SaveError {
        SaveError(.invalidRequest, message, details: ["field": field])
    }

    /// The path has other methods only; `allow` lists them as the field `Allow` does (RFC 9110, 10.2.1).
    public static func methodNotAllowed(_ allow: String) -> SaveError {
        SaveError(.methodNotAllowed, "this URL answers \(allow) only", details: ["allow": allow])
    }

    /// The format does not have the ability that was asked of it.
    public static func unsupported(_ ability: String) -> SaveError {
        SaveError(.unsupported, "this format does not support \(ability): use a repository of a format that does")
    }
}

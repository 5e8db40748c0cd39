package import SaveHTTP
package import SavePlatform

/// Turns errors into answers: the one place that knows which code has which HTTP status.
package enum ErrorResponder {
    /// The status of a code. A code that is not mapped is this server's fault.
    package static func status(of code: SaveError.Code) -> Int {
        switch code {
        case .packageNotFound, .assetNotFound, .repositoryNotFound, .notFound: 404
        case .invalidRequest, .unknownField, .alreadyExists, .nameRetired, .digestMismatch, .unsupported: 400
        case .unauthenticated: 401
        case .forbidden, .blocked: 403
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .requestTimeout: 408
        case .conflict: 409
        case .preconditionFailed: 412
        case .tooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .rangeNotSatisfiable: 416
        case .tooManyRequests: 429
        case .upstreamInvalid, .upstreamForbidden: 502
        case .upstreamUnavailable, .busy, .storageUnavailable: 503
        case .formatTimeout: 504
        case .storageFull: 507
        default: 500
        }
    }

    /// Whether an error is about the request, and not about a server.
    static func isRefusal(_ error: any Error) -> Bool { (error as? SaveError).map { status(of: $0.code) < 500 } ?? false }

    /// An answer in one line of text, for package managers and people, who see it wherever they look: in the body, in
    /// `X-Save-Reason` or on the status line.
    package static func text(_ error: any Error, request: HTTPRequest, log: Log) -> HTTPResponse {
        let failure = reported(error, request: request, log: log)
        var response = HTTPResponse.refusal(status(of: failure.code), line(failure, request: request))
        addFields(failure, to: &response)
        return response
    }

    /// An answer as the REST API gives it.
    package static func json(_ error: any Error, request: HTTPRequest, log: Log) -> HTTPResponse {
        let failure = reported(error, request: request, log: log)
        let details = failure.details.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        let line = line(failure, request: request)
        var response = HTTPResponse.json(
            status(of: failure.code),
            [
                "error": [
                    "code": .string(failure.code.rawValue), "message": .string(line),
                    "request_id": .string(request.id.description), "details": .object(JSONObject(details)),
                ]
            ])
        if failure.code == .blocked { response.headers.append(RefusalLine.field, RefusalLine.short(line)) }
        addFields(failure, to: &response)
        return response
    }

    /// The challenge of contract and RFC 7617; Basic only, because pip reacts to nothing else.
    package static let challenge = "Basic realm=\"Save\", charset=\"UTF-8\""

    /// The error as a `SaveError`. What is our own fault is logged here, once, with its cause.
    private static func reported(_ error: any Error, request: HTTPRequest, log: Log) -> SaveError {
        let failure = error as? SaveError ?? SaveError(.internalFailure, "an internal error occurred", underlying: error)
        if failure.code == .storageFull {
            // Nobody mends a disk sooner for being told a thousand times.
            log.sparsely(.error, "the disk is full", ["request_id": request.id.description, "error": failure.description])
        } else if status(of: failure.code) >= 500 {
            log(
                failure.code == .upstreamUnavailable || failure.code == .busy ? .warning : .error, "request failed",
                ["request_id": request.id.description, "error": failure.description])
        }
        return failure
    }

    /// One line. What is this server's fault names the request, so that its cause can be found in the log.
    private static func line(_ failure: SaveError, request: HTTPRequest) -> String {
        let message = String(decoding: failure.message.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
        let isOurs = failure.code == .formatTimeout || status(of: failure.code) == 500
        return isOurs ? "\(message) (request \(request.id))" : message
    }

    private static func addFields(_ failure: SaveError, to response: inout HTTPResponse) {
        switch failure.code {
        case .unauthenticated: response.headers.append("WWW-Authenticate", challenge)
        case .methodNotAllowed: response.headers.append("Allow", failure.details["allow"] ?? "GET, HEAD")
        case .rangeNotSatisfiable:
            if let range = failure.details["range"] { response.headers.append("Range", range) }
        case .upstreamUnavailable, .busy, .storageUnavailable, .tooManyRequests:
            response.headers.append("Retry-After", failure.details["retry_after"] ?? "5")
        default: break
        }
        if response.status == 404 || response.status == 401 { response.headers.append("Cache-Control", "no-store") }
    }
}

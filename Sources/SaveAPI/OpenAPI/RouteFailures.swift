internal import SavePlatform
internal import SaveServing
internal import SaveStorage

extension APIRoute {
    /// Every way in which the route can fail, in the order of their statuses: what follows from its declaration, and what
    /// the declaration adds.
    var possibleFailures: [SaveError.Code] {
        var codes: [SaveError.Code] = [
            .invalidRequest, .unauthenticated, .requestTimeout, .uriTooLong, .tooManyRequests, .internalFailure, .busy,
        ]
        if !pattern.variables.isEmpty { codes.append(.notFound) }
        if requirement.canForbid || action != nil { codes.append(.forbidden) }
        if answer != nil { codes.append(.notAcceptable) }
        // A read takes no body: what comes is not read.
        if method != .get { codes += [.tooLarge, .unsupportedMediaType] }
        if method == .get { codes.append(.preconditionFailed) }
        if action != nil { codes.append(.storageFull) }
        if kinds.count < RepositoryKind.allCases.count { codes.append(.methodNotAllowed) }
        return (codes + failures).sorted { ErrorResponder.status(of: $0) < ErrorResponder.status(of: $1) }
    }

    /// Every status that the route answers with.
    var possibleStatuses: Set<Int> {
        var statuses = Set(possibleFailures.map(ErrorResponder.status(of:)))
        statuses.insert(status)
        if method == .get { statuses.insert(304) }
        if isDeferrable { statuses.insert(202) }
        return statuses
    }

    /// Whether its answer shows a resource with the resource's tag.
    var hasTag: Bool { method == .get || (isConditional && answer != nil) || status == 201 }

    /// Whether `If-Match` and `If-None-Match` keep it from being done.
    var isConditional: Bool { failures.contains(.preconditionFailed) }
}

extension Requirement {
    /// Whether reading can be refused to somebody who may know of the resource. Changing always can.
    fileprivate var canForbid: Bool { self == .inspect || self == .administer }
}

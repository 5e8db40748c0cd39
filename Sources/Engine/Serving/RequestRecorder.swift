internal import SaveAccess
internal import SaveAudit
internal import SaveHTTP
internal import SavePlatform
internal import SaveRepositories
internal import SaveStorage
internal import Synchronization

/// Counts answers, notes downloads, sign-ins and refusals for the audit trail, and has what is in use renewed before it expires.
final class RequestRecorder: RequestRecording {
    private let aggregator: AuditAggregator
    private let revalidation: UpstreamRevalidation
    private let refusals: RefusedChanges
    private let fromMemory = Atomic<Int>(0)
    private let stale = Atomic<Int>(0)

    init(aggregator: AuditAggregator, revalidation: UpstreamRevalidation, refusals: RefusedChanges) {
        self.aggregator = aggregator
        self.revalidation = revalidation
        self.refusals = refusals
    }

    /// Pages and files that were answered with from memory, since the start.
    var memoryAnswers: Int { fromMemory.load(ordering: .relaxed) }
    /// Pages that were answered with although the upstream could not be asked, since the start.
    var staleAnswers: Int { stale.load(ordering: .relaxed) }

    func noteSignIn(of principal: Principal, _ request: HTTPRequest) {
        aggregator.noteSignIn(of: principal, request)
    }

    func noteAnswer(_ answer: Answer, to principal: Principal, _ request: HTTPRequest) {
        revalidation.noteUse(of: answer.validity, by: request)
        if answer.isFromMemory { fromMemory.wrappingAdd(1, ordering: .relaxed) }
        if answer.validity.isStale { stale.wrappingAdd(1, ordering: .relaxed) }
        aggregator.note(answer.download, answer.response, to: principal, request)
    }

    func noteRefusal(_ error: any Error, of request: HTTPRequest, from principal: Principal) async {
        await refusals.note(error, request, principal)
    }

    func noteRefusal(_ error: any Error, of resolved: ResolvedRequest) async {
        let path: AssetPath? =
            switch resolved.route {
            case .asset(let path, _), .checksum(let path, _, _): path
            default: nil
            }
        if let path, resolved.request.method.isRead, let refused = error as? SaveError {
            aggregator.noteRefusal(
                refused, of: path, in: resolved.repository, to: resolved.principal, resolved.request)
        }
        await refusals.record(error, resolved)
    }
}
